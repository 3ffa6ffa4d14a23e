"""Who is muted stays so over a restart, and who is heard again does too."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mudbot import Speech
from mudbot.errors import StoreError
from mudbot.host.mutekeeper import MuteKeeper
from mudbot.host.mutes import Mutes
from mudbot.host.services.store import PluginStore
from mudbot.store.store import Store
from mudbot.testing import FakeClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[PluginStore]:
    clock = FakeClock()
    store = Store(tmp_path / "data", clock)
    yield PluginStore(store, clock, "who is muted", "s1")
    await store.close()


async def begun(store: PluginStore, clock: FakeClock) -> tuple[Mutes, MuteKeeper]:
    mutes = Mutes(clock.now, lambda _speech: False)
    keeper = MuteKeeper(mutes, store, clock)
    await keeper.begin()
    return mutes, keeper


async def test_a_mute_outlasts_a_restart_as_long_as_was_said(store: PluginStore) -> None:
    clock = FakeClock()
    mutes, keeper = await begun(store, clock)
    mutes.mute("Bob", 100)
    mutes.mute("Ann", 10)
    await keeper.settled()
    await clock.advance(40)
    again, _ = await begun(store, clock)
    assert again.names() == {"bob": 60.0}
    assert again.holds(Speech("say", "Bob", "hello"))


async def test_who_is_heard_again_is_not_muted_by_a_restart(store: PluginStore) -> None:
    clock = FakeClock()
    mutes, keeper = await begun(store, clock)
    mutes.mute("Bob", 100)
    await keeper.settled()
    assert mutes.unmute("bob")
    assert not mutes.unmute("bob")
    await keeper.settled()
    again, _ = await begun(store, clock)
    assert again.names() == {}


async def test_a_mute_before_the_database_was_read_counts(store: PluginStore) -> None:
    clock = FakeClock()
    mutes, keeper = await begun(store, clock)
    mutes.mute("Bob", 100)
    await keeper.settled()
    later = Mutes(clock.now, lambda _speech: False)
    later.mute("Bob", 10)
    await MuteKeeper(later, store, clock).begin()
    assert later.names() == {"bob": 10.0}


async def test_a_database_that_is_away_costs_only_the_memory(
    store: PluginStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*_: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(PluginStore, "get", away)
    monkeypatch.setattr(PluginStore, "set", away)
    mutes, keeper = await begun(store, FakeClock())
    mutes.mute("Bob", 100)
    await keeper.settled()
    assert mutes.names() == {"bob": 100.0}
    assert "who was muted is forgotten" in caplog.text
    assert "will not outlast a restart" in caplog.text
