"""An event loop whose time jumps: when nothing is left to do, it is at once the moment of the next timer.

Everything that waits in the bot waits by the loop, the quiet of a prompt and a plugin's deadline too, so an hour of a
recording takes as long as the work in it.  And in the same order each time: threads are waited for one after the other,
and what they found is handed over only when the loop has nothing else to do.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import selectors
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

log = logging.getLogger(__name__)

START = 1000.0
"""What the loop's time begins with: not zero, which is as good as none to a careless ``if``."""
PATIENCE = 60.0
"""True seconds for which time stands still for a thread; one that has not ended by then may wait for the bot."""

Poll = Callable[[float | None], list[tuple[selectors.SelectorKey, int]]]
"""What a selector does: wait for files, at most so many seconds."""

_Job = tuple["concurrent.futures.Future[Any]", "asyncio.Future[Any]"]


class Jobs:
    """The threads of a loop whose time is not the true one: waited for one after the other, in their order."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: deque[_Job] = deque()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="replay")

    def __repr__(self) -> str:
        return f"<Jobs {len(self._jobs)} waited for>"

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def threads(self) -> ThreadPoolExecutor:
        """Those that take what names none of its own."""
        return self._threads

    def submit(
        self, executor: concurrent.futures.Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run *func* in a thread; its outcome comes when ``wait`` is called in its turn."""
        job = (executor or self._threads).submit(func, *args)
        job.add_done_callback(self._wake)
        future = self._loop.create_future()
        self._jobs.append((job, future))
        return future

    def wait(self, poll: Poll) -> list[tuple[selectors.SelectorKey, int]]:
        """Wait for the first one, or until *poll* has something else."""
        job, future = self._jobs[0]
        if not job.done():
            events = poll(PATIENCE)
            if not events:
                log.warning("a thread takes more than %.0f s: the time goes on without it", PATIENCE)
                self._jobs.popleft()
                self._hand_over_later(job, future)
            return events
        self._jobs.popleft()
        _hand_over(job, future)
        return []

    def leave(self) -> None:
        """Let each hand over what it found by itself."""
        for job, future in self._jobs:
            self._hand_over_later(job, future)
        self._jobs.clear()

    def _wake(self, _job: object) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(lambda: None)

    def _hand_over_later(self, job: concurrent.futures.Future[Any], future: asyncio.Future[Any]) -> None:
        def done(_job: object) -> None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(_hand_over, job, future)

        job.add_done_callback(done)


def _hand_over(job: concurrent.futures.Future[Any], future: asyncio.Future[Any]) -> None:
    if future.done():
        return
    if job.cancelled():
        future.cancel()
    elif (failure := job.exception()) is not None:
        future.set_exception(failure)
    else:
        future.set_result(job.result())


class _Selector(selectors.DefaultSelector):
    """Asks the loop how to wait."""

    loop: ReplayLoop | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if self.loop is None:
            return super().select(timeout)
        return self.loop.wait(timeout, super().select)


class ReplayLoop(asyncio.SelectorEventLoop):
    """*speed* is None for jumps, else by how much its time is faster than the true one.

    While ``busy`` says so, somebody outside is at work for the bot, and time passes as it does outside.
    """

    def __init__(self, speed: float | None = None) -> None:
        selector = _Selector()
        super().__init__(selector)
        self.busy: Callable[[], bool] = lambda: False
        self._speed = speed
        self._now, self._since = START, time.monotonic()
        self._jobs = Jobs(self)
        self.set_default_executor(self._jobs.threads)
        selector.loop = self

    def time(self) -> float:
        """Seconds, of the recording."""
        if self._speed is None:
            return self._now
        return self._now + (time.monotonic() - self._since) * self._speed

    def leave(self) -> None:
        """From now on time passes as it does outside: what is left is to end everything."""
        self._now, self._since, self._speed = self.time(), time.monotonic(), 1.0
        self._jobs.leave()

    def wait(self, timeout: float | None, poll: Poll) -> list[tuple[selectors.SelectorKey, int]]:
        """What the selector does: wait for files, at most *timeout* seconds of the loop's time."""
        if self._speed is not None:
            return poll(None if timeout is None else timeout / self._speed)
        events = poll(0)
        if events or (timeout is not None and timeout <= 0):
            return events
        if self._jobs:
            return self._jobs.wait(poll)
        if timeout is None or self.busy():
            began = time.monotonic()
            events = poll(timeout)
            self._now += min(time.monotonic() - began, float("inf") if timeout is None else timeout)
            return events
        self._now += timeout
        return []

    # -- threads ---------------------------------------------------------------------------------------------------

    def run_in_executor(  # type: ignore[override]  # a Future, as the base class says in its own words
        self, executor: concurrent.futures.Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """Run *func* in a thread; its outcome comes when the loop has nothing else to do."""
        if self._speed is not None:
            return super().run_in_executor(executor, func, *args)
        return self._jobs.submit(executor, func, *args)


class LoopClock:
    """The Clock of everything in a replay.  *wall* is the time at which it begins, in seconds since 1970."""

    def __init__(self, loop: asyncio.AbstractEventLoop, wall: float) -> None:
        self._loop, self._wall = loop, wall - loop.time()

    def __repr__(self) -> str:
        return f"<LoopClock {self.now():.3f}>"

    def now(self) -> float:
        return self._loop.time()

    def wall(self) -> float:
        return self._wall + self._loop.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def call_later(self, seconds: float, callback: Callable[[], None]) -> asyncio.TimerHandle:
        return self._loop.call_later(seconds, callback)
