"""!weather CITY"""

from dataclasses import dataclass

from mudbot import HttpError, Plugin, Rest, cached, command


@dataclass(frozen=True)
class Config:
    url: str = "https://weather.example/v1"


class Weather(Plugin):
    config: Config

    @command("weather", usage="CITY")
    async def weather(self, city: Rest) -> str:
        """The weather in a city."""
        try:
            return f"{city}: {await self.ask(city)}"
        except (HttpError, LookupError, TypeError, ValueError):
            return f"I can't tell the weather in {city} now."

    @cached("10m", key=str.casefold)
    async def ask(self, city: str) -> str:
        answer = await self.http.get(self.config.url, params={"q": city}, timeout=5)
        return "{text}, {temp:.0f}°C".format(**answer.expect_ok().json())
