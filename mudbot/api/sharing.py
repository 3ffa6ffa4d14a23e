"""Answers for several: identical calls in flight share one request, and what does not change is kept for a while.

Only for calls whose answer does not depend on chance or on the moment (``Call.shared``, ``Call.kept``).  What is kept
are bytes, bounded, and read anew for each caller, so that nobody changes another's answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, TypeVar

from mudbot.clock import Clock
from mudbot.errors import ApiTimeoutError, BudgetError, QueueFullError

Body = bytes
T = TypeVar("T")

KEPT = 3600.0
"""Seconds that an answer is kept: models behind one name change, though seldom."""
MOST, MOST_BYTES = 2048, 16 * 1024 * 1024
"""Answers, and bytes of them, that are kept; the least used go."""


class Kept:
    """A bounded store of answers' bytes by what was asked; the least recently used go first."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._found: OrderedDict[Hashable, tuple[float, Body]] = OrderedDict()
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<Kept {len(self._found)} answers, {self._bytes} bytes>"

    def get(self, key: Hashable) -> Body | None:
        """What was answered less than KEPT seconds ago."""
        found = self._found.get(key)
        if found is None:
            return None
        if self._clock.now() - found[0] > KEPT:
            self._drop(key)
            return None
        self._found.move_to_end(key)
        return found[1]

    def put(self, key: Hashable, body: Body) -> None:
        """Keep *body*, unless it is a large part of all there is room for."""
        if len(body) > MOST_BYTES // 16:
            return
        self._drop(key)
        self._found[key] = (self._clock.now(), body)
        self._bytes += len(body)
        while len(self._found) > MOST or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._found)))

    def _drop(self, key: Hashable) -> None:
        found = self._found.pop(key, None)
        if found is not None:
            self._bytes -= len(found[1])


class Flights:
    """Calls in flight that others may join.  Who leaves early leaves the rest their answer; the last one ends it."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, tuple[asyncio.Task[Any], list[int]]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._flights

    async def join(self, key: Hashable, start: Callable[[], Coroutine[Any, Any, T]]) -> tuple[T, bool]:
        """What the flight *key* brings, which *start* begins if there is none, and whether another had begun it.

        A flight that fails for a reason of whoever began it (its deadline, its budget, its place in the queue) is not
        the fault of those who joined: they begin one of their own.
        """
        while True:
            found = self._flights.get(key)
            joined = found is not None
            if found is None:
                task = asyncio.ensure_future(start())
                found = self._flights[key] = (task, [0])
                task.add_done_callback(partial(self._land, key, found))
            task, riders = found
            riders[0] += 1
            try:
                return await asyncio.shield(task), joined
            except (ApiTimeoutError, BudgetError, QueueFullError):
                if not joined:
                    raise
            except asyncio.CancelledError:
                current = asyncio.current_task()
                if current is None or current.cancelling():
                    raise  # else the Api was closed, and the next one says so
            finally:
                riders[0] -= 1
                if riders[0] == 0 and not task.done():
                    self._flights.pop(key, None)
                    task.cancel()

    def _land(self, key: Hashable, entry: tuple[asyncio.Task[Any], list[int]], _done: object) -> None:
        if self._flights.get(key) is entry:
            del self._flights[key]
        if not entry[0].cancelled():
            entry[0].exception()  # whoever waited has it; if nobody does, it is no news

    async def close(self) -> None:
        """End them all."""
        tasks = [task for task, _ in self._flights.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
