"""One worker thread for one kind of heavy work, with a bounded line before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from mudbot.errors import QueueFullError

Given = ParamSpec("Given")
Made = TypeVar("Made")


class Lane:
    """Does what it is given one after the other, off the event loop."""

    def __init__(self, name: str, *, queue: int) -> None:
        self.name, self._queue = name, queue
        self._worker = ThreadPoolExecutor(1, thread_name_prefix=f"mudbot-{name}")
        self._waiting = 0

    def __repr__(self) -> str:
        return f"<Lane {self.name}: {self._waiting} of {self._queue}>"

    async def run(self, work: Callable[Given, Made], *args: Given.args, **kwargs: Given.kwargs) -> Made:
        """What *work* gives.  Raises QueueFullError at once if too much waits already, and whatever *work* raises."""
        if self._waiting >= self._queue:
            raise QueueFullError(f"{self._queue} requests wait for the {self.name}: try again later", status=503)
        future = asyncio.wrap_future(self._worker.submit(work, *args, **kwargs))
        # Counted until the thread is done with it: a caller who left does not stop it.
        self._waiting += 1
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def _leave(self, future: asyncio.Future[Made]) -> None:
        self._waiting -= 1
        if not future.cancelled():
            future.exception()  # seen: a caller who left will not look at it

    def close(self) -> None:
        """Drop what waits; what runs ends by itself (a second at most)."""
        self._worker.shutdown(wait=False, cancel_futures=True)
