"""!roll 2d6+1"""

import random
import re

from mudbot import Plugin, Rest, UsageError, command


class Dice(Plugin):
    @command("roll", usage="2d6+1 (1-100 dice of 2-1000 sides)")
    async def roll(self, dice: Rest) -> str:
        """Roll dice."""
        if match := re.fullmatch(r"(\d{1,3})?d(\d{1,4})([+-]\d{1,4})?", dice):
            count, sides, more = int(match[1] or 1), int(match[2]), int(match[3] or 0)
            if 1 <= count <= 100 and 2 <= sides <= 1000:
                return f"{dice}: {sum(random.randint(1, sides) for _ in range(count)) + more}"
        raise UsageError
