"""Says so when the character is hurt, by what the MUD tells in GMCP."""

from dataclasses import dataclass

from mudbot import Gmcp, Plugin, on


@dataclass(frozen=True)
class Config:
    below: int = 30  # hit points


class Sketch(Plugin):
    config: Config

    async def start(self) -> None:
        self.hurt = False

    @on(Gmcp("Char.Vitals"))
    async def vitals(self, event: Gmcp) -> None:
        """Ask for help once each time that the hit points fall below the bound."""
        try:
            points = int(event.data["hp"])  # MUDs send numbers as numbers or as texts
        except (KeyError, TypeError, ValueError):
            return
        hurt, self.hurt = self.hurt, points < self.config.below
        if self.hurt and not hurt:
            await self.mud.say("I am hurt: who can heal me?")
