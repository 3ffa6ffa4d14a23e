"""Throws dice: !roll, !roll d20, !roll 2d6+1 3.

plugins:
  dice:
    most_dice: 20
    most_sides: 1000
"""

import random
import re
from dataclasses import dataclass
from typing import Annotated

from mudbot import Plugin, UsageError, command


@dataclass(frozen=True)
class Config:
    most_dice: int = 20
    most_sides: int = 1000


class Dice(Plugin):
    config: Config
    texts = """
    en:
      thrown: "{dice}: {results}"
      form: "Write the dice as 2d6 or d20+3."
      bounds: "I have {dice} dice of {sides} sides at most."
    zh:
      thrown: "{dice}：{results}"
      form: "骰子请写作 2d6 或 d20+3。"
      bounds: "我最多有 {dice} 颗 {sides} 面的骰子。"
    """

    # Words become arguments: `times` must be a whole number from 1 to 10, or the player is told the usage.
    @command("roll", "掷", cooldown=1, zh="掷骰子，如 2d6+1；可连掷几次")
    async def roll(self, dice: str = "d6", times: Annotated[int, range(1, 11)] = 1) -> str:
        """throw dice, 2d6+1 for example, several times if you like"""
        found = re.fullmatch(r"(\d{0,3})d(\d{1,4})([+-]\d{1,4})?", dice.casefold(), re.ASCII)
        if found is None:
            raise UsageError(self.t("form"))
        count, sides, plus = int(found[1] or 1), int(found[2]), int(found[3] or 0)
        if not (1 <= count <= self.config.most_dice and 1 <= sides <= self.config.most_sides):
            raise UsageError(self.t("bounds", dice=self.config.most_dice, sides=self.config.most_sides))
        sums = [sum(random.randint(1, sides) for _ in range(count)) + plus for _ in range(times)]
        return self.t("thrown", dice=found[0], results=", ".join(map(str, sums)))
