"""``@every``, ``@at`` and ``@scheduled``: when time runs a method, on the days when clocks change too."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from datetime import time as clock_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.host.marks.times import AtMark
from tests.host.declared import mark_of, mistake

MISTAKES = {
    "a timer without its unit": (
        "@every('5')\nasync def hi(self): ...",
        "P.hi: @every on '5' wants seconds; a text must be a time with its unit: write 20s, 5m, 1h30m",
    ),
    "a timer of nothing": (
        "@every()\nasync def hi(self): ...",
        "P.hi: @every on '' wants seconds; a text must be a time with its unit",
    ),
    "a timer by name": ("@every(minutes=5)\nasync def hi(self): ...", "there is no minutes=: write seconds, or '5m'"),
    "a timer without end": ("@every(float('inf'))\nasync def hi(self): ...", "P.hi cannot run every inf seconds"),
    "a timer of no number": ("@every(float('nan'))\nasync def hi(self): ...", "P.hi cannot run every nan seconds"),
    "a timer that is nothing but runs": ("@every(1e-9)\nasync def hi(self): ...", "write a number above 0.01"),
    "a time without parentheses": ("@at\nasync def hi(self): ...", "@at on P.hi wants a time such as '09:00'"),
    "no time": ("@at()\nasync def hi(self): ...", "@at on P.hi wants a time such as '09:00' in parentheses"),
    "a time that is a number": ("@at(9)\nasync def hi(self): ...", "@at on 9 wants a time such as '09:00'"),
    "an hour": ("@at('9')\nasync def hi(self): ...", "@at on P.hi: '9' is no time of the day: write hours and minutes"),
    "the 24th hour": ("@at('24:00')\nasync def hi(self): ...", "'24:00' is no time of the day"),
    "an unknown zone": (
        "@at('09:00', tz='Europe/Berln')\nasync def hi(self): ...",
        "@at on P.hi: there is no time zone 'Europe/Berln'; did you mean 'Europe/Berlin'?",
    ),
    "a zone that is a path": ("@at('09:00', tz='../x')\nasync def hi(self): ...", "there is no time zone '../x'"),
    "a zone that is a number": ("@at('09:00', tz=8)\nasync def hi(self): ...", "tz= wants the name of a zone"),
    "an unknown day": (
        "@at('09:00', days='mondy')\nasync def hi(self): ...",
        "@at on P.hi: 'mondy' is no day; did you mean 'monday'?",
    ),
    "no day": ("@at('09:00', days=[])\nasync def hi(self): ...", "days= is empty: write 'mon-fri'"),
    "a misspelt option": ("@at('09:00', zone='UTC')\nasync def hi(self): ...", "@at on P.hi: there is no zone="),
    "a time with an argument": ("@at('09:00')\nasync def hi(self, now): ...", "P.hi runs at a time: it takes nothing"),
    "a task with an argument": ("@scheduled\nasync def hi(self, x): ...", "P.hi runs on its own: it takes nothing"),
    "a task that is no coroutine": ("@scheduled\ndef hi(self): ...", "P.hi must be 'async def'"),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_remedy(body: str, message: str) -> None:
    """The author reads which method is wrong, and what to write instead."""
    assert message in mistake(body)


@pytest.mark.parametrize(("written", "seconds"), [("60", 60), ("0.5", 0.5), ("'5m'", 300), ("'1h30m'", 5400)])
def test_a_timer_is_in_seconds_or_has_its_unit(written: str, seconds: float) -> None:
    assert mark_of(f"@every({written})\nasync def hi(self): ...").seconds == seconds


@pytest.mark.parametrize("written", ["@scheduled", "@scheduled()"])
def test_a_task_is_marked_with_or_without_parentheses(written: str) -> None:
    assert repr(mark_of(f"{written}\nasync def hi(self): ...")) == "TaskMark()"


# -- the next time -----------------------------------------------------------------------------------------------------


def at_of(written: str) -> AtMark:
    mark: Any = mark_of(f"@at({written})\nasync def hi(self): ...")
    assert isinstance(mark, AtMark)
    return mark


def runs(mark: AtMark, start: str, count: int, zone: str = "UTC") -> list[str]:
    """When *mark* runs from *start* (with its offset) on, as clocks of *zone* show it, with what they are set to."""
    now, found = datetime.fromisoformat(start).timestamp(), []
    for _ in range(count):
        now += mark.wait(now)
        found.append(datetime.fromtimestamp(now, ZoneInfo(zone)).strftime("%a %d %H:%M %Z"))
    return found


def test_times_come_in_their_order_every_day() -> None:
    """However they are written."""
    mark = at_of("['21:00', '9:00'], '13:30:15', tz='UTC'")
    assert runs(mark, "2026-06-01T09:00:00+00:00", 4) == [
        "Mon 01 13:30 UTC",
        "Mon 01 21:00 UTC",
        "Tue 02 09:00 UTC",
        "Tue 02 13:30 UTC",
    ]


DAYS = {"'mon-fri'": "01234", "'fri-mon'": "4560", "'sat,sun'": "56", "['wed', 'fri-sat']": "245", "'Monday'": "0"}


@pytest.mark.parametrize(("written", "numbers"), DAYS.items())
def test_days_are_named_or_from_one_to_another(written: str, numbers: str) -> None:
    assert at_of(f"'09:00', days={written}").days == frozenset(map(int, numbers))


def test_other_days_are_left_out() -> None:
    mark = at_of("'09:00', tz='Asia/Shanghai', days='mon-fri'")
    assert runs(mark, "2026-06-05T00:00:00+00:00", 3, "Asia/Shanghai") == [
        "Fri 05 09:00 CST",
        "Mon 08 09:00 CST",
        "Tue 09 09:00 CST",
    ]


def test_nine_o_clock_stays_nine_o_clock_when_clocks_change() -> None:
    """Berlin goes forward on 29 March 2026 and back on 25 October."""
    mark = at_of("'09:00', tz='Europe/Berlin'")
    assert runs(mark, "2026-03-28T12:00:00+00:00", 2, "Europe/Berlin") == ["Sun 29 09:00 CEST", "Mon 30 09:00 CEST"]
    assert runs(mark, "2026-10-24T12:00:00+00:00", 2, "Europe/Berlin") == ["Sun 25 09:00 CET", "Mon 26 09:00 CET"]
    assert mark.wait(datetime(2026, 3, 28, 8, tzinfo=UTC).timestamp()) == 23 * 3600
    assert mark.wait(datetime(2026, 10, 24, 7, tzinfo=UTC).timestamp()) == 25 * 3600


def test_a_day_of_the_week_comes_again_a_week_later() -> None:
    mark = at_of("'09:00', tz='UTC', days='mon'")
    assert runs(mark, "2026-06-01T09:00:00+00:00", 2) == ["Mon 08 09:00 UTC", "Mon 15 09:00 UTC"]


def test_a_time_that_is_left_out_before_midnight_is_found_behind_it() -> None:
    """Nuuk's clocks go from 23:00 on 28 March 2026 to 00:00; the 23:30 of that day is due at 00:30."""
    mark = at_of("'23:30', tz='America/Nuuk'")
    expected = ["Sun 29 00:30", "Sun 29 23:30"]
    assert [run[:12] for run in runs(mark, "2026-03-29T01:10:00+00:00", 2, "America/Nuuk")] == expected


def test_a_time_that_clocks_leave_out_comes_once_an_hour_later_shown() -> None:
    """As long behind midnight as ever: 24 hours after that of the day before."""
    mark = at_of("'02:30', tz='Europe/Berlin'")
    assert runs(mark, "2026-03-28T00:00:00+00:00", 3, "Europe/Berlin") == [
        "Sat 28 02:30 CET",
        "Sun 29 03:30 CEST",
        "Mon 30 02:30 CEST",
    ]


def test_a_time_that_clocks_show_twice_comes_the_first_time() -> None:
    """And not again an hour later."""
    mark = at_of("'02:30', tz='Europe/Berlin'")
    assert runs(mark, "2026-10-24T12:00:00+00:00", 2, "Europe/Berlin") == ["Sun 25 02:30 CEST", "Mon 26 02:30 CET"]


def test_a_change_at_midnight_loses_no_day() -> None:
    """Cairo's clocks go from 24:00 back to 23:00, and from 00:00 on to 01:00."""
    mark = at_of("'23:30', '00:30', tz='Africa/Cairo'")
    assert runs(mark, "2026-10-29T12:00:00+00:00", 4, "Africa/Cairo") == [
        "Thu 29 23:30 EEST",
        "Fri 30 00:30 EET",
        "Fri 30 23:30 EET",
        "Sat 31 00:30 EET",
    ]
    assert runs(mark, "2026-04-23T12:00:00+00:00", 3, "Africa/Cairo") == [
        "Thu 23 23:30 EET",
        "Fri 24 01:30 EEST",
        "Fri 24 23:30 EEST",
    ]


@pytest.fixture
def in_new_york() -> Iterator[None]:
    """The machine stands in New York."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


@pytest.mark.usefixtures("in_new_york")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system cannot be told where it stands")
def test_without_a_zone_the_machines_own_counts() -> None:
    """With both changes of its clocks: on 8 March and on 1 November 2026."""
    mark = at_of("'02:30', '01:30'")
    assert runs(mark, "2026-03-08T00:00:00-05:00", 3, "America/New_York") == [
        "Sun 08 01:30 EST",
        "Sun 08 03:30 EDT",
        "Mon 09 01:30 EDT",
    ]
    assert runs(mark, "2026-11-01T00:00:00-04:00", 3, "America/New_York") == [
        "Sun 01 01:30 EDT",
        "Sun 01 02:30 EST",
        "Mon 02 01:30 EST",
    ]


ZONES = st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu"])
MINUTES = st.integers(0, 24 * 60 - 1).map(lambda minutes: clock_time(minutes // 60, minutes % 60))
MOMENTS = st.integers(1_000_000_000, 2_000_000_000).map(float)
"""From 2001 to 2033."""


@settings(deadline=None)
@given(ZONES, st.lists(MINUTES, min_size=1, max_size=3), MOMENTS)
def test_whenever_it_is_asked_the_next_time_is_near_and_shown_right(
    zone: str, times: list[clock_time], now: float
) -> None:
    """Always later than now, within 26 hours; what clocks show then is one of its times, unless they left that out."""
    due = AtMark(tuple(times), ZoneInfo(zone)).next(now)
    assert 0 < due - now <= 26 * 3600
    shown = datetime.fromtimestamp(due, ZoneInfo(zone))
    jumped = shown.utcoffset() != datetime.fromtimestamp(due - 2 * 3600, ZoneInfo(zone)).utcoffset()
    assert shown.time() in times or jumped


@settings(deadline=None)
@given(ZONES, MINUTES, MOMENTS)
def test_one_time_comes_once_a_day(zone: str, time_: clock_time, now: float) -> None:
    """Through weeks with whatever changes there are."""
    mark, days = AtMark((time_,), ZoneInfo(zone)), []
    for _ in range(30):
        now = mark.next(now)
        days.append(datetime.fromtimestamp(now, ZoneInfo(zone)).date())
    assert [later - earlier for earlier, later in itertools.pairwise(days)] == [timedelta(days=1)] * 29
