"""Drinks a potion when health is low."""

from dataclasses import dataclass

from mudbot import Gmcp, Plugin, on


@dataclass(frozen=True)
class Config:
    share: float = 0.3
    potion: str = "drink potion"


class Vitals(Plugin):
    config: Config

    @on(Gmcp("Char.Vitals"))
    async def drink(self, _event: Gmcp) -> None:
        hp, most = self.mud.vitals.get("hp"), self.mud.vitals.get("maxhp")
        if hp is not None and most and hp < most * self.config.share and self.ready("drink", 10):
            await self.mud.send(self.config.potion)
