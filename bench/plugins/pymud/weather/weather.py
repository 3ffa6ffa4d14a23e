"""!weather CITY"""

from cachetools import TTLCache
from httpx import AsyncClient
from pymud import IConfig, Session, trigger


class Weather(IConfig):
    def __init__(self, session: Session, *args, **kwargs):
        super().__init__(session, *args, **kwargs)
        self.known = TTLCache(1000, 600)

    @trigger(r"^\w+ says: !weather\b\s*([^;]*)")
    async def weather(self, id: str, line: str, wildcards: list[str]):
        city = wildcards[0].strip()
        if not city:
            return self.session.writeline("say Usage: !weather CITY")
        try:
            if city.lower() not in self.known:
                self.known[city.lower()] = await self.ask(city)
            self.session.writeline(f"say {city}: {self.known[city.lower()]}")
        except Exception:
            self.session.writeline(f"say I can't tell the weather in {city} now.")

    async def ask(self, city: str) -> str:
        async with AsyncClient(timeout=5) as client:
            url = self.session.getVariable("weather_url", "https://weather.example/v1")
            answer = (await client.get(url, params={"q": city})).raise_for_status().json()
            return "{text}, {temp:.0f}°C".format(**answer).replace(";", ",")
