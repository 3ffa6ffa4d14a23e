"""The time of a running event loop in a test's hand: it stands still while the test does something, and jumps as told.

Everything that waits in the bot waits by the loop: pauses between lines, deadlines, timers, ``asyncio.sleep``.  So an
hour takes as long as the work in it, and "nothing can go further by itself" is something that the loop knows.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import selectors
import time
from collections.abc import Callable
from typing import Any

from mudbot.replay.loop import START, Jobs, Poll

DIGITS = 9
"""Decimals of a second that are kept: sums of pauses come out even, so that 60 s are not 59.99999."""
ALONE = 3600.0
"""Seconds that pass at most while the test itself waits for something: then it will not come."""
PATIENCE = 2.0
"""True seconds that something outside, a socket or a thread of the test's own, has where no timer runs."""

Ready = list[tuple[selectors.SelectorKey, int]]


class Still:
    """Holds the time of *loop* from ``hold`` to ``release``.  *stuck* is called where the test waits in vain.

    It begins at 1000.0, so that whole seconds stay whole.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, stuck: Callable[[], None]) -> None:
        self._loop = loop
        self._stuck = stuck
        self._now = START
        self._alone = 0.0
        self._alone_since: float | None = None
        self._count = itertools.count()
        self._goals: list[tuple[float, int, asyncio.Future[None]]] = []
        self._jobs: Jobs | None = None
        self._selector: Any = None
        self._poll: Poll = lambda _timeout: []

    def __repr__(self) -> str:
        return f"<Still {self._now} {'held' if self._jobs is not None else 'released'}>"

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """Whose time it is."""
        return self._loop

    @property
    def now(self) -> float:
        """Seconds."""
        return self._now

    def hold(self) -> None:
        """From now on time is the test's.  Raises RuntimeError for a loop that cannot be held."""
        selector = getattr(self._loop, "_selector", None)
        if selector is None or not isinstance(self._loop, asyncio.BaseEventLoop):
            kind = type(self._loop).__name__
            raise RuntimeError(f"a {kind} keeps its own time: run tests that use `bot` on asyncio's own loop")
        self._jobs = Jobs(self._loop)
        self._selector, self._poll = selector, selector.select
        selector.select = self._wait
        held: Any = self._loop  # its methods, for as long as it is held
        held.time, held.run_in_executor = self._time, self._jobs.submit

    def release(self) -> None:
        """Time passes as it does outside."""
        jobs, self._jobs = self._jobs, None
        if jobs is None:
            return
        del self._selector.select, self._loop.time, self._loop.run_in_executor
        jobs.leave()
        jobs.threads.shutdown(wait=False)

    async def until(self, end: float) -> None:
        """Let everything happen that happens up to *end*, in order; time is *end* then."""
        self._alone, self._alone_since = 0.0, None
        future = self._loop.create_future()
        heapq.heappush(self._goals, (round(end, DIGITS), next(self._count), future))
        await future

    def _time(self) -> float:
        return self._now

    def _wait(self, timeout: float | None = None) -> Ready:
        """What the selector does: the loop has nothing to do for *timeout* seconds, None being for ever."""
        events = self._poll(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if self._jobs:
            return self._jobs.wait(self._poll)
        while self._goals and self._goals[0][2].done():  # whoever waited for it was cancelled
            heapq.heappop(self._goals)
        when = None if timeout is None else round(self._now + timeout, DIGITS)
        if not self._goals:
            return self._alone_until(when)
        end, _, future = self._goals[0]
        if when is not None and when <= end:
            self._now = when
        else:
            heapq.heappop(self._goals)
            self._now = max(self._now, end)
            future.set_result(None)
        return []

    def _alone_until(self, when: float | None) -> Ready:
        """The test waits for something else than the bot: time jumps, as long as there is hope."""
        if when is None or self._alone >= ALONE:
            if self._alone_since is None:
                self._alone_since = time.monotonic()
            left = self._alone_since + PATIENCE - time.monotonic()
            events = self._poll(max(left, 0))
            if left <= 0:
                self._alone, self._alone_since = 0.0, None
                self._stuck()
            return events
        self._alone += when - self._now
        self._now = when
        return []
