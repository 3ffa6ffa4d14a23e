"""Finds the plugin that holds the event loop, names it, and ends what it does.

Everything in the bot waits by the one loop, so a ``time.sleep``, a blocking socket or an endless computation in a
plugin stops all of it: nothing is heard, nothing is said, and the MUD hangs up in the end.

1.  A thread asks the loop for a sign of life.  Where none comes it looks what the loop's thread does: if a plugin's
    own code is in the midst of something, twice, that is named in the log.
2.  Then it sends that thread a signal.  The handler raises ``Blocked`` there, if what it interrupts is the plugin's
    code or a library's that it called, never in the bot's or asyncio's, which would be left half done.  It interrupts
    system calls as well.  The signal is SIGURG, as in Go's runtime: nobody else uses it, and unhandled it does nothing.
3.  A C function that keeps the interpreter's lock, a runaway regular expression above all, keeps the thread from
    looking too.  ``re`` does look for signals, so a timer of processor time (SIGPROF) looks for it;
    ``triggers/guard.py``, which owns two other timers, says more of that.

Outside the main thread, and on Windows, there are no such signals: then it is named, and paused once it lets go.

Where other threads keep the processors or the interpreter's lock, little takes long and nobody is to blame.  So whoever
computes is found out only when the loop's thread itself had ``LIMIT`` seconds of a processor, where the platform tells
that of a thread; whoever sleeps had none at all, and is found out at once; and after ``AT_LAST`` seconds it is all one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

from mudbot.host.frames import Files, loop_frame, place_of

log = logging.getLogger(__name__)

EVERY = 0.25
"""Seconds between two signs of life."""
LIMIT = 1.0
"""Seconds without one.  Whoever computes for longer does so in a thread: everybody else waits meanwhile."""
AGAIN = 0.2
"""Seconds between two looks, so that a process that was stopped itself, or swapped out, is not taken for a plugin."""
AT_LAST = 3.5
"""Seconds after which a plugin is named even if it is the bot's own code that it calls, on and on."""
ASLEEP = 0.002
"""Seconds of a processor between two looks that are none: a thread that waits for its turn has a tenth of the time."""
QUIET = 3
"""Looks in a row without any: on a busy machine a thread may get nothing between two."""
ADVICE = "await asyncio.sleep or self.http, or move it into asyncio.to_thread"


class Blocked(BaseException):
    """A plugin held the event loop, and this ends what it did.  No Exception: ``except Exception`` must not keep it."""


class Watchdog:
    """Watches the running loop from ``start`` to ``stop``.

    *on_blocked* is told in the loop which plugin holds it, where, and the name of the module.  *limit* is how many
    seconds it may.
    """

    def __init__(self, files: Files, on_blocked: Callable[[str, str, str], None], *, limit: float = LIMIT) -> None:
        self._files, self._on_blocked = files, on_blocked
        self._limit, self._at_last = limit, limit + AT_LAST - LIMIT
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ident = 0
        self._over, self._alive = threading.Event(), threading.Event()
        self._last = 0.0
        """When the last sign of life came."""
        self._spent = 0.0
        """Seconds of a processor that the loop's thread had had by then."""
        self._meter: int | None = None
        """The clock of those."""
        self._wanted: str | None = None
        """The plugin that is to be ended."""
        self._named: dict[str, tuple[str, str]] = {}
        """Plugins that were found since the last sign of life, where, and in which module."""
        self._ticks = 0
        self._before: list[tuple[signal.Signals, Any]] = []

    def __repr__(self) -> str:
        return f"<Watchdog of {self._files!r}, can end them: {self.armed}>"

    @property
    def armed(self) -> bool:
        """Whether it can end what a plugin does."""
        return bool(self._before)

    def start(self) -> None:
        """Watch the loop that runs in this thread."""
        self._loop, self._ident = asyncio.get_running_loop(), threading.get_ident()
        self._last, self._spent = time.monotonic(), time.thread_time()
        if hasattr(time, "pthread_getcpuclockid"):
            self._meter = time.pthread_getcpuclockid(self._ident)
        self._over.clear()
        if hasattr(signal, "SIGURG") and threading.current_thread() is threading.main_thread():
            self._arm()
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def stop(self) -> None:
        """Watch no more."""
        self._over.set()
        self._alive.set()
        self._wanted = None
        if self.armed:
            signal.setitimer(signal.ITIMER_PROF, 0)
        for number, handler in self._before:
            signal.signal(number, handler)
        self._before = []

    def _arm(self) -> None:
        for number, handler in ((signal.SIGURG, self._ring), (signal.SIGPROF, self._tick)):
            self._before.append((number, signal.signal(number, handler) or signal.SIG_DFL))
        signal.siginterrupt(signal.SIGPROF, False)  # no system call of anybody's is cut short by a tick
        signal.setitimer(signal.ITIMER_PROF, self._limit / 2, self._limit / 2)

    # -- in the loop -----------------------------------------------------------------------------------------------

    def _live(self) -> None:
        self._last, self._spent, self._wanted, self._ticks = time.monotonic(), time.thread_time(), None, 0
        named, self._named = self._named, {}
        self._alive.set()
        for name, (place, module) in named.items():
            self._on_blocked(name, place, module)

    # -- in the thread ---------------------------------------------------------------------------------------------

    def _watch(self) -> None:
        loop = self._loop
        assert loop is not None
        while not self._over.wait(EVERY):
            self._alive.clear()
            with contextlib.suppress(RuntimeError):  # it is closed: the process is about to end
                loop.call_soon_threadsafe(self._live)
                if not self._alive.wait(self._limit):
                    self._look()
                continue
            return

    def _look(self) -> None:
        """Look what holds the loop, until it is held no more."""
        began, before, seen = time.monotonic(), self._used(), dict[str, int]()
        quiet = -1  # the first look has nothing before it
        while not self._over.is_set():
            late = time.monotonic() - began + self._limit > self._at_last
            found = self._files.at_work(loop_frame(self._ident), alone=not late)
            used = self._used()
            quiet = quiet + 1 if used - before <= ASLEEP else 0
            starved, before = quiet < QUIET and used < self._limit, used
            if found is not None:
                name, frame = found
                seen[name] = seen.get(name, 0) + 1
                if seen[name] > 1 and (late or not starved):
                    self._name(name, frame)
                    self._wanted = name
                    if self.armed:
                        signal.pthread_kill(self._ident, signal.SIGURG)
            del found
            if self._alive.wait(AGAIN):
                return

    def _used(self) -> float:
        """Seconds of a processor that the loop's thread had since the last sign of life; 0 where nobody tells."""
        return 0.0 if self._meter is None else time.clock_gettime(self._meter) - self._spent

    def _used_here(self) -> float:
        """The same, in the loop's thread."""
        return time.thread_time() - self._spent

    def _name(self, name: str, frame: FrameType) -> None:
        if name not in self._named:
            place = place_of(frame)
            self._named[name] = place, str(frame.f_globals.get("__name__"))
            how = "it is ended" if self.armed else "it cannot be ended from here"
            log.error("plugin %s holds everything up at %s: %s; it must %s", name, place, how, ADVICE)

    # -- in the loop's thread, in the midst of something -----------------------------------------------------------

    def _ring(self, _number: int, frame: FrameType | None) -> None:
        """The thread has found somebody.  :raises Blocked: if that is who is interrupted."""
        wanted, found = self._wanted, self._files.at_work(frame, alone=True)
        if found is not None and found[0] == wanted:
            self._wanted = None  # until the thread looks again
            raise Blocked(place_of(found[1]))

    def _tick(self, _number: int, frame: FrameType | None) -> None:
        """Processor time went by.  :raises Blocked: in a plugin, where even the thread could not look for so long."""
        held = time.monotonic() - self._last
        if held < EVERY + self._limit + 2 * AGAIN or (held < self._at_last and self._used_here() < self._limit):
            return
        found = self._files.at_work(frame, alone=True)
        self._ticks = self._ticks + 1 if found is not None else 0
        if found is not None and self._ticks > 1 and found[0] not in self._named:
            self._ticks = 0
            self._name(*found)
            raise Blocked(place_of(found[1]))
