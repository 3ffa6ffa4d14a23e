"""Whether to try again, and when: pure decisions, the only retry layer there is.

Retried: 408, 409, 429, 5xx but 501, and connections that failed or were cut before an answer.  Not retried: any other
status, and never a spent quota, which no waiting brings back.  ``x-should-retry`` from the server overrides the status.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime

MAX_RETRIES = 2
"""openai-python's figure; a third retry mostly prolongs an outage."""

QUOTA_CODES = frozenset({"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"})

LONGEST_TOLD = 900.0
"""Seconds.  A server that asks for more (a daily limit, or a wrong clock) is asked again after a quarter of an hour."""

_FIRST, _CAP = 0.5, 8.0

_EPOCH = 1e9
"""A number above it is no number of seconds to wait but a moment since 1970, as some gateways send."""

_GO_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ns": 1e-9}
_GO_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ms|us|µs|μs|ns|h|m|s)")


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a failed attempt."""

    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str | None = None
    """The server's error code."""
    lost: bool = False
    """The connection failed, timed out or was cut: no (whole) answer came."""
    unsent: bool = False
    """Nothing of the request can have arrived: it costs nothing."""
    stale: bool = False
    """It was a kept-alive connection that the server had closed meanwhile: the request was probably never read."""


def decide(attempt: int, signs: Signs, *, wall: float, dice: random.Random | None = None) -> float | None:
    """Seconds to wait before the next attempt, or None to give up; *attempt* counts from 1.

    *wall* is the time since 1970, for servers that name a date and do not say what time it is there.
    """
    if attempt > MAX_RETRIES or not retryable(signs):
        return None
    if signs.stale and attempt == 1:
        return 0.0
    return pause(attempt, signs, wall=wall, dice=dice)


def retryable(signs: Signs) -> bool:
    """Whether another attempt could help at all."""
    if signs.code in QUOTA_CODES:
        return False
    told = signs.headers.get("x-should-retry", "").strip().lower()
    if told in ("true", "false"):
        return told == "true"
    if signs.status is None:
        return signs.lost
    return signs.status in (408, 409, 429) or (signs.status >= 500 and signs.status != 501)


def pause(attempt: int, signs: Signs, *, wall: float, dice: random.Random | None = None) -> float:
    """Seconds to wait after failed *attempt*: what the server told, else a growing pause of our own."""
    told = told_wait(signs.headers, wall=wall)
    return backoff(attempt, dice) if told is None else min(told, LONGEST_TOLD)


def backoff(attempt: int, dice: random.Random | None = None) -> float:
    """min(0.5 * 2ⁿ, 8) seconds less up to a quarter, so that callers who failed together do not return together."""
    share = (dice or random).uniform(0.75, 1.0)
    return share * min(_FIRST * 2.0 ** min(attempt - 1, 10), _CAP)


def told_wait(headers: Mapping[str, str], *, wall: float) -> float | None:
    """Seconds that the server asks to wait; None when it does not say, or says something that is no wait (0, -1)."""
    milliseconds = _number(headers.get("retry-after-ms", ""))
    waits = [None if milliseconds is None else milliseconds / 1000, _retry_after(headers, wall), _reset(headers, wall)]
    return next((wait for wait in waits if wait is not None and wait > 0), None)


def parse_duration(text: str) -> float | None:
    """Seconds of a Go duration (``6m0s``, ``1h2m3.5s``, ``120ms``) or a bare number of seconds; None if neither."""
    text = text.strip()
    if (number := _number(text)) is not None:
        return number
    body = text.removeprefix("-")
    parts = _GO_PART.findall(body)
    if not parts or "".join(amount + unit for amount, unit in parts) != body:
        return None
    total = sum(float(amount) * _GO_UNITS[unit] for amount, unit in parts)
    return -total if text.startswith("-") else total


def _retry_after(headers: Mapping[str, str], wall: float) -> float | None:
    """``Retry-After``: seconds or an HTTP date (RFC 9110, 10.2.3), which is read against the server's own ``Date``."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if (seconds := _number(text)) is not None:
        return seconds
    moment = _moment(text)
    return None if moment is None else moment - (_moment(headers.get("date", "")) or wall)


def _reset(headers: Mapping[str, str], wall: float) -> float | None:
    """The ``x-ratelimit-reset-*`` of the limit that is used up; if none says so, the soonest of them."""
    used_up: list[float] = []
    others: list[float] = []
    for kind in ("-requests", "-tokens", "-images", ""):
        wait = parse_duration(headers.get(f"x-ratelimit-reset{kind}", ""))
        if wait is None:
            continue
        if wait > _EPOCH:
            wait = (wait / 1000 if wait > _EPOCH * 1000 else wait) - wall
        if wait > 0:
            left = _number(headers.get(f"x-ratelimit-remaining{kind}", ""))
            (used_up if left is not None and left <= 0 else others).append(wait)
    return max(used_up) if used_up else min(others, default=None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _moment(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
