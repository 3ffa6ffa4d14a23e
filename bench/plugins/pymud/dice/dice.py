"""!roll 2d6+1"""

import random
import re

from pymud import IConfig, trigger


class Dice(IConfig):
    @trigger(r"^\w+ says: !roll\b\s*(.*)$")
    def roll(self, id: str, line: str, wildcards: list[str]):
        text = wildcards[0]
        match = re.fullmatch(r"(\d{1,3})?d(\d{1,4})([+-]\d{1,4})?", text)
        count, sides, more = (int(n or d) for n, d in zip(match.groups(), (1, 0, 0))) if match else (0, 0, 0)
        if 1 <= count <= 100 and 2 <= sides <= 1000:
            total = sum(random.randint(1, sides) for _ in range(count)) + more
            self.session.writeline(f"say {text}: {total}")
        else:
            self.session.writeline("say Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)")
