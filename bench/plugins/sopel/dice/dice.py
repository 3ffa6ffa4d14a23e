"""!roll 2d6+1"""

import random
import re

from sopel import plugin
from sopel.bot import SopelWrapper
from sopel.trigger import Trigger


@plugin.command("roll")
@plugin.example("!roll 2d6+1")
def roll(bot: SopelWrapper, trigger: Trigger) -> None:
    """Roll 1-100 dice of 2-1000 sides."""
    text = trigger.group(2) or ""
    match = re.fullmatch(r"(\d{1,3})?d(\d{1,4})([+-]\d{1,4})?", text)
    count, sides, more = (int(n or d) for n, d in zip(match.groups(), (1, 0, 0))) if match else (0, 0, 0)
    if 1 <= count <= 100 and 2 <= sides <= 1000:
        bot.say(f"{text}: {sum(random.randint(1, sides) for _ in range(count)) + more}")
    else:
        bot.say("Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)")
