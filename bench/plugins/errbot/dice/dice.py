import random
import re

from errbot import BotPlugin, botcmd


class Dice(BotPlugin):
    """Rolls dice."""

    @botcmd(syntax="2d6+1")
    def roll(self, msg, args):
        """Roll 1-100 dice of 2-1000 sides."""
        match = re.fullmatch(r"(\d{1,3})?d(\d{1,4})([+-]\d{1,4})?", args)
        count, sides, more = (int(n or d) for n, d in zip(match.groups(), (1, 0, 0))) if match else (0, 0, 0)
        if 1 <= count <= 100 and 2 <= sides <= 1000:
            return f"{args}: {sum(random.randint(1, sides) for _ in range(count)) + more}"
        return "Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)"
