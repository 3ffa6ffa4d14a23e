"""Greets who arrives, at most once a minute for each."""

from sopel import plugin
from sopel.bot import Sopel, SopelWrapper
from sopel.config.types import StaticSection, ValidatedAttribute
from sopel.trigger import Trigger


class GreeterSection(StaticSection):
    greeting = ValidatedAttribute("greeting", default="Welcome, {name}!")


def setup(bot: Sopel) -> None:
    bot.config.define_section("greeter", GreeterSection)


@plugin.event("JOIN")
@plugin.rate(user=60)
def greet(bot: SopelWrapper, trigger: Trigger) -> None:
    if trigger.nick != bot.nick:
        bot.say(bot.config.greeter.greeting.format(name=trigger.nick))
