"""What was said with whom, in a real database: nothing private is found anywhere else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mudbot.mind.context import Turn
from mudbot.mind.memory import TurnMemory
from mudbot.store.store import Store, StoreError
from mudbot.testing import FakeClock


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = Store(tmp_path / "data", FakeClock())
    yield store
    await store.close()


def turns(*texts: str) -> list[Turn]:
    """An exchange: Ann, the character, Ann, ..."""
    return [Turn("Chen" if n % 2 else "Ann", text, own=bool(n % 2)) for n, text in enumerate(texts)]


async def test_turns_come_back_in_their_order(store: Store) -> None:
    """The oldest first, as they were, over several times of remembering."""
    memory = TurnMemory(store, "s/Chen")
    await memory.remember("ann", turns("a", "b"), private=False)
    await memory.remember("ann", turns("c", "d"), private=False)
    assert await memory.recent("ann", private=False, limit=9) == turns("a", "b", "c", "d")


async def test_only_the_last_turns_are_asked_for(store: Store) -> None:
    memory = TurnMemory(store, "s/Chen")
    await memory.remember("ann", turns(*"abcdef"), private=False)
    assert [turn.text for turn in await memory.recent("ann", private=False, limit=3)] == ["d", "e", "f"]


async def test_private_words_are_found_in_private_only(store: Store) -> None:
    """And public ones in public: neither leaks into the other."""
    memory = TurnMemory(store, "s/Chen")
    await memory.remember("ann", turns("my secret", "hush"), private=True)
    await memory.remember("ann", turns("good day", "welcome"), private=False)
    assert await memory.recent("ann", private=False, limit=9) == turns("good day", "welcome")
    assert await memory.recent("ann", private=True, limit=9) == turns("my secret", "hush")


@pytest.mark.parametrize("other", ["bob", "an", "ann ", "%", "_nn", "' OR 1=1 --", ""])
async def test_nobody_else_is_told(store: Store, other: str) -> None:
    """A speaker is that one exactly; signs of the query language are letters."""
    memory = TurnMemory(store, "s/Chen")
    await memory.remember("ann", turns("my secret", "hush"), private=True)
    assert await memory.recent(other, private=True, limit=9) == []


async def test_each_character_remembers_its_own(store: Store) -> None:
    """Two sessions in one database are two lives."""
    await TurnMemory(store, "s/Chen").remember("ann", turns("a"), private=False)
    assert await TurnMemory(store, "t/Chen").recent("ann", private=False, limit=9) == []


async def test_it_outlives_a_restart(tmp_path: Path) -> None:
    for text in ("a", "b"):
        store = Store(tmp_path / "data", FakeClock())
        memory = TurnMemory(store, "s/Chen")
        await memory.remember("ann", turns(text), private=False)
        found = await memory.recent("ann", private=False, limit=9)
        await store.close()
    assert found == turns("a") + turns("b")


async def test_a_broken_store_is_an_error_to_read_and_none_to_remember(tmp_path: Path) -> None:
    """Whoever answers need not wait for the disk."""
    (tmp_path / "data").write_text("a file where the folder should be")
    store = Store(tmp_path / "data", FakeClock())
    memory = TurnMemory(store, "s/Chen")
    await memory.remember("ann", turns("a"), private=False)
    with pytest.raises(StoreError):
        await memory.recent("ann", private=False, limit=9)
    await store.close()
