"""The guard's alarms end searches and reach nothing else, whenever they come; other people's alarms stay theirs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

import pytest

from mudbot.triggers import guard as module
from mudbot.triggers.guard import Guard, Runaway

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")

EVIL = re.compile(r"(a+)+$")
BAIT = "a" * 40 + "!"
HONEST = re.compile(r"(\w+) says, (.*)x")
LINE = "Bob says, " + "hello there " * 30


@pytest.fixture
def owner() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Sets a handler of SIGALRM; the test runner has its own handler and timer back afterwards."""
    left, interval = signal.setitimer(signal.ITIMER_REAL, 0)
    handler = signal.getsignal(signal.SIGALRM)

    def own(do: Callable[[], object]) -> None:
        signal.signal(signal.SIGALRM, lambda *_: do() and None)

    yield own
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, left, interval)


def run_dry(guard: Guard) -> None:
    """Search until the budget is used up and the finer timer runs."""
    with guard:
        while module._WATCH.loan is None:
            with pytest.raises(Runaway):
                guard.search(EVIL, BAIT)
        with pytest.raises(Runaway):
            guard.search(EVIL, BAIT)


# -- at every step, and in a storm ---------------------------------------------------------------------------------


class Tracer:
    """Rings twice before opcode number *at* of all that runs, with the processor time used up."""

    def __init__(self, at: int, clock: list[float]) -> None:
        self.at, self.clock = at, clock
        self.steps = 0

    def __call__(self, frame: FrameType, event: str, arg: object) -> Tracer:
        frame.f_trace_opcodes = True
        if event == "opcode" and frame.f_code is not module._Watch.ring.__code__:
            self.steps += 1
            if self.steps == self.at:
                for _ in range(2):
                    self.clock[0] += 1
                    module._WATCH.ring(signal.SIGVTALRM, frame)
        return self


def guarded(guard: Guard, found: list[str]) -> None:
    """What a matcher does."""
    with guard:
        for _ in range(2):
            try:
                found.append(str(guard.search(HONEST, "x")))
            except Runaway:
                found.append("ended")
            found.append("between")
    found.append("after")


def test_at_no_step_is_anything_but_a_search_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two late ticks at any opcode of entering, searching and leaving: only `search` itself raises."""
    clock = [0.0]
    monkeypatch.setattr(module, "_thread_time", lambda: clock[0])
    guard, at, endings = Guard(), 0, 0
    while True:
        at += 1
        tracer, found = Tracer(at, clock), list[str]()
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # Python 3.12 asks for it before it traces
        sys.settrace(tracer)
        try:
            guarded(guard, found)
        finally:
            sys.settrace(before)
        assert not module._WATCH.running
        if tracer.steps < at:
            break
        endings += found.count("ended")
        assert [what for what in found if what not in ("ended", "None")] == ["between", "between", "after"]
        assert found.count("ended") + found.count("None") == 2
    assert at > 100
    assert endings > 4


@contextlib.contextmanager
def storm() -> Iterator[list[int]]:
    """A thread sends ticks to this one as fast as it can."""
    over, sent = threading.Event(), [0]
    target = threading.get_ident()

    def send() -> None:
        while not over.is_set():
            signal.pthread_kill(target, signal.SIGVTALRM)
            sent[0] += 1

    with Guard():  # the handler is there
        pass
    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield sent
    finally:
        over.set()
        thread.join()


def test_a_storm_of_ticks_is_felt_in_searches_only() -> None:
    """Thousands of ticks, at any moment: the code around the searches never sees one."""
    guard, ended, done = Guard(each=0.0005, total=0), 0, 0.0
    with storm() as sent:
        while sent[0] < 3000 or not ended:
            with guard:
                for pattern, text in ((EVIL, BAIT[:12]), (HONEST, LINE), (EVIL, BAIT)):
                    try:
                        guard.search(pattern, text)
                    except Runaway:
                        ended += 1
                    done += sum(range(50)) > 0
            done += len(str(guard)) > 0
    assert done
    assert not module._WATCH.running
    assert module._WATCH.loan is None


def test_a_handler_of_another_signal_is_not_cut_short() -> None:
    """A tick that comes while another signal is handled, in mid-search, does not raise in that handler."""
    guard, begun, done = Guard(each=0.02, total=10), list[bool](), list[bool]()

    def slowly(_: int, frame: FrameType | None) -> None:
        begun.append(frame is not None and frame.f_code is module._SEARCH)
        for _ in range(20):
            signal.raise_signal(signal.SIGVTALRM)
        done.append(True)

    former = signal.signal(signal.SIGPROF, slowly)
    try:
        for _ in range(5):
            signal.setitimer(signal.ITIMER_PROF, 0.004, 0.004)
            with guard, pytest.raises(Runaway):
                guard.search(EVIL, BAIT)
            signal.setitimer(signal.ITIMER_PROF, 0)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)
    assert any(begun)
    assert len(begun) == len(done)


# -- other people's alarms -----------------------------------------------------------------------------------------


def test_the_alarm_of_others_is_as_it_was(owner: Callable[[Callable[[], object]], None]) -> None:
    """Handler, time left and interval come back, also after the finer timer was needed."""
    rung: list[int] = []
    owner(lambda: rung.append(1))
    handler = signal.getsignal(signal.SIGALRM)
    signal.setitimer(signal.ITIMER_REAL, 500, 70)
    run_dry(Guard())
    assert signal.getsignal(signal.SIGALRM) is handler
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    assert 300 < left < 500
    assert interval == 70
    assert rung == []


def test_an_alarm_of_others_that_fell_due_is_made_up_for(owner: Callable[[Callable[[], object]], None]) -> None:
    """It comes late, after the `with`, and once."""
    rung, inside = threading.Event(), list[bool]()
    owner(lambda: inside.append(module._WATCH.running) or rung.set())  # type: ignore[func-returns-value]
    guard = Guard(total=0)
    with guard:
        with pytest.raises(Runaway):
            guard.search(EVIL, BAIT)
        assert module._WATCH.loan is not None
        handler, _, interval, since = module._WATCH.loan
        module._WATCH.loan = handler, 0.000001, interval, since
    assert rung.wait(60)
    assert inside == [False]


def test_the_time_that_went_by_is_taken_off(owner: Callable[[Callable[[], object]], None]) -> None:
    """An alarm of others comes when it was due, however long the finer timer ran."""
    owner(lambda: None)
    signal.setitimer(signal.ITIMER_REAL, 500)
    guard = Guard(total=0)
    with guard:
        with pytest.raises(Runaway):
            guard.search(EVIL, BAIT)
        assert module._WATCH.loan is not None
        *kept, since = module._WATCH.loan
        module._WATCH.loan = (*kept, since - 200)
    assert signal.getitimer(signal.ITIMER_REAL)[0] < 300


def test_an_alarm_of_others_rings_in_a_long_with_too(owner: Callable[[Callable[[], object]], None]) -> None:
    """A test's time limit, say, that falls due while the finer timer runs."""
    rung: list[bool] = []
    owner(lambda: rung.append(module._WATCH.running))
    signal.setitimer(signal.ITIMER_REAL, 500, 70)
    guard = Guard(total=0)
    with guard:
        for _ in range(2):
            with pytest.raises(Runaway):
                guard.search(EVIL, BAIT)
            assert module._WATCH.loan is not None
            handler, _, interval, since = module._WATCH.loan
            if not rung:
                module._WATCH.loan = handler, 0.000001, interval, since
    assert rung == [True]
    left, interval = signal.getitimer(signal.ITIMER_REAL)
    assert 0 < left <= 70
    assert interval == 70


def test_no_alarm_is_left_behind_where_nobody_had_one(owner: Callable[[Callable[[], object]], None]) -> None:
    """Nobody's timer stays off, and both timers rest after the `with`."""
    owner(lambda: pytest.fail("an alarm of the guard's"))
    run_dry(Guard())
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_handler_that_python_does_not_know_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be put back is not taken: the coarse ticks go on."""
    monkeypatch.setattr(signal, "getsignal", lambda _: None)
    guard = Guard(total=0)
    with guard:
        with pytest.raises(Runaway):
            guard.search(EVIL, BAIT)
        assert module._WATCH.loan is None


def test_ticks_outside_go_to_whoever_had_the_signal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A handler of SIGVTALRM that was there before is called while no `with` is open, and not while one is."""
    heard: list[int] = []
    with Guard():
        pass
    monkeypatch.setattr(module._WATCH, "owner", lambda number, _: heard.append(number))
    signal.raise_signal(signal.SIGVTALRM)
    with Guard():
        signal.raise_signal(signal.SIGVTALRM)
    assert heard == [signal.SIGVTALRM]


def test_a_timer_that_ctrl_c_left_running_stops_itself() -> None:
    """Where `__enter__` was broken off between setting the timer and its end, the first tick ends them."""
    with Guard():
        pass
    signal.setitimer(signal.ITIMER_VIRTUAL, 1000, 1000)
    signal.raise_signal(signal.SIGVTALRM)
    assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_what_another_handler_raises_in_a_search_passes_through() -> None:
    """Ctrl-C in mid-search is Ctrl-C, and the next `with` opens."""
    guard = Guard(each=30, total=30)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    former = signal.signal(signal.SIGPROF, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt), guard:  # noqa: PT012  # the timer starts inside
            signal.setitimer(signal.ITIMER_PROF, 0.01)
            guard.search(EVIL, BAIT)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, former)
    with guard:
        assert guard.search(re.compile("a"), "a")


# -- in an event loop ----------------------------------------------------------------------------------------------


async def test_an_event_loop_is_not_disturbed() -> None:
    """Ticks wake a loop that listens to signals, and that is all: its own signals, timers and callbacks come."""
    loop = asyncio.get_running_loop()
    heard, ticked = asyncio.Event(), asyncio.Event()
    problems: list[dict[str, Any]] = []
    loop.set_exception_handler(lambda _, context: problems.append(context))
    loop.add_signal_handler(signal.SIGUSR1, heard.set)
    loop.call_later(0.001, ticked.set)
    try:
        for _ in range(20):
            run_dry(Guard(each=0.0005, total=0.001))
            for _ in range(20):
                signal.raise_signal(signal.SIGVTALRM)
            await asyncio.sleep(0)
        await ticked.wait()
        signal.raise_signal(signal.SIGUSR1)
        await heard.wait()
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)
        loop.set_exception_handler(None)
    assert problems == []


async def test_a_long_with_does_not_crowd_out_other_signals() -> None:
    """More ticks than the loop's socket takes: Python has nothing to complain of, and the loop hears its own signal."""
    loop = asyncio.get_running_loop()
    heard = asyncio.Event()
    loop.add_signal_handler(signal.SIGUSR1, heard.set)
    try:
        with Guard():
            for _ in range(1000):
                signal.raise_signal(signal.SIGVTALRM)
            detoured = module._WATCH.detour is not None
            signal.raise_signal(signal.SIGUSR1)
        assert detoured
        assert module._WATCH.detour is None
        await heard.wait()
    finally:
        loop.remove_signal_handler(signal.SIGUSR1)


def test_a_long_with_leaves_no_descriptor_behind() -> None:
    """Neither a wakeup descriptor where there was none, nor an open pipe."""
    with Guard():
        for _ in range(1000):
            signal.raise_signal(signal.SIGVTALRM)
        assert module._WATCH.detour is not None
        _, reader, writer = module._WATCH.detour
    assert signal.set_wakeup_fd(-1) == -1
    for closed in (reader, writer):
        with pytest.raises(OSError, match="descriptor"):
            os.fstat(closed)


def test_two_loops_one_after_the_other_work() -> None:
    """The handler outlives a loop and its wakeup descriptor."""

    async def main() -> int:
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, print)
        run_dry(Guard(each=0.001, total=0.001))
        return 1

    assert [asyncio.run(main()) for _ in range(2)] == [1, 1]
    run_dry(Guard(each=0.001, total=0.001))
