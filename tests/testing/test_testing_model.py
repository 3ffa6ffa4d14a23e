"""The model and the web of a test: scripted, noted, and reckoned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from mudbot import ApiError, Command, Plugin, RefusedError, command
from mudbot.errors import BudgetError, HttpError, RateLimitError, ServerError
from mudbot.testing.bot import Bot
from mudbot.testing.script import NotScriptedError


class Asker(Plugin):
    """Asks the model what it is asked."""

    def __init__(self) -> None:
        self.errors: list[Exception] = []

    @command("ask")
    async def ask(self, command: Command) -> None:
        try:
            await self.mud.reply(command, await self.ai.chat(command.rest, system="You are brief.", max_tokens=50))
        except ApiError as exc:
            self.errors.append(exc)

    @command("draw")
    async def draw(self, command: Command) -> None:
        try:
            picture = await self.ai.image(command.rest)
            await self.mud.reply(command, picture.link)
        except ApiError as exc:
            self.errors.append(exc)

    @command("near")
    async def near(self, command: Command) -> None:
        one, two, three = await self.ai.embed([command.rest, "the stew in the pot", "金币"])
        closer = sum(a * b for a, b in zip(one, two, strict=True)) > sum(a * b for a, b in zip(one, three, strict=True))
        await self.mud.reply(command, "stew" if closer else "gold")

    @command("judge")
    async def judge(self, command: Command) -> None:
        verdict = await self.ai.moderate(command.rest)
        await self.mud.reply(command, "bad" if verdict.flagged else "good")

    @command("fetch")
    async def fetch(self, command: Command) -> None:
        try:
            answer = await self.http.get("https://api.example.org/weather", params={"q": command.rest})
            await self.mud.reply(command, answer.json()["now"])
        except HttpError as exc:
            self.errors.append(exc)


@pytest.fixture
async def asker(bot: Bot) -> Asker:
    plugin = await bot.load(Asker, permissions={"images": True, "http": ["api.example.org"]})
    assert isinstance(plugin, Asker)
    return plugin


async def test_answers_come_in_order_and_what_was_asked_is_noted(bot: Bot, asker: Asker) -> None:
    bot.ai.will_say("Five coins.", "Six coins.")
    await bot.tell("!ask the price?", who="Bob")
    await bot.tell("!ask and now?", who="Bob")
    assert bot.said == ["Five coins.", "Six coins."]
    first = bot.ai.asked[0]
    assert (first.kind, first.text, first.system, first.model) == (
        "chat",
        "the price?",
        "You are brief.",
        "gpt-4o-mini",
    )
    assert (first.caller.plugin, first.params["max_tokens"], str(first)) == ("asker", 50, "the price?")


async def test_an_answer_for_all_questions_of_a_kind(bot: Bot, asker: Asker) -> None:
    bot.ai.will_say("Cold.", to="weather")
    bot.ai.will_say("Five coins.")
    for question in ("the weather?", "the price?", "weather again?"):
        await bot.tell(f"!ask {question}")
    assert bot.said == ["Cold.", "Five coins.", "Cold."]
    assert bot.ai.unsaid == 0


async def test_answers_take_the_time_that_the_test_says(bot: Bot, asker: Asker) -> None:
    bot.ai.will_say("At last.", after=30)
    await bot.tell("!ask well?")
    assert not bot.said
    await bot.advance(30)
    assert bot.said == ["At last."]


async def test_mappings_and_values_are_said_as_json(bot: Bot, asker: Asker) -> None:
    @dataclass
    class Order:
        what: str
        count: int = 2

    bot.ai.will_say({"what": "wine"}, Order("stew"))
    await bot.tell("!ask 1")
    await bot.tell("!ask 2")
    assert bot.said == ['{"what": "wine"}', '{"what": "stew", "count": 2}']


async def test_failures_take_their_turn(bot: Bot, asker: Asker) -> None:
    bot.ai.will_fail(429)
    bot.ai.will_say("Better.")
    bot.ai.will_fail("down", times=2)
    bot.ai.will_fail(RefusedError("never"))
    for _ in range(5):
        await bot.tell("!ask x")
    assert [type(each) for each in asker.errors] == [RateLimitError, ServerError, ServerError, RefusedError]
    assert bot.said == ["Better."]


async def test_what_nobody_scripted_fails_the_test_and_says_what_was_asked(bot: Bot, asker: Asker) -> None:
    with pytest.raises(NotScriptedError, match=r"'the price\?' \(by plugin asker\).*will_say"):
        await bot.tell("!ask the price?")


async def test_pictures(bot: Bot, asker: Asker) -> None:
    bot.ai.will_fail("no paint", what="image")
    await bot.tell("!draw a crane")
    assert len(asker.errors) == 1
    await bot.tell("!draw a crane")
    assert bot.said[0].startswith("http://bot.invalid/i/")
    assert bot.ai.asked[-1].text == "a crane"
    assert bot.cost == pytest.approx(0.04)


async def test_texts_that_share_words_are_near_unless_the_test_says_otherwise(bot: Bot, asker: Asker) -> None:
    await bot.tell("!near a stew")
    await bot.tell("!near 两个金币")
    bot.ai.will_embed({"a stew": [0.0] * 255 + [1.0], "金币": [0.0] * 255 + [1.0]})
    await bot.tell("!near a stew")
    assert bot.said == ["stew", "gold", "gold"]


async def test_moderation_flags_what_the_test_says(bot: Bot, asker: Asker) -> None:
    bot.ai.will_flag("(?i)poison")
    await bot.tell("!judge wine")
    await bot.tell("!judge Poison")
    assert bot.said == ["good", "bad"]


async def test_what_calls_would_have_cost(bot: Bot, asker: Asker) -> None:
    """By the model's price, for about as many tokens as there are."""
    bot.ai.will_say("Five coins.")
    await bot.tell("!ask the price?")
    assert 0 < bot.cost < 0.0001
    bot.forget()
    assert bot.cost == 0


async def test_the_shipped_dialogue_by_a_scripted_model(bot: Bot) -> None:
    """Typing takes its time here too."""
    await bot.load("dialogue")
    bot.ai.will_say("Rice wine, two coins a bowl.")
    await bot.tell("Chen, what do you have?")
    assert not bot.said
    await bot.advance(5)
    assert bot.said == ["Rice wine, two coins a bowl."]


async def test_the_web_is_the_tests(bot: Bot, asker: Asker) -> None:
    bot.web.will_answer("https://api.example.org/weather", json={"now": "rain"})
    await bot.tell("!fetch the inn & co")
    assert bot.said == ["rain"]
    assert bot.web.asked[0].params == {"q": "the inn & co"}
    bot.web.will_fail("https://api.example.org/", "gone", once=True)
    await bot.tell("!fetch x")
    assert [str(each) for each in asker.errors] == ["gone"]


async def test_a_page_that_nobody_wrote_fails_the_test(bot: Bot, asker: Asker) -> None:
    with pytest.raises(NotScriptedError, match=r"GET https://api\.example\.org/weather\?q=x.*will_answer"):
        await bot.tell("!fetch x")


async def test_hosts_want_the_permission_here_too(tmp_path: Path) -> None:
    async with Bot(folder=tmp_path) as bot:
        plugin = await bot.load(Asker)
        assert isinstance(plugin, Asker)
        await bot.tell("!fetch x")
        assert "permissions.http" in str(plugin.errors[0])
        assert not bot.web.asked


# -- budgets -----------------------------------------------------------------------------------------------------------


async def test_a_plugins_budget_holds_in_a_test_as_outside(bot: Bot) -> None:
    """A picture of dall-e-3 is 0.04 USD: the third of a day is refused and not asked for; another day begins anew."""
    plugin = await bot.load(Asker, permissions={"images": True, "budget": 0.10})
    assert isinstance(plugin, Asker)
    for number in range(3):
        await bot.tell(f"!draw {number}")
    assert [asked.text for asked in bot.ai.asked if asked.kind == "image"] == ["0", "1"]
    [error] = plugin.errors
    assert isinstance(error, BudgetError)
    assert "the budget plugins.asker.permissions.budget (what the plugin may cost a day: $0.1)" in str(error)
    await bot.advance("24h")
    await bot.tell("!draw again")
    assert len(plugin.errors) == 1


async def test_what_fails_costs_nothing_of_a_budget(bot: Bot) -> None:
    plugin = await bot.load(Asker, permissions={"images": True, "budget": 0.05})
    bot.ai.will_fail(503, what="image")
    await bot.tell("!draw once")
    await bot.tell("!draw again")
    assert isinstance(plugin, Asker)
    assert [type(error) for error in plugin.errors] == [ServerError]


async def test_other_plugins_have_a_budget_of_their_own_or_none(bot: Bot) -> None:
    plugin = await bot.load(Asker, permissions={"images": True})
    for number in range(5):
        await bot.tell(f"!draw {number}")
    assert isinstance(plugin, Asker)
    assert (len(bot.ai.asked), plugin.errors) == (5, [])
