"""What waits for a plugin, bounded, in the order in which it came."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin

log = logging.getLogger(__name__)

Call = Callable[["Plugin"], Awaitable[Any]]
"""Something that a plugin is to do; which instance does it is known when its turn comes."""
INBOX = 100
"""Events that wait for a plugin; more are dropped and counted, so a slow plugin costs memory to nobody."""
PATIENT = 1000
"""The same while a new one waits for the old to finish."""
SHARE = 20
"""Commands of one speaker among them: who floods keeps nobody else's from the plugin, nor the MUD's lines."""


class Item(NamedTuple):
    """What waits for a plugin."""

    name: str
    call: Call
    method: bool = True
    """Whether *name* is a method's, else it is only for the log."""
    by: str = ""
    """Whose words it is about, if anybody's."""
    command: bool = False
    """Whether it is a command of that one's."""


class Inbox:
    """The inbox of *plugin*."""

    def __init__(self, plugin: str) -> None:
        self.busy = self.dropped = 0
        """What waits or is being done, and what there was no room for."""
        self._plugin = plugin
        self._queue: asyncio.Queue[Item | None] = asyncio.Queue()
        self._due: set[str] = set()  # methods whose call waits
        self._shares = Counter[str]()  # commands that wait, by speaker

    def __repr__(self) -> str:
        return f"<Inbox {self._queue.qsize()} wait, {self.busy} busy, {self.dropped} dropped>"

    def offer(self, item: Item, *, patient: bool = False) -> bool:
        """Take *item* in; False where there is no room for it, of which there is more for the *patient*."""
        full = item.command and self._shares[item.by] >= SHARE
        if not full and self._queue.qsize() < (PATIENT if patient else INBOX):
            self.enter(item)
            return True
        self.dropped += 1
        if self.dropped & (self.dropped - 1) == 0:  # at 1, 2, 4, 8 …: a flood must not flood the log
            log.warning("plugin %s is behind: %d events dropped so far", self._plugin, self.dropped)
        return False

    def offer_once(self, item: Item, *, patient: bool) -> None:
        """The same, unless the method's call waits already."""
        if item.name not in self._due and self.offer(item, patient=patient):
            self._due.add(item.name)

    def enter(self, item: Item) -> None:
        """Take *item* in, however much waits."""
        self._queue.put_nowait(item)
        self.busy += 1
        self._shares[item.by] += item.command

    async def take(self) -> Item | None:
        """The next one, of which ``busy`` must be told when it is done; None at an end."""
        if (item := await self._queue.get()) is not None:
            self._due.discard(item.name)
            self._leaves(item)
        return item

    def end(self) -> None:
        """Nothing more comes for one of those who take."""
        self._queue.put_nowait(None)

    def reopen(self) -> None:
        """Forget the ends that nobody took: whoever takes next is to find what waits behind them."""
        for item in self.empty():
            self.enter(item)

    def empty(self) -> list[Item]:
        """Take out all that waits."""
        found = []
        while not self._queue.empty():
            if (item := self._queue.get_nowait()) is not None:
                found.append(item)
                self._leaves(item)
                self.busy -= 1
        return found

    def _leaves(self, item: Item) -> None:
        self._shares[item.by] -= item.command
        if not self._shares[item.by]:
            del self._shares[item.by]
