"""What sketch promises."""

from mudbot.testing import Bot


async def test_gold_is_shared(bot: Bot) -> None:
    await bot.load("sketch")
    await bot.tell("!sketch 100 3")
    assert bot.said == ["33 for each, 1 left over."]


async def test_who_writes_it_wrong_is_told_how_it_is_written(bot: Bot) -> None:
    await bot.load("sketch")
    await bot.tell("!sketch much")
    assert "!sketch <gold> [people=2]" in bot.said[0]
