"""What conditions are asked about: own variables and what the MUD told, in all its ways, and no more than is kept."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.triggers.condition import MAX_DEPTH, MAX_NAMES, Condition, UnknownNameError, Values
from tests.triggers.strategies import fuzz


@pytest.fixture
def values() -> Values:
    made = Values()
    made.hear_gmcp("Char.Vitals", {"HP": "20", "maxhp": 100, "state": {"Poison": True, "name": "Bob"}})
    return made


def test_values_are_found_by_name_and_by_path(values: Values) -> None:
    """Whatever the case, as numbers where they are written so."""
    for text in (
        "hp < 30", "HP == 20", "Char.Vitals.hp == 20", "char.vitals.HP == 20", "CHAR.VITALS.MAXHP == 100",
        "poison == 1",
        "Char.Vitals.State.Poison", "state.poison", "name == 'Bob'", "maxhp - hp == 80",
    ):  # fmt: skip
        assert Condition(text).holds(values), text


def test_what_a_message_does_not_name_stays_as_it_was(values: Values) -> None:
    """Servers send what changed; a table within is sent whole."""
    values.hear_gmcp("Char.Vitals", {"hp": 5})
    assert Condition("hp == 5 and Char.Vitals.hp == 5 and Char.Vitals.maxhp == 100").holds(values)
    values.hear_gmcp("char.vitals", {"state": {"blind": 1}})
    assert Condition("Char.Vitals.state.blind").holds(values)
    with pytest.raises(UnknownNameError, match="poison"):
        Condition("Char.Vitals.state.poison").holds(values)


def test_a_name_is_what_was_told_last_a_path_is_its_own(values: Values) -> None:
    values.hear_gmcp("Enemy.Vitals", {"hp": 7})
    assert Condition("hp == 7 and Char.Vitals.hp == 20 and Enemy.Vitals.hp == 7").holds(values)


def test_own_variables_come_first(values: Values) -> None:
    """What the owner set is not overruled by the MUD."""
    values["Hp"] = 1
    values.hear_gmcp("Char.Vitals", {"hp": 5})
    assert Condition("hp == 1 and Char.Vitals.hp == 5").holds(values)


def test_msdp_variables(values: Values) -> None:
    """Texts, tables and lists, with names as MUDs shout them."""
    values.hear_msdp({"HEALTH": "33", "ROOM": {"VNUM": "6008", "EXITS": {"n": "1"}}, "AFFECTS": ["bless", "haste"]})
    assert Condition("health == 33 and vnum == 6008 and Room.Vnum == 6008 and room.exits.n == 1").holds(values)
    assert Condition("'haste' in affects and 'slow' not in AFFECTS and len(affects) == 2").holds(values)


def test_messages_that_are_no_tables(values: Values) -> None:
    """A number, a text, a list, nothing; a path through one of those becomes a table."""
    values.hear_gmcp("Core.Ping", 120)
    values.hear_gmcp("Char.Name", "Ann")
    values.hear_gmcp("Char.Items.List", [{"id": 1}])
    values.hear_gmcp("Core.Goodbye", None)
    assert Condition("ping == 120 and Core.Ping == 120 and Char.Name == 'Ann' and len(Char.Items.List) == 1").holds(
        values
    )
    assert Condition("not Core.Goodbye and not goodbye").holds(values)
    values.hear_gmcp("Core.Ping.Average", 5)
    assert Condition("Core.Ping.Average == 5 and ping == 120").holds(values)
    values.hear_gmcp("Core.Ping", 7)
    assert Condition("Core.Ping == 7").holds(values)
    values.hear_gmcp("Core.Ping", {"max": 9})
    assert Condition("Core.Ping.max == 9").holds(values)


def test_names_that_tables_of_python_have(values: Values) -> None:
    """Items, keys, values: names like any others, in any case, told or not."""
    names = ("items", "Keys", "values", "get", "copy", "POP", "update", "clear")
    for number, name in enumerate(names):
        values.hear_gmcp(f"X.{name}", {name: number})
    for number, name in enumerate(names):
        assert Condition(f"X.{name}.{name} == {number} and {name} == {number}").holds(values)


def test_it_is_a_mapping_of_all_names(values: Values) -> None:
    values["Mood"] = "glad"
    assert set(values) == {"char", "hp", "maxhp", "state", "poison", "name", "mood"}
    assert (len(values), values["MOOD"], "HP" in values, "mp" in values) == (7, "glad", True, False)
    assert isinstance(values, Mapping)
    assert repr(values) == "<Values 7 names>"


# -- a MUD that means ill ----------------------------------------------------------------------------------------------


def names_in(value: Any) -> int:
    return sum(1 + names_in(inner) for inner in value.values()) if isinstance(value, Mapping) else 0


def kept(values: Values) -> int:
    """How many names there are at all levels of what was told."""
    return names_in(values._told) + names_in(values._tree)


Flood = Callable[[int], tuple[str, Any]]
FLOODS: dict[str, tuple[int, Flood]] = {
    "names of packages": (2 * MAX_NAMES, lambda n: (f"p{n}", n)),
    "packages with nothing": (2 * MAX_NAMES, lambda n: (f"p{n}", {})),
    "paths": (2 * MAX_NAMES, lambda n: (f"a.b{n}.c", {})),
    "deep paths": (3000, lambda n: (".".join(f"x{n}y{m}" for m in range(20)), {"hp": 1})),
    "names in one table": (2 * MAX_NAMES, lambda n: ("Char", {f"k{n}": 1})),
    "the same names in other packages": (1000, lambda n: (f"p{n}", {f"k{m}": 1 for m in range(50)})),
    "tables in tables": (500, lambda n: ("Char", {f"k{n}": {f"m{m}": {"x": 1} for m in range(30)}})),
    "one table that grows": (30, lambda n: ("Char", {"t": {f"k{m}": 1 for m in range(n * 500)}})),
}


@pytest.mark.parametrize("kind", FLOODS)
def test_a_mud_cannot_fill_the_memory(kind: str, values: Values) -> None:
    """Names are bounded, whatever way they come; what is known already still changes, and what is own can be set."""
    times, flood = FLOODS[kind]
    for n in range(times):
        values.hear_gmcp(*flood(n))
        values.hear_msdp({"m" * (n % 3 + 1): n})
    assert kept(values) <= MAX_NAMES
    assert values._size == kept(values)
    values.hear_gmcp("Char.Vitals", {"hp": 3, "maxhp": 90})
    values["mine"] = 1
    assert Condition("hp == 3 and Char.Vitals.hp == 3 and Char.Vitals.maxhp == 90 and mine").holds(values)


def test_tables_as_deep_as_the_stack(values: Values) -> None:
    """What is nested too deeply is left out, and what is beside it is kept."""
    deep: dict[str, Any] = {"x": 1}
    for _ in range(5000):
        deep = {"x": deep}
    values.hear_gmcp("Deep", {"x": deep, "hp": 4})
    values.hear_msdp({"deep": deep})
    assert Condition("hp == 4").holds(values)
    assert Condition("Deep" + ".x" * (MAX_DEPTH // 2)).holds(values)


def test_memory_stays_small(values: Values) -> None:
    """Ten thousand names are a few megabytes."""
    tracemalloc.start()
    for n in range(3 * MAX_NAMES):
        values.hear_gmcp(f"package{n}.part{n % 7}", {f"name{n}": n})
    taken, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert taken < 8_000_000


NAMES = st.sampled_from(("Char", "Vitals", "hp", "HP", "items", "", "a", "x.y", "状态", "__class__"))
DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("7"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.tuples(st.lists(NAMES, min_size=1, max_size=4).map(".".join), DATA), max_size=8))
@fuzz(200)
def test_whatever_a_mud_says_is_kept_or_left(said: list[tuple[str, Any]]) -> None:
    """No message raises anything, and the count of names is right."""
    values = Values()
    for package, data in said:
        values.hear_gmcp(package, data)
        values.hear_msdp({package: data})
        assert values._size == kept(values)
    for name in values:
        assert values[name] is values[name.upper().casefold()] or name != name.upper().casefold()
