"""Ends a search of ``re`` that runs away.

Some patterns take longer than the universe is old on a line made for it, and ``re`` knows no time limit.  It does look
for signals, every 4,096 steps (``SRE(match)`` in CPython's ``Modules/_sre``), and an exception that a signal's handler
raises there ends the search.  A thread could not do this: ``re`` holds the interpreter's lock.

1.  The timer counts processor time that the process spends on its own code (``ITIMER_VIRTUAL``, ``SIGVTALRM``).  It
    never ticks while the bot waits, and nobody else uses it; ``ITIMER_REAL`` belongs to test runners and to whoever
    calls ``signal.alarm``.  Linux counts it in jiffies, 1 to 10 ms: enough to find a search of 20 ms.
2.  Once the budget is used up a limit of 1 ms is wanted, so only then, and only until the ``with`` ends,
    ``ITIMER_REAL`` is borrowed.  Its owner's handler and the time that was left come back afterwards.
3.  The handler is told the Python frame that it interrupts.  It raises only where that is the frame of
    :meth:`Guard.search`: wherever else a tick comes late, be it in the caller, in ``__exit__``, in another signal's
    handler or in a finalizer, it has nothing to stop.
4.  Two ticks in the same frame tell a long search from a short one that a tick happened to meet, so a search itself
    keeps no books and costs one call more.  How long it took is the thread's processor time: other threads and other
    processes cost it nothing.
5.  Python writes each signal's number to the wakeup descriptor, where an event loop reads it; ours make it look around
    for nothing, which is harmless.  In a ``with`` that lasts long they would fill its socket and crowd out SIGTERM, so
    they go to a pipe then, and what is not ours is passed on at the end.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
import time
from types import FrameType, TracebackType
from typing import Any

_MAIN = threading.main_thread().ident if hasattr(signal, "setitimer") else None
"""The only thread in which Python runs handlers; none where there is no such timer (Windows)."""

_FINE = 0.0005
"""Seconds between two ticks of the borrowed timer: half of the shortest limit."""

_LEAST = 0.001
"""Seconds that a search may take once the budget is used up; honest ones take microseconds."""

_ENOUGH = 64
"""Ticks of one ``with`` that an event loop is told of.  Its socket takes some 270 before Python complains (Linux)."""

_ident, _thread_time = threading.get_ident, time.thread_time


class Runaway(Exception):  # noqa: N818  # control flow, like StopIteration: no error of anybody's
    """A search took too long and was ended.  Whoever searches catches this; it never reaches users."""


class Guard:
    """At most *each* seconds of processor time for one search, and *total* for all within one ``with``.

    ::

        with guard:
            for line in lines:
                try:
                    found = guard.search(pattern, line)
                except Runaway:
                    ...  # this pattern is not asked again

    A search is ended when it has used between half of *each* and *each*, as exactly as the system's ticks allow, or
    when ``re`` looks for signals next: on short lines that is at once, for ``\\d+\\d+,`` on 4,000 digits each 30 ms.
    When *total* is used up, every further search of this ``with`` may take 1 ms.

    The body must not await.  There is one timer for the process, so one ``with`` cannot stand within another, not even
    of another guard.  Outside the main thread, outside the ``with``, and where the system has no such timer (Windows)
    searches are passed through without a limit.
    """

    __slots__ = ("each", "total")

    def __init__(self, each: float = 0.02, total: float = 0.06) -> None:
        if each <= 0 or total < 0:
            raise ValueError(f"a search needs some time: each={each} must be above 0, total={total} not below")
        self.each = each
        self.total = total

    def __repr__(self) -> str:
        return f"Guard(each={self.each}, total={self.total}, available={self.available})"

    @property
    def available(self) -> bool:
        """Whether a ``with`` that is entered here, in this thread, limits anything."""
        return _ident() == _MAIN

    def __enter__(self) -> None:
        """Watch the searches that follow.  :raises RuntimeError: another ``with`` is open already."""
        if _ident() == _MAIN:
            _WATCH.start(self.each, self.total)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if _ident() == _MAIN:
            _WATCH.stop()

    def search(self, pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
        """The same as ``pattern.search(text)``.  :raises Runaway: it took too long."""
        return pattern.search(text)


_SEARCH = Guard.search.__code__


class _Watch:
    """Timer, handler and books.  There is one, as timers and handlers are the process's."""

    __slots__ = (
        *("began", "detour", "frame", "kept", "last", "left", "limit", "loan", "owner", "period", "running", "ticks"),
    )

    def __init__(self) -> None:
        self.running = False
        """Whether a ``with`` is open."""
        self.limit = self.left = self.period = 0.0
        self.last: float | None = None
        """The thread's processor time at the last tick of this ``with``."""
        self.frame: FrameType | None = None
        """The search that the last tick met; held, so that no other frame can be taken for it."""
        self.began = 0.0
        """When that search began, at the earliest."""
        self.kept = (0.0, 0.0)
        """What the timer was set to before."""
        self.owner: Any = None
        """Whose ticks these were before; ``ring`` is installed when this is known."""
        self.loan: tuple[Any, float, float, float] | None = None
        """The owner of SIGALRM, the seconds left to it, its interval, and when that was."""

        self.ticks = 0
        self.detour: tuple[int, int, int] | None = None
        """The event loop's wakeup descriptor, and the pipe that stands in for it: reader, writer."""

    def start(self, each: float, total: float) -> None:
        """Tick from now on."""
        if self.running:
            raise RuntimeError("a guard is at work already: close its `with` first")
        if self.owner is None:
            self.owner = signal.signal(signal.SIGVTALRM, self.ring) or signal.SIG_DFL
            signal.siginterrupt(signal.SIGVTALRM, False)  # no system call of anybody's is cut short by a tick
        self.left = total
        self.period = period = each / 8
        self.limit = each - 1.5 * period  # one tick more would be later than *each*, with jiffies of 1 to 4 ms
        self.last = None
        self.ticks = 0
        self.kept = signal.setitimer(signal.ITIMER_VIRTUAL, period, period)
        self.running = True  # the last: if Ctrl-C comes before this, the next `with` opens all the same

    def stop(self) -> None:
        """Tick no more."""
        self.running = False
        signal.setitimer(signal.ITIMER_VIRTUAL, *self.kept)
        self.frame = None
        if self.loan is not None:
            self.give_back(*self.loan)
        if self.detour is not None:
            self.return_to_loop(*self.detour)

    def ring(self, number: int, frame: FrameType | None) -> None:
        """A tick.  :raises Runaway: in the frame of a search that took too long, and in no other."""
        if not self.running:
            self.pass_on(number, frame)
            return
        self.ticks += 1
        if self.ticks == _ENOUGH:
            self.turn_from_loop()
        now = _thread_time()
        before = now - 2 * self.period if self.last is None else self.last  # the first comes a jiffy late, or two
        self.last = now
        if number == signal.SIGALRM:
            self.pass_on_alarm(frame)
        if frame is None or frame.f_code is not _SEARCH:
            return
        self.left -= now - before
        again = frame is self.frame
        if not again:
            self.frame, self.began = frame, before
        if self.left <= 0 and self.loan is None:
            self.borrow()
        if again and now - self.began >= (self.limit if self.left > 0 else min(self.limit, _LEAST - _FINE / 4)):
            self.frame = None
            raise Runaway

    def pass_on(self, number: int, frame: FrameType | None) -> None:
        """A tick while no ``with`` is open: the owner's, a late one of ours, or Ctrl-C came while the timer was set."""
        if number == signal.SIGVTALRM and callable(self.owner):
            self.owner(number, frame)
        elif number == signal.SIGVTALRM:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    def pass_on_alarm(self, frame: FrameType | None) -> None:
        """The owner of SIGALRM has its alarm in time while the finer timer runs: a test's time limit stays one."""
        if self.loan is None:
            return
        owner, left, interval, since = self.loan
        now = time.monotonic()
        if left and now >= since + left and callable(owner):  # SIG_DFL, which ends the process, can wait for the end
            self.loan = owner, interval, interval, now
            owner(signal.SIGALRM, frame)

    def borrow(self) -> None:
        """Tick finely, by wall clock."""
        owner = signal.getsignal(signal.SIGALRM)
        if owner is None:
            return  # a handler that is no Python function could not be put back: go on with the coarse ticks
        left, interval = signal.getitimer(signal.ITIMER_REAL)
        self.loan = owner, left, interval, time.monotonic()
        signal.signal(signal.SIGALRM, self.ring)
        signal.setitimer(signal.ITIMER_REAL, _FINE, _FINE)

    def give_back(self, owner: Any, left: float, interval: float, since: float) -> None:
        """The owner of SIGALRM has all that it had, less the time that went by; what fell due meanwhile comes now."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, owner)  # this runs ticks that are still waiting first, with our handler
        self.loan = None
        if left:
            signal.setitimer(signal.ITIMER_REAL, max(left - (time.monotonic() - since), 1e-6), interval)

    def turn_from_loop(self) -> None:
        """Numbers of signals go to a pipe from now on: it takes 64 K of them."""
        with contextlib.suppress(OSError):  # no descriptor is left: then the loop hears of every tick
            reader, writer = os.pipe()
            os.set_blocking(reader, False)
            os.set_blocking(writer, False)
            self.detour = signal.set_wakeup_fd(writer, warn_on_full_buffer=False), reader, writer

    def return_to_loop(self, wakeup: int, reader: int, writer: int) -> None:
        """The event loop hears now of other people's signals that came meanwhile."""
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        self.detour = None
        os.close(writer)
        with contextlib.suppress(OSError):  # nothing stands in the pipe, or its socket is full or closed
            others = os.read(reader, 1 << 16).translate(None, bytes((signal.SIGVTALRM, signal.SIGALRM)))
            if wakeup != -1 and others:
                os.write(wakeup, others)
        os.close(reader)


_WATCH = _Watch()
