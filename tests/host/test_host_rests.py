"""``self.ready`` and ``self.store.ready``: true at most once in so many seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mudbot import Plugin, PluginError, StoreError
from mudbot.host.services.rests import MOST, Rests
from mudbot.host.services.store import PluginStore
from mudbot.store.store import Store
from mudbot.testing import FakeClock
from tests.host.host_fakes import named, started


@pytest.fixture
async def store(tmp_path: Path, clock: FakeClock) -> AsyncIterator[PluginStore]:
    base = Store(tmp_path / "data", clock)
    yield PluginStore(base, clock, "p", "s")
    await base.close()


def ready(clock: FakeClock) -> Plugin:
    plugin = named("p", Plugin)
    plugin.clock = clock
    return plugin


async def test_it_is_true_once_in_so_many_seconds_for_each_key(clock: FakeClock) -> None:
    plugin = ready(clock)
    assert [plugin.ready("a", 10), plugin.ready("a", 10), plugin.ready(("a", 1), 10)] == [True, False, True]
    await clock.advance(9.9)
    assert not plugin.ready("a", 10)
    await clock.advance(0.1)
    assert plugin.ready("a", 10)


async def test_a_reload_keeps_it(clock: FakeClock) -> None:
    old, new = ready(clock), ready(clock)
    assert old.ready("a", 10)
    before, after = await started(old, clock), await started(new, clock)
    after.take_over(before)
    assert not new.ready("a", 10)
    await before.stop()
    await after.stop()


def test_names_that_players_make_up_fill_no_memory() -> None:
    """What rests no more goes first, then what was longest ago."""
    rests = Rests()
    assert rests.ready("done", 1, 0.0)
    assert all(rests.ready(number, 100, 5.0) for number in range(MOST + 9))
    assert repr(rests) == f"<Rests of {MOST}>"
    assert not rests.ready(MOST + 8, 100, 5.0)
    assert rests.ready(0, 100, 5.0)


@pytest.mark.parametrize("seconds", [0, -1, True, "5m", float("inf"), float("nan"), None])
def test_what_is_no_time_is_refused(seconds: Any) -> None:
    with pytest.raises(PluginError, match=r"ready\('a', .*write how many seconds"):
        Rests().ready("a", seconds, 0.0)


def test_what_is_no_key_is_refused() -> None:
    with pytest.raises(PluginError, match="a key is a text, a number or a tuple"):
        Rests().ready(["a"], 1, 0.0)  # type: ignore[arg-type]


async def test_the_store_keeps_it_over_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    first = Store(tmp_path / "d", clock)
    assert await PluginStore(first, clock, "p", "s").ready("Ann", 60)
    await first.close()
    second = Store(tmp_path / "d", clock)
    kept = PluginStore(second, clock, "p", "s")
    assert not await kept.ready("Ann", 60)
    await clock.advance(60)
    assert await kept.ready("Ann", 60)
    await second.close()


async def test_of_two_at_the_same_time_one_is_true(store: PluginStore) -> None:
    assert sorted(await asyncio.gather(*(store.ready("Ann", 60) for _ in range(5)))) == [False] * 4 + [True]


async def test_a_clock_that_was_put_back_holds_nobody_up_for_ever(store: PluginStore, clock: FakeClock) -> None:
    await store.set("Ann", clock.wall() + 1e6)
    assert await store.ready("Ann", 60)


async def test_the_store_refuses_what_is_no_time_and_a_key_of_something_else(store: PluginStore) -> None:
    with pytest.raises(StoreError, match="wants seconds above 0, not 0"):
        await store.ready("Ann", 0)
    await store.set("Ann", {"visits": 1})
    with pytest.raises(StoreError, match="holds something else than a time: choose another key"):
        await store.ready("Ann", 60)
