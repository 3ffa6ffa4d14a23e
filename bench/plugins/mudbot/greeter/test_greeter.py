from mudbot.testing import Bot


async def test_greets_once_a_minute_each(bot: Bot) -> None:
    await bot.load("greeter")
    await bot.hear("Ann has arrived.", "Bob has arrived.")
    await bot.advance(59)
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Welcome, Ann!", "Welcome, Bob!"]
    await bot.advance(2)
    await bot.hear("Ann has arrived.")
    assert bot.said[2:] == ["Welcome, Ann!"]


async def test_greeting_is_a_setting(bot: Bot) -> None:
    await bot.load("greeter", greeting="Hail {name}")
    await bot.hear("Ann has arrived.")
    assert bot.said == ["Hail Ann"]
