"""Watches the auction channel: !watch sword 500 has you told once when one is offered for 500 or less.

plugins:
  auctions:
    channel: auction
    lasts: 7d    # then a watch is over
"""

from dataclasses import dataclass

from mudbot import Command, Duration, Plugin, Speech, UsageError, command, every, trigger


@dataclass(frozen=True)
class Config:
    channel: str = "auction"
    lasts: Duration = 7 * 86400.0


@dataclass
class Watch:
    who: str  # an address: a tell finds who asked, in MUDs that want a login id as well
    item: str
    price: int
    until: float
    id: int = 0  # the table fills it in


class Auctions(Plugin):
    config: Config
    texts = """
    en: {yes: "I will tell you.", full: "You watch five things already.", offer: "{who} offers {item}: {price}"}
    zh: {yes: "到时告诉你。", full: "你已经盯了五样东西。", offer: "{who}在卖{item}：{price}"}
    """

    async def start(self) -> None:
        self.watches = self.store.table("watches", Watch)

    @command("watch", "盯", cooldown=1, zh="有人低价卖出时告诉你，如：盯 铁剑 500")
    async def watch(self, command: Command, item: str, price: int) -> str:
        """be told when something is offered for that price or less"""
        who, until = self.mud.address(command), self.clock.wall() + self.config.lasts
        if await self.watches.count(who=who) >= 5:
            raise UsageError(self.t("full"))
        await self.watches.insert(Watch(who, item.casefold(), price, until))
        return self.t("yes")

    @trigger(r"(?P<item>\w[\w' -]{0,60}?)(?: for| at)? ?\b(?P<price>[\d,]{1,12}) ?(?:gold|coins|两)")
    async def offered(self, item: str, price: int, speech: Speech | None) -> None:
        if speech is not None and speech.channel == self.config.channel:
            for watch in await self.watches.find(price__ge=price):
                told = self.t("offer", who=speech.speaker, item=item, price=price)
                if watch.item in item.casefold() and await self.mud.tell(watch.who, told):
                    await self.watches.delete(id=watch.id)

    @every("10m")
    async def tidy(self) -> None:
        await self.watches.delete(until__lt=self.clock.wall())
