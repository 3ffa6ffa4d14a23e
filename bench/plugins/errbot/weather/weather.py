from threading import Lock

import requests
from cachetools import TTLCache, cached
from errbot import BotPlugin, botcmd


@cached(TTLCache(1000, 600), key=lambda url, city: (url, city.lower()), lock=Lock())
def ask(url: str, city: str) -> str:
    answer = requests.get(url, params={"q": city}, timeout=5)
    answer.raise_for_status()
    return "{text}, {temp:.0f}°C".format(**answer.json())


class Weather(BotPlugin):
    """Tells the weather."""

    def get_configuration_template(self):
        return {"URL": "https://weather.example/v1"}

    def configure(self, configuration):
        super().configure(configuration or self.get_configuration_template())

    @botcmd(syntax="CITY")
    def weather(self, msg, args):
        """The weather in a city."""
        if not args:
            return "Usage: !weather CITY"
        try:
            return f"{args}: {ask(self.config['URL'], args)}"
        except Exception:
            self.log.exception("weather")
            return f"I can't tell the weather in {args} now."
