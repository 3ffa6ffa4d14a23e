"""!weather CITY"""

from cachetools import TTLCache
from httpx import AsyncClient
from nonebot import get_plugin_config, logger, on_command
from nonebot.adapters import Message
from nonebot.params import CommandArg
from pydantic import BaseModel


class Config(BaseModel):
    weather_url: str = "https://weather.example/v1"


config = get_plugin_config(Config)
known = TTLCache(1000, 600)
weather = on_command("weather")


async def ask(city: str) -> str:
    if city.lower() not in known:
        async with AsyncClient(timeout=5) as client:
            answer = (await client.get(config.weather_url, params={"q": city})).raise_for_status().json()
        known[city.lower()] = "{text}, {temp:.0f}°C".format(**answer)
    return known[city.lower()]


@weather.handle()
async def _(args: Message = CommandArg()):
    city = args.extract_plain_text().strip()
    if not city:
        await weather.finish("Usage: !weather CITY")
    try:
        answer = await ask(city)
    except Exception:
        logger.exception("weather")
        await weather.finish(f"I can't tell the weather in {city} now.")
    await weather.finish(f"{city}: {answer}")
