"""Reconnect: soon, then slower and slower; never a third guess at a password; whoever took the character has it."""

from __future__ import annotations

import random

from mudbot.mud.reconnect import Reconnect
from tests.mud import test_reconnect as rules
from tests.mud import test_session
from tests.reliability.figures import figure

ROW = "reconnect"


def test_the_first_try_is_soon_and_later_ones_are_spread_up_to_the_cap() -> None:
    """By the rule's own tests; and measured over a thousand outages of twenty tries each."""
    rules.test_the_first_try_comes_within_five_seconds()
    rules.test_the_bound_doubles_up_to_the_cap()
    rules.test_waits_are_spread_over_the_whole_range()
    rules.test_ten_thousand_failures_do_not_pass_the_cap()
    firsts, waits = [], []
    for seed in range(1000):
        reconnect = Reconnect(chance=random.Random(seed))
        tries = rules.bounds(reconnect, 20)
        firsts.append(tries[0])
        waits += tries
    figure(ROW, "first try ≤ 5 s", f"{max(firsts):.2f} s at most")
    figure(ROW, "full-jitter exponential, cap 300 s", f"{max(waits):.1f} s at most, the shortest {min(waits):.3f} s")
    assert max(firsts) <= 5
    assert max(waits) <= 300


def test_a_minute_in_the_game_resets_it() -> None:
    """One second less does not."""
    reconnect = Reconnect(chance=rules.Most())
    rules.bounds(reconnect, 5)
    short = reconnect.after_drop(59)
    long = reconnect.after_drop(60)
    figure(ROW, "reset after 60 s logged in", f"next wait up to {short:g} s after 59 s, {long:g} s after 60 s")
    assert (short, long) == (32, 1)


async def test_two_wrong_passwords_are_the_last() -> None:
    """Against a world that refuses; and by the rule, whatever happens between them."""
    await test_session.test_a_wrong_password_is_tried_once_more_and_never_again()
    rules.test_the_second_refusal_is_the_last()
    rules.test_a_drop_between_two_refusals_forgives_nothing()
    figure(ROW, "≤ 2 wrong passwords in 24 h, then stop and say so", "2 tries, then stopped, naming login.password")


def test_whoever_took_the_character_keeps_it() -> None:
    """Thrown out eighty times at once: when it comes back."""
    rules.test_it_comes_back_three_times_an_hour_at_most()
    rules.test_after_a_takeover_it_stays_away_for_five_minutes()
    back = rules.returns(Reconnect(), [0.0] * 80)
    most = max(sum(first <= at < first + 3600 for at in back) for first in back)
    figure(ROW, "thrown out by another login: wait ≥ 300 s, ≤ 3 an hour", f"{back[0]:.0f} s, {most} an hour")
    assert back[0] >= 300
    assert most <= 3
