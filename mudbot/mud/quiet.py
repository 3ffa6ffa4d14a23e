"""A moment without a word: what is done once it has lasted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mudbot.clock import Clock


class Waits(Protocol):
    """Whose timers end with the link."""

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Call *action* after *seconds*, unless the link ended before."""


class Quiet:
    """Calls *action* once *seconds* have passed since the last ``touch``; one timer, however often it is touched."""

    def __init__(self, session: Waits, clock: Clock, seconds: float, action: Callable[[], None]) -> None:
        self._session, self._clock, self._seconds, self._action = session, clock, seconds, action
        self._at, self._pending = 0.0, False

    def touch(self) -> None:
        self._at = self._clock.now()
        if not self._pending:
            self._pending = True
            self._session.later(self._seconds, self._fire)

    def _fire(self) -> None:
        self._pending = False
        left = self._seconds - (self._clock.now() - self._at)
        if left <= 0.001:
            self._action()
        else:
            self._pending = True
            self._session.later(left, self._fire)
