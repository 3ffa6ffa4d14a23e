"""Retry or give up, and how long to wait: decisions without I/O."""

from __future__ import annotations

import random

import pytest

from mudbot.api.wire.retry import Signs, backoff, decide, parse_duration, retryable, told_wait

WALL = 1_700_000_000.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("6m0s", 360.0),
        ("1h2m3.5s", 3723.5),
        ("120ms", 0.12),
        ("7.66s", 7.66),
        (".5s", 0.5),
        ("250µs", 0.00025),
        ("0s", 0.0),
        ("-1s", -1.0),
        ("12", 12.0),
        ("1.5", 1.5),
        ("-1", -1.0),
        ("", None),
        ("soon", None),
        ("5 s", None),
        ("1m?", None),
        ("nan", None),
        ("inf", None),
        ("2027-01-01T00:00:00Z", None),
    ],
)
def test_go_durations_and_numbers_are_read_and_nothing_else(text: str, seconds: float | None) -> None:
    assert parse_duration(text) == (seconds if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_statuses_that_may_pass_are_retried(status: int) -> None:
    assert retryable(Signs(status=status))


@pytest.mark.parametrize("status", [301, 400, 401, 402, 403, 404, 405, 410, 413, 422, 501])
def test_statuses_that_will_not_change_are_not_retried(status: int) -> None:
    assert not retryable(Signs(status=status))


def test_the_server_has_the_last_word_but_not_over_a_spent_quota() -> None:
    assert not retryable(Signs(status=503, headers={"x-should-retry": "false"}))
    assert retryable(Signs(status=400, headers={"x-should-retry": "true"}))
    assert not retryable(Signs(status=429, code="insufficient_quota", headers={"x-should-retry": "true"}))


def test_a_lost_connection_is_retried_and_an_unsafe_one_is_not() -> None:
    assert retryable(Signs(lost=True))
    assert not retryable(Signs())


def test_two_retries_and_no_more() -> None:
    signs = Signs(status=500)
    waits = [decide(attempt, signs, wall=WALL) for attempt in (1, 2, 3)]
    assert waits[0] is not None
    assert waits[1] is not None
    assert waits[2] is None


def test_a_stale_connection_is_tried_again_at_once_but_only_once() -> None:
    signs = Signs(lost=True, stale=True)
    assert decide(1, signs, wall=WALL) == 0.0
    assert (decide(2, signs, wall=WALL) or 0.0) > 0.0


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after": "9", "x-ratelimit-reset-requests": "1s"}, 9.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT"}, 10.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:13:30 GMT", "date": "Tue, 14 Nov 2023 22:13:25 GMT"}, 5.0),
        ({"retry-after": "Tue, 14 Nov 2023 22:00:00 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Tue, 99 Nov 2023 99:99:99 GMT"}, None),
        ({"x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "0", "x-ratelimit-reset-tokens": "-1"}, None),
        ({"x-ratelimit-reset-requests": "0", "x-ratelimit-reset-tokens": "2s"}, 2.0),
        ({"x-ratelimit-reset-requests": "50s", "x-ratelimit-reset-tokens": "2s"}, 2.0),
        (
            {
                "x-ratelimit-reset-requests": "50s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "2s",
                "x-ratelimit-remaining-tokens": "900",
            },
            50.0,
        ),
        ({"x-ratelimit-reset": "1700000003"}, 3.0),
        ({"x-ratelimit-reset": "1700000004000"}, 4.0),
        ({}, None),
    ],
)
def test_the_server_is_believed_in_this_order(headers: dict[str, str], wait: float | None) -> None:
    assert told_wait(headers, wall=WALL) == (wait if wait is None else pytest.approx(wait))


def test_a_wait_of_days_is_cut_to_a_quarter_of_an_hour() -> None:
    assert decide(1, Signs(status=429, headers={"retry-after": "86400"}), wall=WALL) == 900.0


def test_backoff_doubles_to_eight_seconds_and_jitters_down_to_three_quarters() -> None:
    dice = random.Random(7)
    for attempt, full in [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0), (5, 8.0), (6, 8.0), (5000, 8.0)]:
        waits = [backoff(attempt, dice) for _ in range(50)]
        assert full * 0.75 <= min(waits) < max(waits) <= full
