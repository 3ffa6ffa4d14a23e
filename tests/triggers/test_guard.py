"""A search that runs away is ended, and nothing else is."""

from __future__ import annotations

import re
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from mudbot.triggers import guard as module
from mudbot.triggers.guard import Guard, Runaway

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no interval timers")

EVIL = re.compile(r"(a+)+$")
BAIT = "a" * 40 + "!"


class Clock:
    """The processor time of the thread, moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """A pattern whose search takes as long as it is told, and is met by a tick after each of *steps* seconds."""

    def __init__(self, clock: Clock, *steps: float) -> None:
        self.clock, self.steps = clock, steps

    def search(self, text: str) -> str:
        for step in self.steps:
            self.clock.now += step
            module._WATCH.ring(signal.SIGVTALRM, sys._getframe(1))
        return text


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Only ticks that a test makes itself, and time that it moves itself."""
    hand = Clock()
    monkeypatch.setattr(module, "_thread_time", hand)
    monkeypatch.setattr(signal, "setitimer", lambda *_: (0.0, 0.0))
    yield hand
    assert not module._WATCH.running


def search(guard: Guard, pattern: Slow) -> str | None:
    """What the search gives; None if it was ended."""
    try:
        return cast("str", guard.search(cast("re.Pattern[str]", pattern), "text"))
    except Runaway:
        return None


# -- with real timers ----------------------------------------------------------------------------------------------


def test_a_search_gives_what_re_gives() -> None:
    """The guard changes no result."""
    with Guard() as nothing:
        assert nothing is None
    guard = Guard()
    with guard:
        found = guard.search(re.compile(r"(\w+) says"), "Bob says hi")
        assert found is not None
        assert found.groups() == ("Bob",)
        assert guard.search(re.compile("x"), "y") is None


def test_a_runaway_is_ended() -> None:
    """A search that would take hours ends in a moment."""
    guard = Guard()
    start = time.thread_time()
    with guard, pytest.raises(Runaway):
        guard.search(EVIL, BAIT)
    assert time.thread_time() - start < 5


def test_many_runaways_share_one_budget() -> None:
    """Twenty of them in one `with` end, and what stands behind them still finds."""
    guard = Guard()
    ended = 0
    start = time.thread_time()
    with guard:
        for letter in "abcdefghijklmnopqrst":
            try:
                guard.search(re.compile(f"({letter}+)+$"), letter * 40 + "!")
            except Runaway:
                ended += 1
        assert guard.search(re.compile("b"), "abc")
    assert ended == 20
    assert time.thread_time() - start < 5


def test_the_budget_is_of_one_with() -> None:
    """The next `with` starts anew, also after the finest ticks."""
    guard = Guard(total=0)
    for _ in range(3):
        with guard, pytest.raises(Runaway):
            guard.search(EVIL, BAIT)
        assert module._WATCH.loan is None


def test_two_at_a_time_are_refused_and_change_nothing() -> None:
    """There is one timer; who is refused leaves the other at work."""
    guard = Guard()
    with guard:
        with pytest.raises(RuntimeError, match="at work already"), Guard():
            pytest.fail("never entered")
        with pytest.raises(RuntimeError, match="at work already"), guard:
            pytest.fail("never entered")
        with pytest.raises(Runaway):
            guard.search(EVIL, BAIT)
    with guard:
        assert guard.search(re.compile("a"), "a")


def test_a_limit_of_nothing_is_refused() -> None:
    """No time at all would end honest searches, or none."""
    with pytest.raises(ValueError, match="each=0"):
        Guard(each=0)
    with pytest.raises(ValueError, match="total=-1"):
        Guard(total=-1)


# -- the rules, with ticks made by hand ----------------------------------------------------------------------------


def test_a_tick_that_meets_a_short_search_does_not_end_it(clock: Clock) -> None:
    """One tick alone says nothing of how long a search has run, however long ago the tick before was."""
    guard = Guard()
    with guard:
        for _ in range(100):
            assert search(guard, Slow(clock, 0.5)) == "text"


def test_a_search_within_its_limit_goes_on(clock: Clock) -> None:
    """Half of the limit is always given."""
    guard = Guard(each=0.02, total=10)
    with guard:
        assert search(guard, Slow(clock, 0.004, 0.004, 0.002)) == "text"
        assert search(guard, Slow(clock, 0.004, 0.004, 0.002)) == "text"


def test_a_search_over_its_limit_is_ended(clock: Clock) -> None:
    """And it is, at the first tick after it."""
    guard = Guard(each=0.02, total=10)
    with guard:
        assert search(guard, Slow(clock, 0.004, 0.004, 0.016)) is None
        assert search(guard, Slow(clock, *[0.004] * 5)) is None


def test_only_processor_time_counts(clock: Clock) -> None:
    """Ticks that come because other threads or processes worked end nothing."""
    guard = Guard()
    with guard:
        assert search(guard, Slow(clock, *[0.0] * 1000)) == "text"


def test_the_budget_counts_searches_only(clock: Clock) -> None:
    """What the caller does between searches is not held against them."""
    guard = Guard(each=0.02, total=0.06)
    with guard:
        for _ in range(100):
            clock.now += 1
            module._WATCH.ring(signal.SIGVTALRM, sys._getframe())
        assert search(guard, Slow(clock, 0.004, 0.004)) == "text"
        assert module._WATCH.loan is None


def test_behind_the_budget_a_millisecond_is_left(clock: Clock) -> None:
    """Many searches that each keep within their limit cannot take for ever."""
    guard = Guard(each=0.02, total=0.06)
    with guard:
        for _ in range(7):
            assert search(guard, Slow(clock, 0.004, 0.004)) == "text"
        assert search(guard, Slow(clock, 0.004, 0.004)) is None
        assert search(guard, Slow(clock, 0.00025, 0.0005)) == "text"
        assert search(guard, Slow(clock, 0.00025, 0.00025, 0.0006)) is None


# -- where there is nothing to guard with --------------------------------------------------------------------------


def in_a_thread(do: Callable[[], Any]) -> Any:
    """What *do* gives in another thread."""
    given: list[Any] = []
    thread = threading.Thread(target=lambda: given.append(do()))
    thread.start()
    thread.join()
    return given[0]


def test_another_thread_searches_without_a_guard() -> None:
    """Handlers run in the main thread only, so there the guard does nothing, and says so."""
    guard = Guard()

    def there() -> tuple[bool, bool, str]:
        with guard:
            return guard.available, module._WATCH.running, str(guard.search(re.compile("b"), "abc"))

    assert in_a_thread(there) == (False, False, str(re.search("b", "abc")))
    assert guard.available


def test_another_thread_does_not_disturb_the_main_one() -> None:
    """It neither is refused nor ends what the main thread began."""
    guard = Guard()

    def there() -> bool:
        with guard:
            return guard.search(re.compile("b"), "abc") is not None

    with guard:
        assert in_a_thread(there)
        assert module._WATCH.running
        with pytest.raises(Runaway):
            guard.search(EVIL, BAIT)


def test_without_timers_searches_are_passed_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows the guard is there, does nothing, and says so."""
    monkeypatch.setattr(module, "_MAIN", None)
    guard = Guard()
    assert not guard.available
    with guard:
        assert not module._WATCH.running
        assert guard.search(re.compile("b"), "abc")
    assert repr(guard) == "Guard(each=0.02, total=0.06, available=False)"
