"""A deadline over a whole call, measured on a Clock, that also holds for an async generator.

``asyncio.timeout`` knows only the event loop's time, and around a ``yield`` it would cancel the consumer.  This one is
entered for each step that is awaited, and its time runs on between the steps.
"""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self

from mudbot.clock import Clock, Timer


class Expired(Exception):  # noqa: N818 - a signal inside the package, not an error to the caller
    """The deadline passed."""


class Deadline:
    """``with deadline: await step()``, as often as there are steps, each in one task; raises Expired.

    ``close`` it in the end: until then it has a timer.
    """

    __slots__ = ("_cancelled", "_cancelling", "_clock", "_passed", "_step", "_timer", "until")

    def __init__(self, clock: Clock, seconds: float) -> None:
        self.until = clock.now() + seconds
        """The moment on the clock when it passes."""
        self._clock = clock
        self._timer: Timer | None = None
        self._step: asyncio.Task[object] | None = None
        self._cancelling = 0
        self._passed = False
        self._cancelled = False

    def __repr__(self) -> str:
        return f"<Deadline in {self.remaining:.3f} s{', passed' if self._passed else ''}>"

    @property
    def remaining(self) -> float:
        """Seconds left, 0 when it has passed."""
        return max(0.0, self.until - self._clock.now())

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def __enter__(self) -> Self:
        if self._timer is None:
            left = self.until - self._clock.now()
            if self._passed or left <= 0:
                raise Expired
            self._timer = self._clock.call_later(left, self._ring)
        elif self._passed:
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

    def _ring(self) -> None:
        left = self.until - self._clock.now()
        if left > 0:  # a clock may ring a little early
            self._timer = self._clock.call_later(left, self._ring)
            return
        self._passed = True
        if self._step is not None:
            self._cancelled = True
            self._step.cancel()
