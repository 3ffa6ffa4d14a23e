"""The weather of a place, from the web."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from mudbot.testing import Bot

SKY: dict[str, Any] = {"permissions": {"http": ["wttr.in"]}}


async def test_the_weather_is_told(bot: Bot) -> None:
    await bot.load("weather", **SKY)
    bot.web.will_answer("https://wttr.in/", "+8°C, Light rain\n")
    await bot.tell("!weather new york")
    assert bot.said == ["New York: +8°C, Light rain"]
    (asked,) = bot.web.asked
    assert asked.url.startswith("https://wttr.in/New%20York?")
    assert asked.params["format"] == "%t, %C"


async def test_a_city_is_asked_for_once_in_ten_minutes(bot: Bot) -> None:
    await bot.load("weather", **SKY)
    bot.web.will_answer("https://wttr.in/", "+8°C")
    await bot.tell("!weather berlin")
    await bot.advance("9m")
    await bot.tell("!weather Berlin", who="Bob")
    assert len(bot.web.asked) == 1
    await bot.advance("2m")
    await bot.tell("!weather Berlin")
    assert len(bot.web.asked) == 2
    assert bot.said == ["Berlin: +8°C"] * 3


async def test_who_asks_is_told_that_it_failed_and_it_is_tried_anew(bot: Bot) -> None:
    await bot.load("weather", **SKY)
    bot.web.will_answer("https://wttr.in/", "+8°C")
    bot.web.will_fail("https://wttr.in/", once=True)
    bot.web.will_answer("https://wttr.in/", status=503, once=True)
    for _ in range(3):
        await bot.tell("!weather Berlin")
        await bot.advance(3)
    assert bot.said == ["I cannot see the sky just now."] * 2 + ["Berlin: +8°C"]
    assert not bot.failures


async def test_places_that_there_are_not(bot: Bot) -> None:
    await bot.load("weather", **SKY)
    bot.web.will_answer("https://wttr.in/", "Unknown location", status=404)
    await bot.tell("!weather Nowhere")
    assert bot.said == ["I know no such place."]


async def test_without_a_city_the_usage_is_told(bot: Bot) -> None:
    await bot.load("weather", **SKY)
    await bot.tell("!weather")
    assert bot.said == ["Usage: !weather <city...> (city is missing)"]


async def test_without_the_permission_nothing_is_asked(bot: Bot) -> None:
    """The owner reads in the log which line is missing."""
    await bot.load("weather")
    await bot.tell("!weather Berlin")
    assert bot.said == ["I cannot see the sky just now."]
    assert not bot.web.asked
    assert any("permissions.http: [wttr.in]" in record.getMessage() for record in bot.log)


@pytest.mark.parametrize("city", ["../admin?x=1", "berlin/../../x", "a#b", "x@evil.example"])
async def test_no_words_of_a_player_lead_elsewhere(bot: Bot, city: str) -> None:
    await bot.load("weather", **SKY)
    bot.web.will_answer("https://wttr.in/", "+8°C")
    await bot.tell(f"!weather {city}")
    (asked,) = bot.web.asked
    url = urlsplit(asked.url)
    assert (url.netloc, unquote(url.path), url.path.count("/")) == ("wttr.in", f"/{city.title()}", 1)
    assert set(asked.params) == {"format", "m", "lang"}


@pytest.mark.mudbot(language="zh", dialect="nt7")
async def test_in_chinese(bot: Bot) -> None:
    await bot.load("weather", **SKY)
    bot.web.will_answer("https://wttr.in/", "+8°C，小雨")
    await bot.tell("!天气北京", who="张三")
    assert bot.said == ["北京：+8°C，小雨"]
    assert bot.web.asked[0].params["lang"] == "zh"
