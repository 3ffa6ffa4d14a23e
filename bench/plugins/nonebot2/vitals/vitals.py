"""Drinks a potion when health is low."""

from time import monotonic

from nonebot import get_plugin_config, on_regex
from nonebot.params import RegexGroup
from pydantic import BaseModel


class Config(BaseModel):
    share: float = 0.3
    potion: str = "drink potion"


config = get_plugin_config(Config)
vitals = on_regex(r"^HP: (\d+)/(\d+)$")
again = 0.0


@vitals.handle()
async def _(hp: tuple[str, str] = RegexGroup()):
    global again
    if int(hp[0]) < int(hp[1]) * config.share and monotonic() >= again:
        again = monotonic() + 10
        await vitals.finish(config.potion)
