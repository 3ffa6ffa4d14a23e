"""What plugins keep by key: it stays, it is apart, it is counted right; what cannot be kept is refused by its place."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from mudbot.errors import StoreError
from mudbot.host.services.plain import MAX_VALUE
from mudbot.host.services.store import PluginStore
from mudbot.store import kept
from mudbot.store.store import FILE, Store
from mudbot.store.tables import SCHEMA, kept_sizes
from mudbot.testing import FakeClock


@pytest.fixture
async def base(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    store = Store(tmp_path / "data", clock)
    yield store
    await store.close()


def of(base: Store, plugin: str = "quests", session: str = "tavern") -> PluginStore:
    return PluginStore(base, FakeClock(), plugin, session)


async def sizes(base: Store) -> list[tuple[str, int, int]]:
    def look(connection: Connection) -> list[tuple[str, int, int]]:
        return [tuple(row) for row in connection.execute(select(kept_sizes))]

    return await base.read(look)


# -- values --------------------------------------------------------------------------------------------------------


VALUES: list[Any] = [
    None, True, 0, -(10**30), 1.5, "", "老陈 🏮 \x00 \u202e '; DROP TABLE kept;--", "\udc80 half a character", [], {},
    {"a": [1, {"b": None}], "": "empty key", "$.x": 1}, [[[]]],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda value: ascii(value)[:20])
async def test_a_value_comes_back_as_it_was(base: Store, value: Any) -> None:
    store = of(base)
    await store.set("key", value)
    assert await store.get("key", "none") == value
    assert type(await store.get("key")) is type(value)


async def test_what_is_kept_survives_a_restart_and_another_instance(tmp_path: Path, clock: FakeClock) -> None:
    """A reload makes a new instance, a restart a new database connection."""
    for number in range(3):
        base = Store(tmp_path, clock)
        assert await of(base).get("n", 0) == number
        await of(base).set("n", number + 1)
        assert await of(base).get("n") == number + 1
        await base.close()


async def test_a_missing_key_gives_the_default(base: Store) -> None:
    """None without one; and a None that was kept is not missing."""
    store = of(base)
    assert await store.get("key") is None
    assert await store.get("key", 5) == 5
    await store.set("key", None)
    assert await store.get("key", 5) is None


async def test_delete_says_whether_there_was_something(base: Store) -> None:
    store = of(base)
    await store.set("key", 1)
    assert [await store.delete("key"), await store.delete("key")] == [True, False]
    assert await store.get("key") is None


async def test_plugins_and_sessions_do_not_see_each_others_keys(base: Store) -> None:
    """Only ``shared`` is the same in all sessions of one plugin."""
    ours, elsewhere, other = of(base), of(base, session="castle"), of(base, plugin="dice")
    await ours.set("key", "ours")
    await ours.shared.set("key", "for all")
    assert (await elsewhere.get("key"), await other.get("key"), await other.shared.get("key")) == (None, None, None)
    assert await elsewhere.shared.get("key") == "for all"
    assert await ours.shared.shared.get("key") == "for all"
    assert await ours.get("key") == "ours"
    await ours.clear()
    assert await elsewhere.shared.keys() == ["key"]


async def test_keys_are_listed_by_their_beginning(base: Store) -> None:
    """Whatever signs they are of: patterns of the database mean nothing."""
    store = of(base)
    names = ["a", "ab", "a%", "a_", "b", "é", "老", "老陈", "\U0010ffff", "\U0010ffffz", "\ud7ff", "\ue000", "a\x00b"]
    for name in names:
        await store.set(name, name)
    for prefix in ["", *names, "a\U0010ffff", "zz"]:
        wanted = sorted(name for name in names if name.startswith(prefix))
        assert await store.keys(prefix) == wanted
        assert await store.items(prefix) == dict(zip(wanted, wanted, strict=True))
    assert await store.clear("a") == 5
    assert await store.keys("a") == []


@pytest.mark.parametrize("key", ["", "k" * 201, 5, None, b"bytes"])
async def test_a_key_is_a_text_of_some_length(base: Store, key: Any) -> None:
    for attempt in (of(base).get, of(base).delete, lambda k: of(base).set(k, 1), of(base).add):
        with pytest.raises(StoreError, match="a key "):
            await attempt(key)


async def test_half_a_character_in_a_key_is_no_failure(base: Store) -> None:
    """Names that players chose come from broken text as well."""
    await of(base).set("who:\udc80", 1)
    assert await of(base).get("who:\udc80") == 1


REFUSED: list[tuple[Any, str]] = [
    ({"scores": {1: "x"}}, r"key 'k'\['scores'\] has the key 1, and JSON has texts as keys only"),
    ({"at": [object()]}, r"key 'k'\['at'\]\[0\] is a object, which JSON has not"),
    ({1, 2}, "is a set"),
    (b"x", "is a bytes"),
    (float("nan"), "is nan, which JSON has not"),
    ([float("inf")], r"key 'k'\[0\] is inf"),
    ("x" * MAX_VALUE, "1,000,002 bytes as JSON; at most 1,000,000"),
    ("陈" * (MAX_VALUE // 3), "at most 1,000,000"),
    (10**5000, "thousands of digits"),
]


@pytest.mark.parametrize(("value", "message"), REFUSED, ids=lambda item: item if isinstance(item, str) else "value")
async def test_what_json_has_not_is_refused_with_its_place(base: Store, value: Any, message: str) -> None:
    """Not turned into something else, and the old value stays."""
    store = of(base)
    await store.set("k", "old")
    with pytest.raises(StoreError, match=message):
        await store.set("k", value)
    with pytest.raises(StoreError, match=message):
        await store.update("k", lambda _old: value)
    assert await store.get("k") == "old"


async def test_a_value_that_holds_itself_is_refused(base: Store) -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(StoreError, match="does it hold itself"):
        await of(base).set("k", loop)


# -- changes -------------------------------------------------------------------------------------------------------


async def test_updates_at_the_same_time_are_all_counted(base: Store) -> None:
    """By several instances of the plugin, as before and behind a reload, and among other changes."""
    one, two = of(base), of(base)
    await asyncio.gather(*(store.update("n", lambda n: n + 1, 0) for store in (one, two) for _ in range(50)))
    await asyncio.gather(*(store.add("n") for store in (one, two) for _ in range(25)))
    assert await one.get("n") == 150


async def test_an_update_calls_its_function_once_though_others_set(base: Store) -> None:
    """What a function does besides is done once."""
    store, calls = of(base), []

    def change(value: int) -> int:
        calls.append(value)
        return value + 1

    await asyncio.gather(store.update("n", change, 0), *(store.set("n", number) for number in range(10, 20)))
    assert len(calls) == 1


async def test_an_update_may_change_the_list_that_it_is_given(base: Store) -> None:
    """A function that returns None has changed what it got: the classic slip keeps the list."""
    store = of(base)
    default: list[str] = []
    assert await store.update("seen", lambda seen: seen.append("Ann"), default) == ["Ann"]
    assert await store.update("seen", lambda seen: seen.append("Bo"), default) == ["Ann", "Bo"]
    assert await store.get("seen") == ["Ann", "Bo"]
    assert default == []


async def test_what_an_update_raises_comes_through_and_the_value_stays(base: Store) -> None:
    store = of(base)
    await store.set("n", 1)
    with pytest.raises(ZeroDivisionError):
        await store.update("n", lambda n: n / 0)
    assert await store.update("n", lambda n: n + 1) == 2  # and nothing is locked


async def test_an_update_wants_a_plain_function(base: Store) -> None:
    async def change(value: Any) -> Any:
        return value

    with pytest.raises(StoreError, match="plain function, not 'async def'"):
        await of(base).update("n", change)
    assert await of(base).keys() == []


async def test_add_counts_from_nothing_and_keeps_whole_numbers_whole(base: Store) -> None:
    store = of(base)
    assert [await store.add("n"), await store.add("n", 4), await store.add("n", -0.5)] == [1, 5, 4.5]
    assert [type(await store.get("n")), await store.add("m", 2)] == [float, 2]


async def test_add_wants_numbers_on_both_sides(base: Store) -> None:
    store = of(base)
    await store.set("word", "three")
    await store.set("flag", True)
    await store.set("big", 1e308)
    for key in ("word", "flag"):
        with pytest.raises(StoreError, match="holds no number"):
            await store.add(key)
    with pytest.raises(StoreError, match="no number that can be kept"):
        await store.add("big", 1e308)
    for number in ("1", None, float("nan"), True):
        with pytest.raises(StoreError, match="only a number can be added"):
            await store.add("n", number)  # type: ignore[arg-type]
    assert await store.items() == {"word": "three", "flag": True, "big": 1e308}


async def test_a_cancelled_change_leaves_the_store_usable(base: Store) -> None:
    """A handler's deadline may end it at any point."""
    store = of(base)
    for turns in range(8):
        task = asyncio.create_task(store.update("n", lambda n: n + 1, 0))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
    before = await store.get("n", 0)
    assert await store.update("n", lambda n: n + 1, 0) == before + 1


# -- bounds --------------------------------------------------------------------------------------------------------


async def test_a_plugin_keeps_so_many_keys_and_no_more(base: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """In all its sessions together; what it has can be changed, and deleting makes room; others are not concerned."""
    monkeypatch.setattr(kept, "MAX_ENTRIES", 3)
    await of(base).set("a", 1)
    await of(base, session="castle").set("b", 1)
    await of(base).shared.set("c", 1)
    with pytest.raises(StoreError, match="plugin quests keeps 3 keys and rows already: delete some first"):
        await of(base).set("d", 1)
    assert await of(base).keys() == ["a"]
    await of(base).set("a", 2)
    await of(base, plugin="dice").set("d", 1)
    await of(base, session="castle").delete("b")
    await of(base).set("d", 1)


async def test_a_plugin_fills_so_much_of_the_disk_and_no_more(base: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Smaller values are always taken: whoever is over the bound can get below it."""
    store = of(base)
    await store.set("a", "x" * 5000)
    monkeypatch.setattr(kept, "MAX_SIZE", 4000)
    with pytest.raises(StoreError, match="already: delete something first"):
        await store.set("b", 1)
    await store.set("a", "x" * 4500)
    await store.set("a", "x")
    await store.set("b", "x" * 3000)


async def test_the_books_are_exact(base: Store) -> None:
    """Keys and bytes, after every kind of change."""
    store = of(base)
    await store.set("a", "陈")  # three bytes and quotes
    await store.set("b", [1, 2])
    await store.set("a", "xy")
    await store.add("n", 10)
    await store.update("b", lambda b: [*b, 3])
    assert await sizes(base) == [("quests", 3, 4 + 7 + 2)]
    await store.delete("a")
    await store.clear("b")
    await store.delete("never")
    assert await sizes(base) == [("quests", 1, 2)]


# -- trouble -------------------------------------------------------------------------------------------------------


async def test_a_database_that_is_away_is_one_clear_error_and_comes_back(tmp_path: Path, clock: FakeClock) -> None:
    """Without a restart, and without a lock left behind."""
    (tmp_path / "data").write_text("a file where the folder should be")
    base = Store(tmp_path / "data", clock)
    store = of(base)
    for attempt in (
        lambda: store.get("k"),
        lambda: store.set("k", 1),
        lambda: store.add("k"),
        lambda: store.update("k", lambda n: n, 0),
        store.keys,
    ):
        with pytest.raises(StoreError, match="is the folder writable"):
            await attempt()
    (tmp_path / "data").unlink()
    assert await store.add("k") == 1
    await base.close()


async def test_a_database_of_the_second_schema_gets_the_tables(tmp_path: Path, clock: FakeClock) -> None:
    """What is in it stays."""
    base = Store(tmp_path, clock)
    await base.write("decisions", session="s", speaker="", source="player", reason="old", text="x")
    await base.close()
    connection = sqlite3.connect(tmp_path / FILE)
    for table in ("kept", "kept_rows", "kept_sizes"):
        connection.execute(f"DROP TABLE {table}")
    connection.execute("PRAGMA user_version=2")
    connection.close()
    for number in range(2):
        base = Store(tmp_path, clock)
        assert await of(base).add("n") == number + 1
        await base.close()
    connection = sqlite3.connect(tmp_path / FILE)
    assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA,)
    assert connection.execute("SELECT reason FROM decisions").fetchall() == [("old",)]
    connection.close()


async def test_its_repr_names_whose_it_is(base: Store) -> None:
    assert [repr(of(base)), repr(of(base).shared)] == ["<store of quests in tavern>", "<store of quests>"]
