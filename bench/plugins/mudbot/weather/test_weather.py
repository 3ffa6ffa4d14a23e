from mudbot.testing import Bot

URL = "https://weather.example/v1"
GRANTED = {"http": ["weather.example"]}
RAIN = {"text": "light rain", "temp": 12}


async def test_tells_and_keeps_for_ten_minutes(bot: Bot) -> None:
    await bot.load("weather", permissions=GRANTED)
    bot.web.will_answer(f"{URL}?q=New+York", json=RAIN)
    await bot.say("!weather New York")
    bot.web.will_answer(f"{URL}?q=new+york", json={"text": "dry", "temp": 9.6})
    await bot.advance(599)
    await bot.say("!weather new york")
    await bot.advance(2)
    await bot.say("!weather new york")
    assert bot.said == ["New York: light rain, 12°C", "new york: light rain, 12°C", "new york: dry, 10°C"]


async def test_errors_are_told_and_not_kept(bot: Bot) -> None:
    await bot.load("weather", permissions=GRANTED)
    bot.web.will_answer(URL, json=RAIN)
    bot.web.will_answer(URL, json=[], once=True)
    bot.web.will_answer(URL, status=500, json=RAIN, once=True)
    for _ in range(3):
        await bot.say("!weather Oslo")
    assert bot.said == ["I can't tell the weather in Oslo now."] * 2 + ["Oslo: light rain, 12°C"]


async def test_no_service(bot: Bot) -> None:
    await bot.load("weather", permissions=GRANTED)
    bot.web.will_fail(URL, after=6)
    await bot.say("!weather Oslo")
    await bot.advance(5)
    assert bot.said == ["I can't tell the weather in Oslo now."]


async def test_usage(bot: Bot) -> None:
    await bot.load("weather")
    await bot.say("!weather")
    assert bot.said == ["Usage: !weather CITY (city is missing)"]
