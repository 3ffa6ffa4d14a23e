"""Tables of plugins: what goes in comes out, is found by its fields, and outlives changes of its class."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, Literal

import pytest

from mudbot.errors import PluginError, StoreError
from mudbot.host.services.plain import MAX_VALUE
from mudbot.host.services.store import PluginStore
from mudbot.host.services.table import Table
from mudbot.store import kept
from mudbot.store.store import Store
from mudbot.testing import FakeClock

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class State(Enum):
    OPEN = "open"
    DONE = "done"


class Rank(IntEnum):
    LOW = 1
    HIGH = 2


@dataclass
class Place:
    room: str
    depth: int = 0


@dataclass
class Quest:
    player: str
    gold: int = 0
    share: float = 0.5
    secret: bool = False
    at: datetime = NOON
    note: str | None = None
    state: State = State.OPEN
    rank: Rank = Rank.LOW
    kind: Literal["kill", "fetch"] = "kill"
    tags: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    where: Place = field(default_factory=lambda: Place("cellar"))


@dataclass(frozen=True, slots=True)
class Sale:
    item: str
    price: int
    id: int = 0


@pytest.fixture
async def base(tmp_path: Path, clock: FakeClock) -> AsyncIterator[Store]:
    store = Store(tmp_path / "data", clock)
    yield store
    await store.close()


@pytest.fixture
def store(base: Store) -> PluginStore:
    return PluginStore(base, FakeClock(), "quests", "tavern")


@pytest.fixture
def quests(store: PluginStore) -> Table[Quest]:
    return store.table("quests", Quest)


@pytest.fixture
async def sales(store: PluginStore) -> Table[Sale]:
    table = store.table("sales", Sale)
    for item, price in [("sword", 50), ("lamp", 5), ("sword", 40), ("rope", 5)]:
        await table.insert(Sale(item, price))
    return table


# -- in and out ----------------------------------------------------------------------------------------------------

FULL = Quest(
    "老陈 🏮 \x1b '; --",
    -(10**12),
    0.1,
    True,
    datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
    "",
    State.DONE,
    Rank.HIGH,
    "fetch",
    ["a", '"'],
    {"x": 1},
    Place("hall", 3),
)


@pytest.mark.parametrize("quest", [Quest("Ann"), FULL], ids=["defaults", "full"])
async def test_a_row_comes_back_equal(quests: Table[Quest], quest: Quest) -> None:
    """Every kind of field, and the kinds within them."""
    await quests.insert(quest)
    (found,) = await quests.find()
    assert found == quest
    assert (type(found.state), type(found.rank), type(found.where), type(found.share)) == (State, Rank, Place, float)


async def test_rows_survive_a_restart(tmp_path: Path, clock: FakeClock) -> None:
    for number in range(3):
        base = Store(tmp_path, clock)
        table = PluginStore(base, clock, "quests", "tavern").table("quests", Quest)
        assert await table.count() == number
        await table.insert(Quest("Ann"))
        await base.close()


async def test_plugins_sessions_and_tables_are_apart(base: Store, store: PluginStore, quests: Table[Quest]) -> None:
    await quests.insert(Quest("Ann"))
    others = [
        store.table("other", Quest),
        store.shared.table("quests", Quest),
        PluginStore(base, FakeClock(), "quests", "castle").table("quests", Quest),
        PluginStore(base, FakeClock(), "dice", "tavern").table("quests", Quest),
    ]
    for table in others:
        assert await table.find() == []
        assert await table.clear() == 0
    assert await quests.count() == 1
    assert await store.keys() == []


# -- finding -------------------------------------------------------------------------------------------------------

OTHER = Quest(
    "Bo", 7, 1.25, True, NOON + timedelta(seconds=1), "n", State.DONE, Rank.HIGH, "fetch", ["t"], {"k": 2}, Place("x")
)


@pytest.mark.parametrize("name", [n for n in Quest.__annotations__ if n not in ("counts", "where")])
async def test_rows_are_found_by_every_kind_of_field(quests: Table[Quest], name: str) -> None:
    """And only those that equal it."""
    await quests.insert(Quest("Ann"))
    await quests.insert(OTHER)
    for quest in (Quest("Ann"), OTHER):
        assert await quests.find(**{name: getattr(quest, name)}) == [quest]
        assert await quests.count(**{name: getattr(quest, name)}) == 1


async def test_several_fields_must_all_be_equal(sales: Table[Sale]) -> None:
    assert [sale.price for sale in await sales.find(item="sword", price=40)] == [40]
    assert await sales.find(item="sword", price=5) == []
    assert await sales.first(item="sword") == Sale("sword", 50, 1)
    assert await sales.first(item="boat") is None


async def test_hostile_words_are_words(quests: Table[Quest]) -> None:
    """What a player is called finds that player's rows and no others."""
    names = ["' OR 1=1 --", '"', "%", "{}", "[]", "null", "true", "1", "", "$.player", "\\", "\x01", "a{b"]
    for name in names:
        await quests.insert(Quest(name))
    for name in names:
        assert [quest.player for quest in await quests.find(player=name)] == [name]


@pytest.mark.parametrize(
    ("order", "prices"),
    [
        ((), [50, 5, 40, 5]),
        ("price", [5, 5, 40, 50]),
        ("-price", [50, 40, 5, 5]),
        (["item", "-price"], [5, 5, 50, 40]),
        ("-id", [5, 40, 5, 50]),
    ],
)
async def test_rows_come_in_order(sales: Table[Sale], order: Any, prices: list[int]) -> None:
    """Equal ones as they were inserted."""
    assert [sale.price for sale in await sales.find(order=order)] == prices
    assert [sale.price for sale in await sales.find(order=order, limit=2)] == prices[:2]
    assert await sales.find(order=order, limit=0) == []


async def test_times_are_in_order_whatever_zone_and_precision(quests: Table[Quest]) -> None:
    """Ten in New York is later than twelve in London."""
    zones = [(10, -5), (12, 1), (9, 0)]
    for hour, offset in zones:
        await quests.insert(Quest(str(hour), at=datetime(2026, 5, 1, hour, tzinfo=timezone(timedelta(hours=offset)))))
    await quests.insert(Quest("ms", at=datetime(2026, 5, 1, 9, 0, 0, 1000, tzinfo=UTC)))
    assert [quest.player for quest in await quests.find(order="at")] == ["9", "ms", "12", "10"]
    berlin = datetime(2026, 5, 1, 12, tzinfo=timezone(timedelta(hours=1)))
    assert await quests.count(at=berlin) == await quests.count(at=berlin.astimezone(UTC)) == 1


async def test_a_time_without_a_zone_stays_one(quests: Table[Quest]) -> None:
    local = datetime(2026, 5, 1, 12)  # noqa: DTZ001 - what authors write
    await quests.insert(Quest("Ann", at=local))
    assert (await quests.find(at=local))[0].at == local


# -- changing ------------------------------------------------------------------------------------------------------


async def test_update_changes_the_rows_it_finds_and_nothing_else(quests: Table[Quest]) -> None:
    for player in ("Ann", "Bo", "Ann"):
        await quests.insert(Quest(player))
    changes = {"state": State.DONE, "tags": ["x"], "where": Place("roof"), "note": None, "at": NOON, "secret": True}
    assert await quests.update(changes, player="Ann") == 2
    done = Quest("Ann", state=State.DONE, tags=["x"], where=Place("roof"), secret=True)
    assert await quests.find() == [done, Quest("Bo"), done]
    assert await quests.update({"gold": 5}) == 3
    assert await quests.update({}, player="Bo") == 1
    assert await quests.update({"gold": 9}, player="Cy") == 0


async def test_delete_wants_to_know_what(sales: Table[Sale]) -> None:
    """To forget an argument must not empty the table."""
    with pytest.raises(StoreError, match=r"clear\(\) deletes every row"):
        await sales.delete()
    assert [await sales.delete(item="sword"), await sales.delete(item="sword"), await sales.count()] == [2, 0, 2]
    assert [await sales.clear(), await sales.count()] == [2, 0]


async def test_the_field_id_is_the_rows_number(sales: Table[Sale]) -> None:
    """By it one of several equal rows can be changed; a frozen dataclass gets it as well."""
    assert await sales.insert(Sale("lamp", 5)) == 5
    assert await sales.find(item="lamp") == [Sale("lamp", 5, 2), Sale("lamp", 5, 5)]
    assert await sales.update({"price": 6}, id=5) == 1
    assert await sales.find(id=5) == [Sale("lamp", 6, 5)]
    assert await sales.delete(id=2) == 1
    with pytest.raises(StoreError, match="number cannot be changed"):
        await sales.update({"id": 7}, id=5)


# -- a class that changes ------------------------------------------------------------------------------------------


@dataclass
class Before:
    player: str
    gold: int
    old: str = "x"


@dataclass
class After:
    player: str
    gold: float
    new: str = "fresh"
    tags: list[str] = field(default_factory=list)
    none: str | None = None


@dataclass
class Needs:
    player: str
    reward: int


async def test_older_rows_have_the_defaults_of_new_fields(store: PluginStore) -> None:
    """They are found and sorted by them, and fields that are gone are left out."""
    await store.table("t", Before).insert(Before("Ann", 5))
    table = store.table("t", After)
    await table.insert(After("Bo", 2.5, "newer", ["b"], "n"))
    old = After("Ann", 5.0)
    assert await table.find(new="fresh") == await table.find(tags=[]) == await table.find(none=None) == [old]
    assert await table.find(new="newer") == [After("Bo", 2.5, "newer", ["b"], "n")]
    assert [row.player for row in await table.find(order="-new")] == ["Bo", "Ann"]
    assert await table.update({"new": "changed"}, player="Ann") == 1
    assert await table.find(player="Ann") == [After("Ann", 5.0, "changed")]


async def test_a_new_field_without_a_default_is_a_clear_error(store: PluginStore) -> None:
    await store.table("t", Before).insert(Before("Ann", 5))
    with pytest.raises(
        StoreError,
        match=r"table t: row 1 does not fit Needs any more: it has no 'reward', which has no default: give that field",
    ):
        await store.table("t", Needs).find()


async def test_a_field_whose_kind_changed_is_a_clear_error(store: PluginStore) -> None:
    @dataclass
    class Other:
        player: int

    await store.table("t", Before).insert(Before("Ann", 5))
    with pytest.raises(StoreError, match=r"row 1 does not fit Other any more: player must be a whole number"):
        await store.table("t", Other).find()


# -- mistakes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (Quest(5), "player must be text.*, not 5"),  # type: ignore[arg-type]
        (Quest("Ann", gold="many"), "gold must be a whole number, not 'many'"),  # type: ignore[arg-type]
        (Quest("Ann", gold="5"), "gold must be a whole number"),  # type: ignore[arg-type]
        (Quest("A\0nn"), "player holds a NUL character"),
        (Quest("Ann", share=float("nan")), "share is nan"),
        (Quest("Ann", kind="steal"), "kind must be kill or fetch"),  # type: ignore[arg-type]
        (Quest("Ann", state="lost"), "state must be open or done"),  # type: ignore[arg-type]
        (Quest("Ann", note=object()), "note is a object"),  # type: ignore[arg-type]
        (Quest("x" * MAX_VALUE), "at most 1,000,000"),
        (Quest("x" * 600_000, note="y" * 600_000), "a row has more than 1,000,000 bytes"),
        (Place("x"), "keeps Quest, not Place"),
    ],
    ids=str,
)
async def test_what_does_not_fit_the_class_is_not_kept(quests: Table[Quest], row: Any, message: str) -> None:
    """A dataclass checks nothing itself; what could not be read again is refused when it is written."""
    with pytest.raises(StoreError, match=message):
        await quests.insert(row)
    assert await quests.count() == 0


async def test_slips_in_calls_name_the_table_and_the_nearest_field(quests: Table[Quest]) -> None:
    for attempt in (
        lambda: quests.find(playr="Ann"),
        lambda: quests.find(order="-playr"),
        lambda: quests.count(playr="Ann"),
        lambda: quests.update({"playr": "Ann"}),
        lambda: quests.delete(playr="Ann"),
    ):
        with pytest.raises(StoreError, match=r"table quests: Quest has no field 'playr'; did you mean 'player'\?"):
            await attempt()
    with pytest.raises(StoreError, match="cannot be found by a dict"):
        await quests.find(counts={"a": 1})
    with pytest.raises(StoreError, match="gold must be a whole number, not 'x'"):
        await quests.update({"gold": "x"})
    for limit in (-1, "5", True):
        with pytest.raises(StoreError, match="limit is how many rows"):
            await quests.find(limit=limit)  # type: ignore[arg-type]


class Plain:
    pass


@dataclass
class Holds:
    it: Plain


@dataclass
class BadDefault:
    count: int = None  # type: ignore[assignment]


@dataclass
class BadName:
    order: int


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Plain, "wants a class marked @dataclass, not 'Plain'"),
        (Quest("Ann"), "wants a class marked @dataclass"),
        (Holds, "Holds cannot be kept in a table"),
        (BadDefault, "BadDefault.count: its default must be a whole number, not None: change it, or the annotation"),
        (BadName, "BadName.order: a table's field cannot be called so"),
    ],
)
async def test_a_class_that_cannot_be_kept_is_found_when_the_table_is_made(
    store: PluginStore, kind: Any, message: str
) -> None:
    """That is in ``start``, so when the plugin loads."""
    with pytest.raises(PluginError, match=message):
        store.table("t", kind)


@pytest.mark.parametrize("name", ["", "a b", "x" * 61, 5, "a;"])
async def test_a_tables_name_is_a_word(store: PluginStore, name: Any) -> None:
    with pytest.raises(PluginError, match="a table's name has up to 60"):
        store.table(name, Sale)


async def test_rows_count_as_what_the_plugin_keeps(
    store: PluginStore, sales: Table[Sale], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keys and rows together; and a change that makes rows too large changes none."""
    monkeypatch.setattr(kept, "MAX_ENTRIES", 5)
    await store.set("key", 1)
    with pytest.raises(StoreError, match="keeps 5 keys and rows already"):
        await sales.insert(Sale("x", 1))
    await sales.delete(item="rope")
    await sales.insert(Sale("x", 1))
    monkeypatch.setattr(kept, "MAX_VALUE", 100)
    with pytest.raises(StoreError, match=r"a row would have 1[0-9]{2} bytes; at most 100"):
        await sales.update({"item": "y" * 100})
    monkeypatch.setattr(kept, "MAX_SIZE", 300)
    with pytest.raises(StoreError, match="delete something first"):
        await sales.update({"item": "y" * 70})
    assert [sale.item for sale in await sales.find()] == ["sword", "lamp", "sword", "x"]


async def test_its_repr_names_its_class(quests: Table[Quest]) -> None:
    assert repr(quests) == "<table quests of Quest>"


# -- compared ------------------------------------------------------------------------------------------------------


@dataclass
class Watch:
    who: str
    price: float
    until: datetime = NOON
    note: str | None = None
    rank: Rank = Rank.LOW
    a__lt: int = 0
    id: int = 0


@pytest.fixture
async def watches(store: PluginStore) -> Table[Watch]:
    table = store.table("watches", Watch)
    for number, who in enumerate(["Ann", "Bob", "Cy", "Dee"]):
        late, note = NOON + timedelta(hours=number), None if number % 2 else who
        await table.insert(Watch(who, 10.0 * number, late, note, Rank.HIGH if number > 2 else Rank.LOW, number))
    return table


@pytest.mark.parametrize(
    ("fields", "who"),
    [
        ({"price__lt": 10}, "A"),
        ({"price__le": 10}, "AB"),
        ({"price__gt": 10.0}, "CD"),
        ({"price__ge": 10}, "BCD"),
        ({"price__gt": 5, "price__lt": 25}, "BC"),
        ({"price__ne": 10}, "ACD"),
        ({"price__eq": 10}, "B"),
        ({"until__lt": (NOON + timedelta(hours=1)).astimezone(timezone(timedelta(hours=8)))}, "A"),
        ({"who__ge": "Cy"}, "CD"),
        ({"who__in": ["Ann", "Dee", "Nobody", "'; --"]}, "AD"),
        ({"who__in": ("Ann",), "price__lt": 0}, ""),
        ({"who__in": []}, ""),
        ({"who__in": {"Bob": 1}}, "B"),
        ({"note__ne": None}, "AC"),
        ({"note__in": [None, "Ann"]}, "ABD"),
        ({"note__ne": "Ann"}, "BCD"),
        ({"note__lt": "Z"}, "AC"),
        ({"rank__gt": Rank.LOW}, "D"),
        ({"id__gt": 3}, "D"),
        ({"a__lt": 2}, "C"),
        ({"a__lt__lt": 2}, "AB"),
    ],
)
async def test_rows_are_found_by_comparison(watches: Table[Watch], fields: dict[str, Any], who: str) -> None:
    """A field that is called like a comparison is the field; None has no order."""
    assert "".join(each.who[0] for each in await watches.find(**fields)) == who
    assert await watches.count(**fields) == len(who)


async def test_comparisons_change_and_delete_rows(watches: Table[Watch]) -> None:
    assert await watches.update({"note": "late"}, until__ge=NOON + timedelta(hours=2)) == 2
    assert await watches.count(note="late") == 2
    best = await watches.first(price__lt=30, order="-price")
    assert best is not None
    assert best.who == "Cy"
    assert await watches.delete(until__lt=NOON + timedelta(hours=2)) == 2
    assert [each.who for each in await watches.find()] == ["Cy", "Dee"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"price__lte": 1}, "price__lte: a field is compared by eq, ne, lt, le, gt, ge, in"),
        ({"prize__lt": 1}, "has no field 'prize'; did you mean 'price'"),
        ({"price__lt": "x"}, "price must be"),
        ({"note__lt": None}, "note__lt: None has no order"),
        ({"who__in": "Ann"}, "who__in wants several values, a list for example, not 'Ann'"),
        ({"who__in": 5}, "wants several values"),
        ({"who__in": ["x"] * 501}, "takes 500 values at most"),
    ],
)
async def test_a_comparison_that_cannot_be_is_refused(
    watches: Table[Watch], fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(StoreError, match=message):
        await watches.find(**fields)


async def test_booleans_lists_and_dicts_have_no_order(quests: Table[Quest]) -> None:
    await quests.insert(Quest("Ann", tags=["{a}"]))
    assert await quests.count(secret__ne=True, tags__ne=["b"]) == 1
    for fields in ({"secret__lt": True}, {"tags__gt": ["a"]}):
        with pytest.raises(StoreError, match="has no order: compare by eq, ne or in"):
            await quests.find(**fields)
    with pytest.raises(StoreError, match="cannot be found by a dict"):
        await quests.find(counts__in=[{"x": 1}])
