"""Drinks a potion when health is low."""

from sopel import plugin
from sopel.bot import Sopel, SopelWrapper
from sopel.config.types import StaticSection, ValidatedAttribute
from sopel.trigger import Trigger


class VitalsSection(StaticSection):
    share = ValidatedAttribute("share", float, default=0.3)
    potion = ValidatedAttribute("potion", default="drink potion")


def setup(bot: Sopel) -> None:
    bot.config.define_section("vitals", VitalsSection)


@plugin.rule(r"^HP: (\d+)/(\d+)$")
@plugin.rate(server=10)
def vitals(bot: SopelWrapper, trigger: Trigger) -> int | None:
    if int(trigger.group(1)) >= int(trigger.group(2)) * bot.config.vitals.share:
        return plugin.NOLIMIT
    bot.say(bot.config.vitals.potion)
