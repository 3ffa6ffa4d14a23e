"""Looks after the character's health: drinks when it is hurt, flees when it is badly hurt or has nothing to drink.

plugins:
  vitals:
    permissions: {commands: true}    # it gives the commands below
    drink: quaff healing
    drink_below: 50                  # percent of maxhp, which the MUD tells by GMCP
    flee_below: 20
"""

import re
from dataclasses import dataclass

from mudbot import Gmcp, NoAnswer, Plugin, on

AGAIN = 10.0  # seconds until the same is tried once more: in a fight vitals come many times a second


@dataclass(frozen=True)
class Config:
    drink: str = "quaff healing"
    drink_below: int = 50
    helped: re.Pattern[str] = re.compile("You feel (much )?better")  # what the MUD says to a drink
    empty: re.Pattern[str] = re.compile("You (don't|do not) have")
    flee: str = "flee"
    flee_below: int = 20


class Vitals(Plugin):
    config: Config
    concurrency = 2  # it can flee while it waits for what a drink does

    @on(Gmcp("Char.Vitals"))
    async def watch(self, _event: Gmcp) -> None:
        hp, most = self.mud.vitals.get("hp", 0), self.mud.vitals.get("maxhp", 0)
        if hp <= 0 or hp * 100 >= most * self.config.drink_below:
            return
        if hp * 100 < most * self.config.flee_below:
            await self.flee()
        elif self.ready("drink", AGAIN):
            try:
                outcome = await self.mud.ask(self.config.drink, helped=self.config.helped, empty=self.config.empty)
                if outcome.name == "empty":
                    await self.flee()
            except NoAnswer as exc:
                self.log.warning("nobody knows whether that helped: %s", exc)

    async def flee(self) -> None:
        if self.ready("flee", AGAIN):
            await self.mud.send(self.config.flee)
