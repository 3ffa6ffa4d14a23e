"""!weather CITY"""

import logging
from threading import Lock

import requests
from cachetools import TTLCache, cached
from sopel import plugin
from sopel.bot import Sopel, SopelWrapper
from sopel.config.types import StaticSection, ValidatedAttribute
from sopel.trigger import Trigger

LOGGER = logging.getLogger(__name__)


class WeatherSection(StaticSection):
    url = ValidatedAttribute("url", default="https://weather.example/v1")


def setup(bot: Sopel) -> None:
    bot.config.define_section("weather", WeatherSection)


@cached(TTLCache(1000, 600), key=lambda url, city: (url, city.lower()), lock=Lock())
def ask(url: str, city: str) -> str:
    answer = requests.get(url, params={"q": city}, timeout=5)
    answer.raise_for_status()
    return "{text}, {temp:.0f}°C".format(**answer.json())


@plugin.command("weather")
@plugin.example("!weather New York")
def weather(bot: SopelWrapper, trigger: Trigger) -> None:
    """The weather in a city."""
    city = trigger.group(2)
    if not city:
        bot.say("Usage: !weather CITY")
        return
    try:
        bot.say(f"{city}: {ask(bot.config.weather.url, city)}")
    except Exception:
        LOGGER.exception("weather")
        bot.say(f"I can't tell the weather in {city} now.")
