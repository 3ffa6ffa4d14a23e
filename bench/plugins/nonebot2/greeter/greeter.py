"""Greets who arrives, at most once a minute for each."""

from nonebot import get_plugin_config, on_type
from nonebot.adapters.onebot.v11 import GroupIncreaseNoticeEvent, Message, MessageSegment
from nonebot.adapters.onebot.v11.helpers import Cooldown
from pydantic import BaseModel


class Config(BaseModel):
    greeting: str = "Welcome, {name}!"


config = get_plugin_config(Config)
arrival = on_type(GroupIncreaseNoticeEvent)


@arrival.handle(parameterless=[Cooldown(60)])
async def _(event: GroupIncreaseNoticeEvent):
    if not event.is_tome():
        await arrival.finish(Message(config.greeting.format(name=MessageSegment.at(event.user_id))))
