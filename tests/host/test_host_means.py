"""What may be spent yet: the budgets, the books, and what a question has cost lately."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from mudbot import Speech
from mudbot.api import ApiCall, Budgets, Caller, Spent
from mudbot.host.services.means import Means, Quota, Share
from mudbot.store.store import Store
from mudbot.testing import FakeClock

about: Any = pytest.approx
ANN = Speech("say", "Ann", "!quota")
DAY = "2023-11-14"  # of the clock


class Books:
    """An Api that has spent what a test says."""

    def __init__(self, *rows: Spent) -> None:
        self.rows = rows

    async def spent(self) -> Sequence[tuple[str, Spent]]:
        return [("first", row) for row in self.rows]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "data", FakeClock())
    yield store
    await store.close()


def means(store: Store, budgets: Budgets, *rows: Spent) -> Means:
    clock = FakeClock()
    return Means(Books(*rows), lambda: budgets, store, clock, "inn")  # type: ignore[arg-type]


def cost(store: Store, usd: float | None, times: int, path: str = "/chat/completions", plugin: str = "talk") -> None:
    """Ann made so many calls that cost *usd* each."""
    caller = Caller(player="Ann", session="inn", plugin=plugin)
    for _ in range(times):
        store.write("calls", **ApiCall(f"POST {path}", "m", "ok", 200, 1, 0.0, 0.1, money=usd, caller=caller).row())


async def test_without_a_budget_nothing_is_bounded(store: Store) -> None:
    found = means(store, Budgets())
    assert await found.left(ANN) is None
    assert await found.shares() == []


async def test_the_budget_that_is_nearest_its_end_counts(store: Store) -> None:
    """Of whoever asks, of the day and of the month; never another player's, another MUD's or another day's."""
    rows = [
        Spent("player", "inn/ann", DAY, 0.01), Spent("player", "inn/bob", DAY, 0.04),
        Spent("player", "far/ann", DAY, 0.05), Spent("player", "inn/ann", "2001-01-01", 0.05),
        Spent("day", "", DAY, 1.0), Spent("month", "", DAY[:7], 29.0),
    ]  # fmt: skip
    assert await means(store, Budgets(player=0.05), *rows).left(ANN) == Quota(about(0.8), None, None)
    assert await means(store, Budgets(player=0.05, day=1.0), *rows).left(ANN) == Quota(0.0, None, None)
    assert await means(store, Budgets(month=30), *rows).left(ANN) == Quota(about(1 / 30), None, None)


async def test_a_channels_budget_counts_on_the_channel(store: Store) -> None:
    found = means(store, Budgets(channel=0.5), Spent("channel", "inn/gossip", DAY, 0.25))
    assert await found.left(Speech("channel", "Ann", "!quota", channel="gossip")) == Quota(0.5, None, None)
    assert await found.left(ANN) is None


async def test_questions_and_pictures_are_reckoned_by_what_they_cost_lately(store: Store) -> None:
    """What nobody waits for, and what costs nothing, is no question; of four calls nobody can say."""
    found = means(store, Budgets(player=0.05), Spent("player", "inn/ann", DAY, 0.01))
    cost(store, 0.002, 5)
    cost(store, 0.0, 50)
    cost(store, None, 50)
    cost(store, 1.0, 50, plugin="memory")
    cost(store, 0.02, 4, path="/images/generations")
    assert await found.left(ANN) == Quota(about(0.8), 20, None)
    cost(store, 0.02, 1, path="/images/generations")
    assert await found.left(ANN) == Quota(about(0.8), 20, 2)


async def test_shares_are_those_of_the_owner(store: Store) -> None:
    budgets = Budgets(player=0.05, day=2, month=30, plugins={"talk": 0.5})
    rows = [Spent("day", "", DAY, 0.5), Spent("plugin", "talk", DAY, 0.6), Spent("player", "inn/ann", DAY, 0.5)]
    found = await means(store, budgets, *rows).shares()
    assert found == [Share("day", "", 2, 0.5), Share("month", "", 30, 0.0), Share("plugin", "talk", 0.5, 0.6)]
    assert [share.left for share in found] == [1.5, 30, 0.0]


async def test_today_counts_this_sessions_calls(store: Store) -> None:
    found = means(store, Budgets())
    cost(store, 0.002, 3)
    cost(store, None, 1)
    assert await found.today() == (4, about(0.006))
