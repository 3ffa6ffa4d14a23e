"""A server that is away, or a budget that is used up, is no failure of the plugin that asked."""

from __future__ import annotations

import warnings

import pytest

from mudbot import HttpError, Plugin, PluginError, RefusedError, Speech, command, on
from mudbot.testing import Bot


class Oracle(Plugin):
    @command("ask", zh="问")
    async def ask(self) -> str:
        return await self.ai.chat("what?")

    @command("fetch")
    async def fetch(self) -> str:
        raise HttpError("it is away")

    @command("both")
    async def both(self) -> list[str]:
        return ["one", "", "two"]

    @command("refused")
    async def refused(self) -> None:
        raise RefusedError("refused: abuse")

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        if speech.text == "oracle":
            await self.ai.chat("what?")


async def test_a_player_is_told_that_the_model_is_away_and_nothing_is_paused(bot: Bot) -> None:
    """Ten times in a row: five failures would pause it."""
    await bot.load(Oracle)
    bot.ai.will_fail(times=20)
    for _ in range(10):
        await bot.say("!ask", "Ann")
        await bot.advance("1m")
    assert bot.said[0] == "I cannot find that out just now. Ask me again in a while."
    assert len(bot.said) == 10
    assert next(record.message for record in bot.log if "gave up" in record.message).startswith("plugin oracle gave up")
    assert bot.failures == []


async def test_an_event_that_could_not_be_worked_on_is_a_warning(bot: Bot) -> None:
    await bot.load(Oracle)
    bot.ai.will_fail()
    assert await bot.say("oracle") == []
    [record] = [record for record in bot.log if "gave up in hear" in record.message]
    assert record.levelname == "WARNING"


@pytest.mark.mudbot(language="zh")
async def test_in_the_language_of_the_session(bot: Bot) -> None:
    await bot.load(Oracle)
    assert await bot.say("!fetch") == ["这会儿打听不到，过一阵再问我吧。"]
    assert await bot.say("!refused") == ["这样的话，小店说不得。"]


async def test_a_list_that_a_command_returns_is_said_line_by_line(bot: Bot) -> None:
    await bot.load(Oracle)
    await bot.say("!both")
    await bot.advance(10)
    assert bot.said == ["one", "two"]


class Hasty(Plugin):
    @command("late")
    async def late(self) -> object:
        return self.store.get("n")

    @command("five")
    async def five(self) -> object:
        return 5


@pytest.mark.parametrize(("given", "says"), [("late", "write await before the call"), ("five", "returned 5")])
async def test_what_a_command_cannot_answer_is_said_to_its_author(bot: Bot, given: str, says: str) -> None:
    """A forgotten await is what beginners forget most."""
    await bot.load(Hasty)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # that it was never waited for
        with pytest.raises(PluginError, match=says):
            await bot.say(f"!{given}")
    assert bot.said == []
