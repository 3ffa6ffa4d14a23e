"""``@every``, ``@at`` and ``@scheduled``: methods that time runs."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any, Never, overload

from mudbot.errors import PluginError, nearest
from mudbot.host.marks.base import F, given, method_of, nothing, place_of, put, refuse_unknown, seconds

SHORTEST = 0.01
"""Seconds between two runs: less would be nothing but runs."""
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class EveryMark:
    """A method is called every so many seconds."""

    seconds: float

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where the method of *cls* takes something."""
        _, place, takes = method_of(cls, name)
        if not SHORTEST <= self.seconds < float("inf"):
            raise PluginError(f"{place} cannot run every {self.seconds:g} seconds: write a number above {SHORTEST}")
        nothing(place, takes, "runs on a timer")


@dataclass(frozen=True, slots=True)
class AtMark:
    """A method is called at times of the day."""

    times: tuple[time, ...]
    zone: tzinfo | None = None
    """Where these are the times; None for the machine's own zone."""
    days: frozenset[int] = frozenset(range(7))
    """Of the week: 0 is Monday."""

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where the method of *cls* takes something."""
        _, place, takes = method_of(cls, name)
        nothing(place, takes, "runs at a time")

    def next(self, after: float) -> float:
        """The first time behind *after*, both in seconds since 1970 (UTC).

        Every day that counts has each time once.  One that clocks leave out when they go forward is as long behind
        midnight as ever: 02:30 is then shown as 03:30.  Of one that they show twice, the first counts.
        """
        today = datetime.fromtimestamp(after, self.zone).date()
        # From yesterday on: where clocks go back at midnight, that may be today still.  To the same day next week.
        for offset in range(-1, 9):
            day = today + timedelta(days=offset)
            if day.weekday() in self.days:
                due = min((at for at in self._on(day) if at > after), default=None)
                if due is not None:
                    return due
        raise AssertionError("a week has every day")

    def _on(self, day: date) -> Iterable[float]:
        """Its times on *day*, in seconds since 1970; without a zone Python asks the machine for its own."""
        return (datetime.combine(day, each, self.zone).timestamp() for each in self.times)

    def wait(self, now: float) -> float:
        """Seconds from *now*, in seconds since 1970 (UTC), until its next time: more than 0.

        Whoever wakes a moment before that time, for clocks are set, must not ask again with a time before it.
        """
        return self.next(now) - now


@dataclass(frozen=True, slots=True)
class TaskMark:
    """A method runs as long as the plugin does."""

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where the method of *cls* takes something."""
        _, place, takes = method_of(cls, name)
        nothing(place, takes, "runs on its own")


def every(interval: float | str = "", **unknown: Never) -> Callable[[F], F]:
    """Run the method every *interval* while the plugin runs: seconds, or ``30s``, ``5m``, ``1h30m``.

    The first time is one interval behind the start.
    """
    given("every", interval, (int, float, str), "seconds")
    try:
        every_ = seconds(interval)
    except ValueError as exc:
        problem = f"wants seconds; a text {exc}"
    else:
        problem = ""

    def decorate(func: F) -> F:
        if unknown:
            option = next(iter(unknown))
            raise PluginError(f"@every on {place_of(func)}: there is no {option}=: write seconds, or '5m', '1h30m'")
        if problem:
            raise PluginError(f"{place_of(func)}: @every on {interval!r} {problem}")
        return put("every", func, EveryMark(every_))

    return decorate


def at(
    *times: str | Sequence[str],
    tz: str | tzinfo | None = None,
    days: str | Iterable[str] = "mon-sun",
    **unknown: Never,
) -> Callable[[F], F]:
    """Run the method at each of *times*, ``09:00`` for example, every day or on *days* alone.

    *tz* is where these are the times, ``Europe/Berlin`` for example; without it the machine's own zone counts.  *days*
    are ``mon-fri``, ``sat,sun``, or a list of such.  Where clocks change, each time comes once that day.
    """
    flat: list[Any] = [each for one in times for each in (one if isinstance(one, list | tuple) else [one])]
    for each in flat:
        given("at", each, str, "a time such as '09:00'")

    def decorate(func: F) -> F:
        refuse_unknown("at", func, unknown, ("tz", "days"))
        try:
            mark = AtMark(tuple(map(_time, flat)), _zone(tz), _days(days))
        except ValueError as exc:
            raise PluginError(f"@at on {place_of(func)}: {exc}") from None
        if not flat:
            raise PluginError(f"@at on {place_of(func)} wants a time such as '09:00' in parentheses after it")
        return put("at", func, mark)

    return decorate


def _time(text: str) -> time:
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no time of the day: write hours and minutes, 00:00 to 23:59")
    hours, minutes, seconds_ = (int(part or 0) for part in found.groups())
    return time(hours, minutes, seconds_)


def _zone(tz: object) -> tzinfo | None:
    if tz is None or isinstance(tz, tzinfo):
        return tz
    if not isinstance(tz, str):
        raise ValueError(f"tz= wants the name of a zone, 'Europe/Berlin' for example, not {tz!r}")  # noqa: TRY004
    try:
        return zoneinfo.ZoneInfo(tz)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        hint = nearest(tz, known) if known else "; this machine knows none: install the Python package tzdata"
        raise ValueError(
            f"there is no time zone {tz!r}{hint or '; write Europe/Berlin, Asia/Shanghai or UTC'}"
        ) from None


def _days(days: object) -> frozenset[int]:
    parts = days.split(",") if isinstance(days, str) else list(days) if isinstance(days, Iterable) else [days]
    found: set[int] = set()
    for part in parts:
        first, dash, last = str(part).partition("-")
        start = _day(first)
        end = _day(last) if dash else start
        found |= {(start + offset) % 7 for offset in range((end - start) % 7 + 1)}
    if not found:
        raise ValueError("days= is empty: write 'mon-fri', or leave it away")
    return frozenset(found)


def _day(text: str) -> int:
    name = text.strip().casefold()
    whole = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for number, day in enumerate(whole):
        if name in (day, day[:3]):
            return number
    raise ValueError(f"{text.strip()!r} is no day{nearest(name, (*DAYS, *whole)) or ': write ' + ', '.join(DAYS)}")


@overload
def scheduled(func: F, /) -> F: ...
@overload
def scheduled() -> Callable[[F], F]: ...
def scheduled(func: F | None = None, /) -> F | Callable[[F], F]:
    """Run the method as long as the plugin runs: from behind ``start`` until it ends by itself, or the plugin stops.

    Where it fails, that is a failure of the plugin's, and it is started again after a pause that grows.
    """

    def decorate(func: F) -> F:
        return put("scheduled", func, TaskMark())

    return decorate if func is None else decorate(func)
