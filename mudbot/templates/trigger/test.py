"""What sketch promises."""

from mudbot.testing import Bot


async def test_who_arrives_is_greeted(bot: Bot) -> None:
    await bot.load("sketch")
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hello, Ann!"]


async def test_nobody_is_greeted_twice_within_a_minute(bot: Bot) -> None:
    await bot.load("sketch", greeting="Hi, {who}!")
    await bot.hear("Ann has arrived.", "Ann has arrived.")
    assert bot.said == ["Hi, Ann!"]
    await bot.advance(60)
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hi, Ann!", "Hi, Ann!"]
