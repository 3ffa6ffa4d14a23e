"""What sketch promises."""

from mudbot.testing import Bot


async def test_help_is_asked_for_once_for_each_time_it_is_hurt(bot: Bot) -> None:
    await bot.load("sketch", below=40)
    for points in (80, 35, 20, 90, 10):
        await bot.gmcp("Char.Vitals", {"hp": points})
    assert bot.said == ["I am hurt: who can heal me?"] * 2


async def test_what_is_no_number_is_passed_over(bot: Bot) -> None:
    await bot.load("sketch")
    await bot.gmcp("Char.Vitals", {"hp": "?"})
    await bot.gmcp("Char.Vitals")
    assert bot.said == []
