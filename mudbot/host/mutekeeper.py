"""Who is muted, over a restart."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from mudbot.errors import StoreError

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.host.mutes import Mutes
    from mudbot.host.services.store import PluginStore

log = logging.getLogger(__name__)
KEY = "until"


class MuteKeeper:
    """Keeps *mutes* in *store*: until when each name is not heard, in seconds since 1970."""

    def __init__(self, mutes: Mutes, store: PluginStore, clock: Clock) -> None:
        self._mutes, self._store, self._clock = mutes, store, clock
        self._saving: asyncio.Task[None] | None = None
        self._again = False

    def __repr__(self) -> str:
        return f"<MuteKeeper of {self._mutes!r}>"

    async def begin(self) -> None:
        """Mute who was muted, and keep from now on what changes."""
        self._mutes.on_change = self._changed
        try:
            kept: dict[str, float] = await self._store.get(KEY, {})
        except StoreError as exc:
            log.warning("who was muted is forgotten: %s", exc)
            return
        now, muted = self._clock.wall(), self._mutes.names()
        for name, until in kept.items():
            if until > now and name not in muted:
                self._mutes.mute(name, until - now)

    async def settled(self) -> None:
        """Return when all is kept."""
        while self._saving is not None and not self._saving.done():
            await asyncio.wait({self._saving})

    def _changed(self) -> None:
        self._again = True
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save(), name="keep who is muted")

    async def _save(self) -> None:
        while self._again:
            self._again = False
            now = self._clock.wall()
            try:
                await self._store.set(KEY, {name: now + left for name, left in self._mutes.names().items()})
            except StoreError as exc:
                log.warning("who is muted will not outlast a restart: %s", exc)
