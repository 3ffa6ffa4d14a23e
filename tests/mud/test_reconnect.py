"""Reconnect: soon at first, slower and slower, spread by chance, and never a third guess at a password."""

from __future__ import annotations

import random

import pytest

from mudbot.mud.reconnect import CAP, FIRST, SETTLED, TAKEN, TAKEN_PER_HOUR, Reconnect


class Most(random.Random):
    """Chance that always takes the upper bound."""

    def uniform(self, a: float, b: float) -> float:
        return b


def bounds(reconnect: Reconnect, count: int, in_game: float = 0) -> list[float]:
    return [reconnect.after_drop(in_game) for _ in range(count)]


def test_the_bound_doubles_up_to_the_cap() -> None:
    assert bounds(Reconnect(chance=Most()), 12) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_the_first_try_comes_within_five_seconds() -> None:
    assert FIRST <= 5
    assert all(Reconnect(chance=random.Random(seed)).after_drop(0) <= 5 for seed in range(200))


def test_ten_thousand_failures_do_not_pass_the_cap() -> None:
    assert max(bounds(Reconnect(chance=Most()), 10_000)) == CAP == 300


def test_waits_are_spread_over_the_whole_range() -> None:
    """Full jitter: a herd of bots that fell together does not return together."""
    waits = sorted(Reconnect(chance=random.Random(seed), failures=8).after_drop(0) for seed in range(400))
    assert waits[0] >= 0
    assert waits[-1] <= 256
    for quarter in range(4):
        assert 60 <= sum(64 * quarter <= wait < 64 * (quarter + 1) for wait in waits) <= 140


def test_without_a_seed_two_bots_wait_differently() -> None:
    one, other = Reconnect(failures=8), Reconnect(failures=8)
    assert bounds(one, 5) != bounds(other, 5)


@pytest.mark.parametrize(("in_game", "wait"), [(0, 32), (SETTLED - 1, 32), (SETTLED, 1), (SETTLED * 100, 1)])
def test_a_minute_in_the_game_makes_the_next_drop_the_first(in_game: float, wait: float) -> None:
    reconnect = Reconnect(chance=Most())
    bounds(reconnect, 5)
    assert reconnect.after_drop(in_game) == wait


def test_a_mud_that_drops_after_each_login_is_not_hammered() -> None:
    """Logging in alone resets nothing; only time in the game does."""
    reconnect = Reconnect(chance=Most())
    for _ in range(9):
        reconnect.after_login()
        wait = reconnect.after_drop(5)
    assert wait == 256


def test_the_second_refusal_is_the_last() -> None:
    reconnect = Reconnect()
    assert reconnect.after_refusal() == CAP
    assert reconnect.after_refusal() is None
    assert reconnect.after_refusal() is None


def test_a_drop_between_two_refusals_forgives_nothing() -> None:
    reconnect = Reconnect()
    reconnect.after_refusal()
    reconnect.after_drop(0)
    assert reconnect.after_refusal() is None


def test_a_login_between_two_refusals_shows_that_the_password_is_right() -> None:
    reconnect = Reconnect()
    reconnect.after_refusal()
    reconnect.after_login()
    assert reconnect.after_refusal() == CAP
    assert reconnect.after_refusal() is None


def test_a_lower_cap_bounds_every_wait() -> None:
    """Worlds of one's own, the embedded one, need no long waits."""
    reconnect = Reconnect(cap=3, chance=Most())
    assert bounds(reconnect, 4) == [1, 2, 3, 3]
    assert reconnect.after_refusal() == 3


# -- thrown out by another login ---------------------------------------------------------------------------------------


def returns(reconnect: Reconnect, takeovers: list[float]) -> list[float]:
    """When it comes back after each of *takeovers*; each is at its time or a second after the last return."""
    back: list[float] = []
    for at in takeovers:
        now = max(at, back[-1] + 1) if back else at
        back.append(now + reconnect.after_takeover(now))
    return back


def test_after_a_takeover_it_stays_away_for_five_minutes() -> None:
    """Whatever the cap of other waits is: the owner is playing."""
    assert TAKEN >= 300
    assert Reconnect(cap=3).after_takeover(1000) == TAKEN


def test_it_comes_back_three_times_an_hour_at_most() -> None:
    """In any hour, however often it is thrown out at once again; a day of it."""
    back = returns(Reconnect(), [0.0] * 80)
    assert len(back) == 80
    for first in back:
        assert sum(first <= at < first + 3600 for at in back) <= TAKEN_PER_HOUR == 3


def test_takeovers_far_apart_cost_five_minutes_each() -> None:
    """Once an hour is not often."""
    reconnect = Reconnect()
    assert [reconnect.after_takeover(now) for now in range(0, 40_000, 4000)] == [TAKEN] * 10


def test_the_hour_counts_from_the_return() -> None:
    reconnect = Reconnect()
    for _ in range(3):
        reconnect.after_takeover(0)
    assert reconnect.after_takeover(600) == TAKEN + 3600 - 600


def test_a_takeover_says_nothing_of_the_password_or_of_the_line() -> None:
    """Neither refusals nor failures are counted by it."""
    reconnect = Reconnect(chance=Most())
    reconnect.after_takeover(0)
    assert reconnect.after_drop(0) == FIRST
    assert reconnect.after_refusal() == CAP


def test_two_characters_are_counted_apart() -> None:
    one, other = Reconnect(), Reconnect()
    for _ in range(3):
        one.after_takeover(0)
    assert other.after_takeover(0) == TAKEN
