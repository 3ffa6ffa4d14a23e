"""Tells the weather: !weather Berlin.

plugins:
  weather:
    permissions: {http: [wttr.in]}
    url: https://wttr.in/{city}
    keep: 10m    # before the same city is asked for again
"""

from dataclasses import dataclass
from urllib.parse import quote

from mudbot import Duration, HttpError, Plugin, Rest, UsageError, cached, command


@dataclass(frozen=True)
class Config:
    url: str = "https://wttr.in/{city}"
    keep: Duration = 600.0


class Weather(Plugin):
    config: Config
    concurrency = 4  # one slow answer holds nobody up
    texts = """
    en: {weather: "{city}: {answer}", unknown: "I know no such place.", failed: "I cannot see the sky just now."}
    zh: {weather: "{city}：{answer}", unknown: "没听说过这个地方。", failed: "眼下看不清天色。"}
    """

    @command("weather", "天气", cooldown=3, zh="某地的天气")
    async def weather(self, city: Rest) -> str:
        """the weather in a city"""
        city = city[:60].title()
        return self.t("weather", city=city, answer=await self.fetch(city))

    @cached(lambda self: self.config.keep, most=100)  # what it raises is not kept
    async def fetch(self, city: str) -> str:
        url = self.config.url.replace("{city}", quote(city, safe=""))  # what players say is quoted in a URL
        try:
            answer = await self.http.get(url, params={"format": "%t, %C", "m": "", "lang": self.language})
            if answer.status == 404:
                raise UsageError(self.t("unknown"))
            return answer.expect_ok().text().strip()[:100]
        except HttpError as exc:
            self.log.warning("no weather: %s", exc)
            raise UsageError(self.t("failed")) from None
