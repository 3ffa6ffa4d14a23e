"""Who is hurt drinks, who is badly hurt flees, and neither too often."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot import ConfigError, PluginError
from mudbot.testing import Bot

MAY: dict[str, Any] = {"permissions": {"commands": True}}


async def hp(bot: Bot, now: int) -> None:
    await bot.gmcp("Char.Vitals", {"hp": now, "maxhp": 200})


async def test_it_drinks_when_hurt_and_flees_when_badly_hurt(bot: Bot) -> None:
    await bot.load("vitals", **MAY, drink="drink potion")
    await hp(bot, 100)
    assert not bot.sent
    await hp(bot, 99)
    await bot.hear("You feel much better.")
    assert bot.sent == ["drink potion"]
    await hp(bot, 39)
    assert bot.sent == ["drink potion", "flee"]


async def test_it_flees_while_it_waits_for_what_the_drink_does(bot: Bot) -> None:
    await bot.load("vitals", **MAY)
    await hp(bot, 99)
    await hp(bot, 10)
    assert bot.sent == ["quaff healing", "flee"]


async def test_a_flood_of_vitals_is_no_flood_of_commands(bot: Bot) -> None:
    await bot.load("vitals", **MAY)
    for now in range(99, 79, -1):
        await hp(bot, now)
    assert bot.sent == ["quaff healing"]
    await bot.hear("You feel better.")
    await bot.advance(10)
    await hp(bot, 80)
    assert bot.sent == ["quaff healing"] * 2


async def test_without_anything_to_drink_it_flees(bot: Bot) -> None:
    await bot.load("vitals", **MAY)
    await hp(bot, 99)
    await bot.say("You don't have a potion, do you?")
    assert bot.sent == ["quaff healing"], "that was somebody's word, not the MUD's"
    await bot.hear("You don't have that.")
    assert bot.sent == ["quaff healing", "flee"]


async def test_where_the_mud_is_silent_the_log_says_so(bot: Bot) -> None:
    await bot.load("vitals", **MAY)
    await hp(bot, 99)
    await bot.advance(5)
    assert any(
        "nobody knows whether that helped: no answer to 'quaff healing'" in each.getMessage() for each in bot.log
    )
    assert not bot.failures


@pytest.mark.parametrize("told", [{}, {"hp": 5}, {"hp": 0, "maxhp": 200}, {"hp": "?", "maxhp": "?"}, None])
async def test_what_is_not_known_is_no_danger(bot: Bot, told: Any) -> None:
    """Nor does one drink who is dead."""
    await bot.load("vitals", **MAY)
    await bot.gmcp("Char.Vitals", told)
    assert not bot.sent


async def test_what_the_mud_says_may_be_set(bot: Bot) -> None:
    await bot.load("vitals", **MAY, empty="^你身上没有")
    await hp(bot, 99)
    await bot.hear("你身上没有这种药。")
    assert bot.sent == ["quaff healing", "flee"]
    with pytest.raises(ConfigError, match="empty must be a regular expression"):
        await bot.load("vitals", **MAY, empty="(")


async def test_without_the_permission_nothing_is_sent(bot: Bot) -> None:
    await bot.load("vitals")
    with pytest.raises(PluginError, match=r"plugins\.vitals\.permissions\.commands: true"):
        await hp(bot, 99)
    assert not bot.sent
