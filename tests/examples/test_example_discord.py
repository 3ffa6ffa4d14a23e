"""Channels are shown in Discord, at its pace, and call nobody."""

from __future__ import annotations

from typing import Any

from mudbot.testing import Bot

HOOK = "https://discord.com/api/webhooks/1/key"
SET: dict[str, Any] = {"permissions": {"http": ["discord.com"]}, "webhook": HOOK}


def shown(bot: Bot) -> list[str]:
    """What was posted, a message each."""
    return [asked.json["content"] for asked in bot.web.asked]


async def test_what_is_said_within_three_seconds_is_one_message(bot: Bot) -> None:
    await bot.load("discord", **SET)
    bot.web.will_answer(HOOK, status=204)
    await bot.channel("chat", "Good morning")
    await bot.channel("chat", "Good night", who="Bob")
    assert not bot.web.asked
    await bot.advance(3)
    assert shown(bot) == ["**Ann** Good morning\n**Bob** Good night"]
    assert str(bot.web.asked[0]) == f"POST {HOOK}"
    await bot.advance("1m")
    assert len(bot.web.asked) == 1


async def test_nothing_else_leaves_the_mud(bot: Bot) -> None:
    await bot.load("discord", **SET)
    await bot.say("one")
    await bot.tell("two")
    await bot.channel("gossip", "three")
    await bot.hear("[chat] You: four")
    await bot.advance("1m")
    assert not bot.web.asked


async def test_nobody_is_called_and_nothing_is_dressed_up(bot: Bot) -> None:
    await bot.load("discord", **SET)
    bot.web.will_answer(HOOK, status=204)
    await bot.channel("chat", "@everyone *look* [here](https://evil.example)")
    await bot.advance(3)
    assert shown(bot) == ["**Ann** @\u200beveryone \\*look\\* \\[here\\](https://evil.example)"]
    assert bot.web.asked[0].json["allowed_mentions"] == {"parse": []}


async def test_it_waits_as_long_as_discord_wants(bot: Bot) -> None:
    await bot.load("discord", **SET)
    bot.web.will_answer(HOOK, status=204)
    bot.web.will_answer(HOOK, json={"retry_after": 20.5}, status=429, once=True)
    await bot.channel("chat", "one")
    await bot.channel("chat", "two")
    await bot.advance(3)
    await bot.channel("chat", "three")
    await bot.advance(20)
    assert len(bot.web.asked) == 1
    await bot.advance(3)
    assert shown(bot) == ["**Ann** one\n**Ann** two", "**Ann** one\n**Ann** two\n**Ann** three"]


async def test_long_talk_is_cut_where_discord_wants_it(bot: Bot) -> None:
    await bot.load("discord", **SET)
    bot.web.will_answer(HOOK, status=204)
    for _ in range(9):
        await bot.channel("chat", "*" * 450)
    await bot.advance(30)
    assert "".join(shown(bot)).count("\\*") == 9 * 450
    assert max(map(len, shown(bot))) <= 2000


async def test_lines_are_kept_while_discord_is_away_and_not_when_it_refuses_them(bot: Bot) -> None:
    await bot.load("discord", **SET)
    bot.web.will_answer(HOOK, status=204)
    bot.web.will_answer(HOOK, status=400, once=True)
    bot.web.will_answer(HOOK, status=503, once=True)
    bot.web.will_fail(HOOK, once=True)
    await bot.channel("chat", "one")
    await bot.advance("3m")
    await bot.channel("chat", "two")
    await bot.advance("1m")
    assert shown(bot) == ["**Ann** one"] * 3 + ["**Ann** two"]
    assert not bot.failures
    assert not any("key" in record.getMessage() for record in bot.log), "the webhook's address is a secret"
