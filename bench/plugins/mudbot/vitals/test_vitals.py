import pytest

from mudbot.testing import Bot

COMMANDS = {"commands": True}


async def hurt(bot: Bot, **vitals: int) -> list[str]:
    await bot.gmcp("Char.Vitals", vitals)
    return bot.sent


async def test_drinks_below_the_share_only(bot: Bot) -> None:
    await bot.load("vitals", permissions=COMMANDS)
    assert await hurt(bot, hp=100, maxhp=100) == []
    assert await hurt(bot, hp=30, maxhp=100) == []
    assert await hurt(bot, hp=29, maxhp=100) == ["drink potion"]


async def test_cooldown(bot: Bot) -> None:
    await bot.load("vitals", permissions=COMMANDS)
    await hurt(bot, hp=10, maxhp=100)
    await bot.advance(9)
    assert await hurt(bot, hp=9, maxhp=100) == ["drink potion"]
    await bot.advance(2)
    assert await hurt(bot, hp=8, maxhp=100) == ["drink potion"] * 2


async def test_settings(bot: Bot) -> None:
    await bot.load("vitals", permissions=COMMANDS, share=0.5, potion="quaff red")
    assert await hurt(bot, hp=49, maxhp=100) == ["quaff red"]


@pytest.mark.parametrize("vitals", [{"hp": 1}, {"hp": 0, "maxhp": 0}, {"maxhp": 100}, {}])
async def test_no_maximum(bot: Bot, vitals: dict[str, int]) -> None:
    await bot.load("vitals", permissions=COMMANDS)
    assert await hurt(bot, **vitals) == []
