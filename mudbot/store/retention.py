"""How long pictures are kept: so long, and so many bytes; the oldest go first, pinned ones stay."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from mudbot.errors import MudbotError
from mudbot.store.imagefile import look

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.store.pictures import Pictures
    from mudbot.store.store import Store

log = logging.getLogger(__name__)

DAY = 86_400.0
BATCH = 100
"""Pictures that are deleted or measured at once: between two batches everybody else has a turn."""


class Weight(Protocol):
    """What decides whether a picture is kept."""

    id: str
    file: str
    at: float
    size: int | None
    pinned: bool | None


def excess(kept: Sequence[Weight], before: float, most: int) -> list[str]:
    """The ids of those to delete of *kept* (the oldest first): made *before* then, or too much for *most* bytes.

    Several that show one file take its bytes once.  Pinned ones stay, and the newest, whose link was just said.
    """
    users = Counter(each.file for each in kept)
    sizes = {each.file: each.size or 0 for each in kept}
    total, found = sum(sizes.values()), []
    for each in kept[:-1]:
        if each.pinned or (each.at >= before and total <= most):
            continue
        found.append(each.id)
        users[each.file] -= 1
        if not users[each.file]:
            total -= sizes[each.file]
    return found


class Retention:
    """Keeps *pictures* within bounds; ``run`` is a task of the app's, which ends it."""

    def __init__(self, store: Store, pictures: Pictures, *, age: float, most: int) -> None:
        """*age* in seconds, *most* in bytes."""
        self._store, self._pictures, self._age, self._most = store, pictures, age, most
        self._clock: Clock = store.clock
        self._tight = False

    def __repr__(self) -> str:
        return f"<Retention {self._age:g} s, {self._most} bytes>"

    async def run(self) -> None:
        """Now, daily and after each new picture, for ever."""
        while True:
            try:
                await self.measure()
                await self.once()
                await asyncio.to_thread(self._pictures.sweep)
            except (MudbotError, OSError) as exc:
                log.warning("old pictures are not deleted: %s", exc)
            await self._until_more()

    async def _until_more(self) -> None:
        waits = [
            asyncio.ensure_future(self._pictures.added.wait()),
            asyncio.ensure_future(self._clock.sleep(DAY)),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
        self._pictures.added.clear()

    async def once(self) -> int:
        """Delete what is too old or too much, and say how many that were.  Raises StoreError."""
        from mudbot.store import gallery

        before = self._clock.wall() - self._age
        found: list[str] = []
        if await self._store.browse(lambda it: self._exceeded(it, before)):
            rows: Any = await self._store.browse(gallery.weights)
            found = await asyncio.to_thread(excess, rows, before, self._most)
        count = 0
        for start in range(0, len(found), BATCH):
            count += await self._pictures.delete(found[start : start + BATCH], spare_pinned=True)
        if count:
            log.info("%d old pictures deleted: pictures.retention and pictures.size say how many are kept", count)
        await self._warn()
        return count

    async def _warn(self) -> None:
        """Say once that what is pinned is too much already."""
        from mudbot.store import gallery

        tight = await self._store.browse(gallery.stored) > self._most
        if tight and not self._tight:
            log.warning("pinned pictures take more than pictures.size allows: unpin some, or allow more")
        self._tight = tight

    def _exceeded(self, connection: Any, before: float) -> bool:
        from mudbot.store import gallery

        oldest, stored = gallery.oldest(connection), gallery.stored(connection)
        return stored > self._most or (oldest is not None and oldest < before)

    async def measure(self) -> None:
        """Note the sizes of pictures that an older mudbot kept.  Raises StoreError."""
        from mudbot.store import gallery

        while names := await self._store.browse(lambda it: gallery.unmeasured(it, BATCH)):
            paths = [self._pictures.folder / name for name in names]
            looks = await asyncio.to_thread(lambda paths=paths: list(map(_measured, paths)))  # type: ignore[misc]
            found = dict(zip(names, looks, strict=True))
            await self._store.change(partial(gallery.measured, found=found))


def _measured(path: Path) -> tuple[int, int, int]:
    """Width, height and bytes of a file; zeros of one that is missing or no picture."""
    try:
        data = path.read_bytes()
        seen = look(data)
    except (OSError, MudbotError):
        return 0, 0, 0
    return seen.width, seen.height, len(data)
