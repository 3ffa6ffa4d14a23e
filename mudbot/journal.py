"""The log, kept in the store as well, so that the owner can look through it in the browser.

Entries come from any thread and are written twice a second in one transaction.  Secrets are masked and control
characters shown before anything is kept; a flood is cut, and says so.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mudbot import logs
from mudbot.errors import StoreError

if TYPE_CHECKING:
    from mudbot.clock import Clock, Timer
    from mudbot.store.store import Store

log = logging.getLogger(__name__)

KEEP = 200_000
"""Entries that are kept: about 30 MB."""
KEEP_DAYS = 30
EVERY = 0.5
"""Seconds between two transactions."""
QUEUE = 2000
"""Entries that may wait for the next; who logs more loses the oldest of them."""
LONGEST = 4000
"""Characters of an entry; of what is longer the middle is cut out: a traceback says most at its end."""
PRUNE_EVERY = 2000
"""Entries after which the oldest are looked for that are too many, or too old."""


class Journal(logging.Handler):
    """A handler of the root logger, from ``begin`` to ``close``.

    *secrets* are masked, *sessions* the names that entries may begin with.
    """

    def __init__(
        self, store: Store, clock: Clock, *, secrets: Sequence[str] = (), sessions: Sequence[str] = (), keep: int = KEEP
    ) -> None:
        super().__init__()
        self._store, self._clock, self._sessions, self._keep = store, clock, tuple(sessions), keep
        self.setFormatter(logs.formatter(secrets, "%(message)s"))
        self._waiting: deque[dict[str, Any]] = deque()
        self._lost = 0
        self._written = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: Timer | None = None
        self._woken = False
        self._pruning: asyncio.Task[None] | None = None

    def __repr__(self) -> str:
        return f"<Journal, {self._written} entries written, {len(self._waiting)} waiting>"

    def begin(self) -> None:
        """Keep what is logged from now on."""
        self._loop = asyncio.get_running_loop()
        logging.getLogger().addHandler(self)
        self._prune()

    async def end(self) -> None:
        """Keep no more; what waits is written with what the store writes last."""
        logging.getLogger().removeHandler(self)
        self._write()
        self._loop = None
        if self._pruning is not None:
            self._pruning.cancel()
            await asyncio.wait({self._pruning})

    def emit(self, record: logging.LogRecord) -> None:
        """Take an entry, from any thread."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - values that do not fit their message
            text = logs.visible(str(record.msg))
        if len(text) > LONGEST:
            text = f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"
        row = {"at": record.created, "level": record.levelno, "logger": record.name[:120], "text": text}
        self._waiting.append({**row, "session": self._session_of(text)})
        if len(self._waiting) > QUEUE:
            self._waiting.popleft()
            self._lost += 1
        if not self._woken and self._loop is not None:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._wake)
            except RuntimeError:  # the loop is closed: nobody can write
                self._loop = None

    def _session_of(self, text: str) -> str:
        """The session of which an entry says that it is about it: ``NAME: …`` or, of a plugin, ``plugin@NAME: …``."""
        if len(self._sessions) == 1:
            return self._sessions[0]
        about = text[:200].partition(": ")[0].rpartition("@")[2]
        return about if about in self._sessions else ""

    def _wake(self) -> None:
        if self._timer is None and self._loop is not None:
            self._timer = self._clock.call_later(EVERY, self._write)

    def _write(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self._woken = None, False
        rows = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if self._lost:
            lost, self._lost = self._lost, 0
            told = {"at": self._clock.wall(), "level": logging.WARNING, "logger": __name__, "session": ""}
            rows.insert(0, {**told, "text": f"{lost:,} entries came too fast to be kept here"})
        before, self._written = self._written, self._written + len(rows)
        for row in rows:
            self._store.write("logged", **row)
        if self._loop is not None and before // PRUNE_EVERY != self._written // PRUNE_EVERY:
            self._prune()

    def _prune(self) -> None:
        if self._pruning is None or self._pruning.done():
            self._pruning = asyncio.ensure_future(self._make_room())

    async def _make_room(self) -> None:
        from mudbot.store import logbook

        since = self._clock.wall() - KEEP_DAYS * 86_400
        try:
            while await self._store.change(lambda connection: logbook.prune(connection, keep=self._keep, since=since)):
                pass
        except StoreError as exc:  # what is written next tries again
            log.debug("old entries stay: %s", exc)
