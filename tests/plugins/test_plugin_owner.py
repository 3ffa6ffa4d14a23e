"""!mute, !unmute, !say and !budget, for owners in private."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.errors import BudgetError
from mudbot.host.services.means import Share
from mudbot.testing import Bot


async def order(bot: Bot, text: str) -> list[str]:
    """What an owner is told for *text*."""
    await bot.advance(5)
    return await bot.tell(text, who="Wiz", role="owner")


@pytest.mark.parametrize("text", ["!mute Bob", "!unmute Bob", "!say Hello", "!budget", "!禁言 Bob", "!说 Hello"])
async def test_for_others_they_do_not_exist(bot: Bot, text: str) -> None:
    await bot.load("owner")
    assert await bot.tell(text, who="Ann") == []
    await order(bot, "!unmute")  # Wiz is an owner, but a say proves nothing
    before = len(bot.sent)
    await bot.say(text, who="Wiz")
    assert len(bot.sent) == before


@pytest.mark.parametrize(
    ("text", "seconds", "told"),
    [
        ("!mute Bob", 600, "10 min"),
        ("!mute Bob 90s", 90, "1.5 min"),
        ("!禁言 Bob 2小时", 7200, "2 h"),
        ("!mute Bob 3", 180, "3 min"),
        ("!mute Bob 9999d", 30 * 86400, "30 d"),
    ],
)
async def test_who_is_muted_is_heard_by_nobody_for_the_time(bot: Bot, text: str, seconds: int, told: str) -> None:
    await bot.load("owner")
    await bot.load("basics")
    assert await order(bot, text) == [f"I hear nothing of Bob for {told}."]
    assert await bot.tell("!status", who="Bob") == []
    assert await bot.tell("!status", who="Ann") != []
    await bot.advance(seconds)
    assert await bot.tell("!status", who="Bob") != []


async def test_nobody_is_muted_who_is_heard_always_or_never(bot: Bot) -> None:
    """An owner by the login id, and the bot's own characters: it says so in place of a promise."""
    await bot.load("owner")
    assert await order(bot, "!mute wiz") == ["wiz is an owner, and owners are always heard."]
    assert await order(bot, "!mute chen") == ["chen is a character of mine, and I never answer those."]
    assert await order(bot, "!unmute") == ["Nobody is muted."]


async def test_an_owner_need_not_wait_for_a_command_again(bot: Bot) -> None:
    """Whoever mistyped it may mend it at once."""
    await bot.load("basics")
    for word in ("set", "set nobody", "set innkeeper-zh"):
        await bot.tell(f"!persona {word}", who="Wiz", role="owner")
    await bot.advance(10)
    assert not [said for said in bot.said if "Not so fast" in said]
    assert bot.said[-1].startswith("I am 老陈 now")


async def test_unmute_says_who_is_muted_and_takes_it_back(bot: Bot) -> None:
    await bot.load("owner")
    await bot.load("basics")
    assert await order(bot, "!unmute") == ["Nobody is muted."]
    await order(bot, '!mute "Bob the Bold" 10m')
    assert await order(bot, "!unmute") == ["Muted: bob the bold (9.9 min)"]
    assert await order(bot, '!解禁 "Bob the Bold"') == ["I hear Bob the Bold again."]
    assert await order(bot, "!unmute Bob") == ["Bob is not muted."]


async def test_moderation_and_owners_share_one_mute(bot: Bot) -> None:
    """Whom moderation muted an owner sees and hears again."""
    await bot.load("owner")
    await bot.load("moderation", player={"hate": ["mute"]})
    await bot.load("dialogue")
    bot.ai.will_flag("vermin", category="hate")
    await bot.tell("you are vermin", who="Bob")
    assert (await order(bot, "!unmute"))[0].startswith("Muted: bob")
    await order(bot, "!unmute bob")
    bot.ai.will_say("Good day.")
    await bot.tell("hello", who="Bob")
    await bot.advance(10)
    assert bot.said[-1] == "Good day."


async def test_say_says_it_in_the_room(bot: Bot) -> None:
    await bot.load("owner")
    await order(bot, "!say Dinner is ready!")
    assert bot.sent == ["say Dinner is ready!", "tell Wiz Said."]


async def test_what_an_owner_has_said_is_reviewed_as_well(bot: Bot) -> None:
    await bot.load("moderation")
    await bot.load("owner")
    bot.ai.will_flag("awful", category="illicit")
    said = await order(bot, "!say something awful")
    assert said == ["Not said: refused: illicit"]
    assert all(not line.startswith("say ") for line in bot.sent)


@pytest.mark.parametrize(
    ("text", "usage"),
    [
        ("!mute", "Usage: !mute <name> [time=10m] (name is missing)"),
        ("!mute Bob soon", "Usage: !mute <name> [time=10m]"),
        ("!mute Bob 0", "Usage: !mute <name> [time=10m]"),
        ("!mute Bob the Bold 10m", "Usage: !mute <name> [time=10m] (that is too much"),
        ("!unmute Bob Ann", "Usage: !unmute [name]"),
        ("!say", "Usage: !say <text...> (text is missing)"),
        ("!budget all", "Usage: !budget"),
    ],
)
async def test_used_wrongly_they_say_how_they_are_written(bot: Bot, text: str, usage: str) -> None:
    await bot.load("owner")
    assert (await order(bot, text))[0].startswith(usage)


async def test_in_chinese(bot: Bot) -> None:
    bot.choose(language="zh")
    await bot.load("owner")
    said = []
    for text in ("!禁言", "!禁言 李四 10分", "!解禁", "!解禁 李四", "!说 开饭了", "!预算"):
        said += await order(bot, text)
    assert said == [
        "用法：!禁言 <名字> [多久=10分]",
        "10 分钟内不听李四的话。",
        "禁言中：李四（9.9 分钟）",
        "又听李四的话了。",
        "开饭了",
        "说了。",
        "今天（UTC）问模型 0 次，花费 $0.0000。",
        "没有设预算；在配置的 api.budgets 里设。",
    ]


class Books:
    """Means that say what a test lets them."""

    def __init__(self, *shares: Share, broken: bool = False) -> None:
        self._shares, self._broken = shares, broken

    async def today(self) -> tuple[int, float]:
        return 12, 0.0345

    async def shares(self) -> list[Share]:
        if self._broken:
            raise BudgetError("the disk is full")
        return list(self._shares)


async def test_budget_says_what_was_spent_and_what_is_left(bot: Bot) -> None:
    plugin: Any = await bot.load("owner")
    plugin.bot.means = Books(Share("day", "", 2.0, 0.5), Share("month", "", 30, 31), Share("plugin", "talk", 0.5, 0.1))
    assert await order(bot, "!budget") == [
        "Calls of the model today (UTC): 12; they cost $0.0345.",
        "today: $0.5000 of $2.00 spent, $1.5000 left",
        "this month: $31.0000 of $30.00 spent, $0.0000 left",
        "plugin talk, today: $0.1000 of $0.50 spent, $0.4000 left",
    ]


async def test_budget_with_books_that_cannot_be_read(bot: Bot) -> None:
    plugin: Any = await bot.load("owner")
    plugin.bot.means = Books(broken=True)
    assert await order(bot, "!budget") == ["The books cannot be read just now; the log knows why."]
