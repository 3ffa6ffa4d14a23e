"""Conditions: what may stand in them, what they reckon, and what they say where they cannot."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.errors import PatternError
from mudbot.triggers import condition as module
from mudbot.triggers.condition import MAX_DEPTH, MAX_LENGTH, Condition, UnknownNameError, Values, plain
from tests.triggers.strategies import fuzz


def values(**told: Any) -> Values:
    made = Values()
    for name, value in told.items():
        made[name] = value
    return made


REFUSED = [
    "", " ", "hp <", "hp = 3", "hp := 3", "import os", "hp; mp", "hp < 30\nmp", "(", "'open", "\0", "hp < 0x",
    # attributes and what leads to them
    "hp.__class__", "''.__class__.__mro__[1]", "Char._x", "int.__self__", "(1).__class__", "().__class__",
    # calls
    "open('x')", "eval('1')", "exec('1')", "__import__('os')", "print(1)", "getattr(hp, 'x')", "hp()", "'a'.upper()",
    "Char.get('x')", "int()", "int(1, 2)", "int(*x)", "int(x=1)", "int(**x)", "(int)(1)(2)", "list(1)", "dict()",
    "set()", "tuple(x)", "lambda: 1", "(lambda: 1)()",
    # what takes long or much
    "2 ** 999999999", "9 ** 9", "1 << 99", "1 >> 9", "1 | 2", "1 & 2", "1 ^ 2", "~1", "a @ b",
    # other shapes
    "[x for x in hp]", "(x for x in hp)", "{x for x in hp}", "{x: 1 for x in hp}", "{1: 2}", "hp[0]", "hp[0:1]",
    "f'{hp}'", "f''", "1 if hp else 2", "yield hp", "await hp", "*hp", "(*hp,)", "b'x' == 1", "1j", "...", "hp is None",
    "hp is not None",
]  # fmt: skip


@pytest.mark.parametrize("text", REFUSED)
def test_what_may_not_stand_in_a_condition_is_refused_when_it_is_read(text: str) -> None:
    """With the condition and an example of one."""
    with pytest.raises(PatternError, match="when: ") as caught:
        Condition(text)
    assert "hp < 30" in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "hp < 1 " + "or hp < 1 " * MAX_LENGTH,
        "1" * (MAX_LENGTH + 1),
        "-" * 900 + "1",
        "not " * 200 + "hp",
        "(" * 400 + "1" + ")" * 400,
        "1" + "+1" * 400,
        "(" * 80 + "1" + ",)" * 80,
        "a" + ".b" * 300,
    ],
)
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    """Before it takes time or stack; the message is short."""
    with pytest.raises(PatternError) as caught:
        Condition(text)
    assert len(str(caught.value)) < 400


def test_what_is_as_deep_as_may_be_is_reckoned() -> None:
    """Also where much of the stack is used already."""
    condition = Condition("-" * (MAX_DEPTH - 3) + "1 < 2")

    def down(levels: int) -> bool:
        return condition.holds({}) if not levels else down(levels - 1)

    assert down(300)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hp < 30", True), ("hp > 30", False), ("hp == 20", True), ("hp != 20", False), ("hp <= 20 <= mp", True),
        ("hp < 30 and mp > 10", True), ("hp < 10 or mp > 10", True), ("not hp", False), ("not (hp and mp)", False),
        ("hp < maxhp * 0.3", True), ("hp * 100 / maxhp < 20.5", True), ("hp // 3 == 6 and hp % 3 == 2", True),
        ("-hp < 0 and +hp > 0", True), ("name == 'Bob'", True), ("'o' in name", True), ("'x' not in name", True),
        ("hp in (10, 20)", True), ("hp in [10]", False), ("name in ('Ann', 'Bob')", True), ("len(name) == 3", True),
        ("int('7') == 7 and float('7.5') == 7.5", True), ("abs(-3) == 3", True), ("str(hp) == '20'", True),
        ("lower(name) == 'bob'", True), ("True", True), ("None == None", True), ("HP < 30", True), ("气 < 5", True),
        ("hp+1==21", True), (" hp < 30 ", True), ("name + 'x' == 'Bobx'", True), ("0", False), ("''", False),
    ],
)  # fmt: skip
def test_what_conditions_reckon(text: str, expected: bool) -> None:
    """Comparisons, arithmetic, and, or, not, in, names and a few functions."""
    assert Condition(text).holds(values(hp=20, mp=50, maxhp=100, name="Bob", 气=3)) is expected


def test_groups_come_before_values_and_are_numbers_where_they_look_so() -> None:
    """A trigger's own groups are what was just found."""
    known = values(hp=99, who="Ann")
    assert Condition("hp < 30 and who == 'Bob'").holds(known, {"hp": "20", "who": "Bob"})
    assert not Condition("hp < 30").holds(known, {"who": "Bob"})
    assert Condition("x == -1.5").holds({}, {"x": "-1.5"})


@pytest.mark.parametrize(("text", "name"), [
    ("mp < 3", "mp"), ("hp < 3 or mp < 3", "mp"), ("Char.Vitals.mp < 3", "mp"), ("Char.X.hp < 3", "X"),
    ("No.hp", "No"), ("hp.real", "real"), ("name.upper", "upper"), ("str > 3", "str"), ("len", "len"),
    ("Char.clear", "clear"),
    ("Char.Vitals.items", "items"), ("list", "list"),
])  # fmt: skip
def test_what_nobody_told_yet_is_named(text: str, name: str) -> None:
    """So that people can be told what is missing; Python's own attributes and functions are no values."""
    known = values(hp=20, name="Bob")
    known.hear_gmcp("Char.Vitals", {"hp": 20})
    with pytest.raises(UnknownNameError) as caught:
        Condition(text).holds(known)
    assert str(caught.value) == name


def test_what_is_not_needed_need_not_be_known() -> None:
    """Of ``or`` and ``and`` the second is asked only where it decides."""
    assert Condition("hp < 30 or mp < 3").holds(values(hp=1))
    assert not Condition("hp < 30 and mp < 3").holds(values(hp=50))


@pytest.mark.parametrize(
    "text",
    [
        "hp < name", "1 / 0", "hp % 0 == 1", "hp // 0", "len(hp) == 1", "int(name) == 1", "name < 3", "-name",
        "name - 1", "'%99999999d' % hp == ''", "name % 3", "'x' * 99999 * 99999 == ''", "[1] * 99999 * 99999 == 1",
        "3 in hp",
        "float(name) < 3", "int(1e308 * 10) == 1", "int('9' * 5000) == 1",
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_a_pattern_error(text: str) -> None:
    """It names the condition."""
    with pytest.raises(PatternError, match="cannot be told"):
        Condition(text).holds(values(hp=20, name="Bob"))


def test_reckoning_adds_no_functions() -> None:
    """What the library brings along stays out, however often something was reckoned."""
    before = dict(module.FUNCTIONS)
    Condition("len('x') == 1").holds({})
    assert before == module.FUNCTIONS
    with pytest.raises(PatternError):
        Condition("list('x') == 1")


SIGNS = st.sampled_from([
    "hp", "mp", "Char", ".Vitals", ".hp", "__class__", "._x", "(", ")", "[", "]", "{", "}", "<", "==", "and", "or",
    "not",
    "in", "int", "len", "str", "lower", "'a'", "'%9d'", "3", "-", "*", "**", "%", "/", "//", ",", " ", ":=",
    "lambda", ":",
    "for", "if", "else", "f'{hp}'", "None", "True", "1e9", "0", "+", "~", "=", "\\", "#", "\n", "\t",
])  # fmt: skip


@given(st.lists(SIGNS, max_size=12).map(" ".join))
@fuzz(400)
def test_any_signs_are_a_condition_or_a_pattern_error(text: str) -> None:
    """Whatever an author writes, and whatever the MUD told: no other error comes out."""
    known = values(hp=20, mp="x")
    known.hear_gmcp("Char.Vitals", {"hp": [1], "x": None})
    try:
        told = Condition(text).holds(known)
    except (PatternError, UnknownNameError):
        return
    assert told in (True, False)


def test_it_says_what_it_is() -> None:
    assert repr(Condition("hp < 30")) == "<Condition 'hp < 30'>"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("20", 20), ("-3", -3), ("+3", 3), ("2.5", 2.5), (".5", 0.5), (" 7 ", 7), ("1e3", 1000.0), ("007", 7),
        ("3/4", "3/4"),
        ("", ""), ("-", "-"), ("Bob", "Bob"), ("3 gold", "3 gold"), ("9" * 50, "9" * 50), (5, 5), (None, None),
        ([1], [1]),
    ],
)  # fmt: skip
def test_numbers_that_came_as_texts(value: Any, expected: Any) -> None:
    assert plain(value) == expected
    assert type(plain(value)) is type(expected)


def test_groups_by_number_stand_in_braces() -> None:
    """As in replies and commands; one that took no part is empty."""
    condition = Condition("int({1}) < 30 and {who} == 'Bob' and {2} == ''")
    assert condition.holds(Values(), {"1": "20", "who": "Bob"})
    assert not condition.holds(Values(), {"1": "40", "who": "Bob"})
    assert Condition("group_size == 3 and {who} == '{who}' and \"{1}\" != {1}").holds(
        values(group_size=3), {"1": "x", "who": "{who}"}
    )


@pytest.mark.parametrize(("text", "hint"), [("hp = 3", "=="), ("hp && mp", "and, or, not"), ("hp <> 3", "!=")])
def test_other_languages_are_answered_in_their_terms(text: str, hint: str) -> None:
    with pytest.raises(PatternError, match=f"write {hint}"):
        Condition(text)
