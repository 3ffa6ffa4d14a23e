"""A deadline over a whole call, measured on a Clock, that also holds for an async generator.

``asyncio.timeout`` knows only the event loop's time, and around a ``yield`` it would cancel the consumer.  This one is
entered for each step that is awaited, and its time runs on between the steps.
"""

from __future__ import annotations

import asyncio
from functools import partial
from types import TracebackType
from typing import Self

from mudbot.clock import Clock, Timer


class Expired(Exception):  # noqa: N818 - a signal inside the package, not an error to the caller
    """The deadline passed."""


class Alarms:
    """The deadlines of many calls under a few timers: one for each length, as most calls have the same.

    Deadlines of one length pass in the order in which they were made, so a timer waits for the first of them only.  To
    set and cancel a timer of the event loop costs ten times as much as to enter a dict and leave it.
    """

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._rows: dict[float, dict[Deadline, None]] = {}
        self._timers: dict[float, Timer] = {}

    def __repr__(self) -> str:
        return f"<Alarms {sum(map(len, self._rows.values()))} deadlines, {len(self._timers)} timers>"

    def row(self, seconds: float) -> dict[Deadline, None]:
        """Where the deadlines of *seconds* are entered, in their order; its timer runs."""
        found = self._rows.get(seconds)
        if found is None:
            found = self._rows[seconds] = {}
            self._timers[seconds] = self.clock.call_later(seconds, partial(self._ring, seconds))
        return found

    def _ring(self, seconds: float) -> None:
        row, now = self._rows[seconds], self.clock.now()
        while row:
            first = next(iter(row))
            if first.until > now:
                self._timers[seconds] = self.clock.call_later(first.until - now, partial(self._ring, seconds))
                return
            del row[first]
            first.pass_()
        del self._rows[seconds], self._timers[seconds]

    def close(self) -> None:
        """Stop all timers."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._rows.clear()


class Deadline:
    """``with deadline: await step()``, as often as there are steps, each in one task; raises Expired.

    ``close`` it in the end: until then it is in the books of *alarms*.
    """

    __slots__ = ("_alarms", "_cancelled", "_cancelling", "_passed", "_row", "_step", "until")

    def __init__(self, alarms: Alarms, seconds: float) -> None:
        self.until = alarms.clock.now() + seconds
        """The moment on the clock when it passes."""
        self._alarms = alarms
        self._step: asyncio.Task[object] | None = None
        self._passed = self._cancelled = False
        if seconds > 0:
            self._row = alarms.row(seconds)
            self._row[self] = None
        else:
            self._row, self._passed = {}, True

    def __repr__(self) -> str:
        return f"<Deadline in {self.remaining:.3f} s{', passed' if self._passed else ''}>"

    @property
    def remaining(self) -> float:
        """Seconds left, 0 when it has passed."""
        return max(0.0, self.until - self._alarms.clock.now())

    def close(self) -> None:
        """It shall not pass."""
        self._row.pop(self, None)

    def pass_(self) -> None:
        """It passes now."""
        self._passed = True
        if self._step is not None:
            self._cancelled = True
            self._step.cancel()

    def __enter__(self) -> Self:
        if self._passed:
            raise Expired
        self._step = step = asyncio.current_task()
        assert step is not None
        self._cancelling = step.cancelling()
        return self

    def __exit__(self, kind: type[BaseException] | None, _error: object, _trace: TracebackType | None) -> None:
        task, self._step = self._step, None
        if not self._cancelled or task is None:
            return
        self._cancelled = False
        # Ours alone, and not somebody else's who cancelled the task meanwhile: theirs must go on.
        if task.uncancel() <= self._cancelling and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise Expired
