"""Meters and learned limits: exact arithmetic of so much a minute."""

from __future__ import annotations

import pytest

from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.meter import Meter
from mudbot.api.limit.told import ToldLimit
from mudbot.errors import ConfigError


def run(meter: Meter, seconds: float, cost: float = 1.0, late: float = 0.0) -> list[float]:
    """When calls went, if there is always another one and its timer rings *late*."""
    now, went = 0.0, []
    while now < seconds:
        if (wait := meter.wait(now)) > 0:
            now += wait + late
            continue
        meter.take(cost, now)
        went.append(now)
    return went


@pytest.mark.parametrize("late", [0.0, 0.004, 0.02])
def test_fifty_a_second_measures_fifty_even_if_timers_ring_late(late: float) -> None:
    went = run(Meter("requests_per_minute", 3000), 60, late=late)
    assert len(went) / 60 == pytest.approx(50.0, abs=0.03)
    assert max(sum(start <= at < start + 1 for at in went) for start in went) <= 53


def test_a_big_call_goes_as_soon_as_a_small_one_and_the_rest_waits_for_it() -> None:
    meter = Meter("tokens_per_minute", 6000)
    meter.take(500, 0.0)
    assert meter.wait(0.0) == pytest.approx(5.0)
    assert meter.wait(5.01) == 0.0


def test_a_call_bigger_than_the_limit_goes_too() -> None:
    assert Meter("tokens_per_minute", 100).wait(0.0) == 0.0


def test_what_was_not_used_is_given_back() -> None:
    meter = Meter("tokens_per_minute", 6000)
    taken = meter.take(1000, 0.0)
    meter.settle(taken, 100)
    assert meter.wait(0.0) == pytest.approx(1.0)


def test_nothing_is_given_back_after_time_has_worked_it_off() -> None:
    meter = Meter("tokens_per_minute", 6000)
    old = meter.take(1000, 0.0)
    meter.take(1000, 20.0)
    meter.settle(old, 0)
    assert meter.wait(20.0) == pytest.approx(10.0)


def test_what_was_used_beyond_the_estimate_is_charged_but_no_more_than_a_minute() -> None:
    meter = Meter("tokens_per_minute", 6000)
    meter.settle(meter.take(100, 0.0), 300)
    assert meter.wait(0.0) == pytest.approx(3.0)
    meter.settle(meter.take(100, 10.0), 1e18)
    assert meter.wait(10.0) <= 61


def test_a_negative_usage_gives_back_no_more_than_was_taken() -> None:
    meter = Meter("tokens_per_minute", 6000)
    meter.take(1000, 0.0)
    meter.settle(meter.take(100, 0.0), -1e9)
    assert meter.wait(0.0) == pytest.approx(10.0)


def headers(limit: str, remaining: str, reset: str, kind: str = "requests") -> dict[str, str]:
    values = {"limit": limit, "remaining": remaining, "reset": reset}
    return {f"x-ratelimit-{name}-{kind}": value for name, value in values.items()}


def test_a_used_up_limit_is_learned_before_the_server_refuses() -> None:
    told = ToldLimit()
    told.observe(headers("60", "1", "59s"), 100.0)
    assert told.wait(Cost(), 100.0) == (0.0, "requests")
    told.take(Cost())
    wait, kind = told.wait(Cost(), 100.0)
    assert wait == pytest.approx(1.0)
    assert kind == "requests"
    assert told.wait(Cost(), 101.0)[0] == 0.0


def test_tokens_are_learned_by_what_a_call_costs() -> None:
    told = ToldLimit()
    told.observe(headers("6000", "100", "59s", "tokens"), 0.0)
    assert told.wait(Cost(tokens=90), 0.0)[0] == 0.0
    wait, kind = told.wait(Cost(tokens=600), 0.0)
    assert wait == pytest.approx(5.0)
    assert kind == "tokens"


@pytest.mark.parametrize(
    ("limit", "remaining", "reset"),
    [("60", "0", "0"), ("60", "0", "-1"), ("60", "-1", "1s"), ("0", "0", "1s"), ("x", "0", "1s"), ("60", "60", "1s")],
)
def test_headers_without_sense_hold_nothing_back(limit: str, remaining: str, reset: str) -> None:
    told = ToldLimit()
    told.observe(headers(limit, remaining, reset), 0.0)
    assert told.wait(Cost(), 0.0)[0] == 0.0


def test_headers_hold_back_for_a_minute_at_most_and_not_beyond_the_reset() -> None:
    told = ToldLimit()
    told.observe(headers("200", "0", "24h0m0s"), 0.0)
    assert told.wait(Cost(), 0.0)[0] == 60.0
    told.observe(headers("200", "0", "7s"), 0.0)
    for _ in range(500):
        told.take(Cost())
    assert told.wait(Cost(), 0.0)[0] == 7.0


def test_an_answer_without_the_headers_forgets_what_the_last_one_said() -> None:
    told = ToldLimit()
    told.observe(headers("60", "0", "60s"), 0.0)
    told.observe({}, 0.0)
    assert told.wait(Cost(), 0.0)[0] == 0.0


def test_limits_that_cannot_be_are_all_named_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Limits(requests_per_minute=0, tokens_per_minute=float("nan"), concurrency=0, queue=-1, deadline=0)
    assert [problem.where.removeprefix("api.limits.") for problem in caught.value.problems] == [
        "requests_per_minute",
        "tokens_per_minute",
        "concurrency",
        "queue",
        "deadline",
    ]
