"""Words of chat commands, and what texts become: whatever a player types, there are arguments or a UsageError."""

from __future__ import annotations

import enum
import inspect
import math
from collections.abc import Sequence
from typing import Annotated, Any, Literal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mudbot import Command, Rest, Speech, UsageError
from mudbot.host.arguments import Slot, kind_of, slot_of
from mudbot.host.marks.usage import arguments, fill, words
from tests.host.declared import Way, mark_of

relaxed = settings(deadline=None)  # machines are busy

QUOTES = "\"'“”‘’＂「」『』"
TYPED = st.text(st.sampled_from(f"ab1-.,! \t　{QUOTES}") | st.characters(), max_size=60)
"""What players type: words, blanks and quotation marks of all keyboards, and whatever else Unicode has."""
QUOTED = st.text(st.characters().filter(lambda c: c not in QUOTES), max_size=20)
PLAIN = st.text(st.characters().filter(lambda c: c not in QUOTES and not c.isspace()), min_size=1, max_size=10)


class Direction(enum.Enum):
    NORTH = "n"
    SOUTH = 2
    UP_WARDS = "up"
    HIGH = "up"  # noqa: PIE796  # an alias


class Swapped(enum.Enum):
    """One member's value is another's name: values go first."""

    A = "b"
    B = "c"


def texts(text: str) -> list[str]:
    return [word.text for word in words(text)]


# -- words -------------------------------------------------------------------------------------------------------------

SPLIT: list[tuple[str, list[str]]] = [
    ("", []),
    (" \t　", []),
    ("red  sword", ["red", "sword"]),
    ("红　剑", ["红", "剑"]),
    ('"red sword" Ann', ["red sword", "Ann"]),
    ("'red sword' Ann", ["red sword", "Ann"]),
    ("“红 剑” 三", ["红 剑", "三"]),
    ("”红 剑” 三", ["红 剑", "三"]),
    ("“红 剑“ 三", ["红 剑", "三"]),
    ('“红 剑"三', ["红 剑", "三"]),
    ("‘红 剑’ 三", ["红 剑", "三"]),
    ("＂红 剑＂ 三", ["红 剑", "三"]),
    ("「红 剑」三 『大 的』", ["红 剑", "三", "大 的"]),
    ("三「大 的」", ["三「大", "的」"]),
    ('""', [""]),
    ('"a', ['"a']),
    ('a"b c"', ['a"b', 'c"']),
    ("don't 'tis", ["don't", "'tis"]),
    ("'it's here' now", ["it's here", "now"]),
    ('"a"b', ["a", "b"]),
    ("-5 --x", ["-5", "--x"]),
]


@pytest.mark.parametrize(("text", "found"), SPLIT)
def test_words_are_parted_by_blanks_and_kept_together_by_quotes(text: str, found: list[str]) -> None:
    assert texts(text) == found


@relaxed
@given(TYPED)
@example('"')
@example("「」")
def test_whatever_is_typed_has_words(text: str) -> None:
    """Each is somewhere in the text, in order; without quotation marks they are what blanks part."""
    found = words(text)
    ends = [word.at for word in found]
    assert ends == sorted(set(ends))
    assert all(word.text in text[word.at :] for word in found)
    if not set(QUOTES) & set(text):
        assert [word.text for word in found] == text.split()


@relaxed
@given(st.lists(st.tuples(st.sampled_from(['""', "“”", "「」", "『』", "＂＂"]), QUOTED), max_size=5))
def test_what_is_quoted_comes_back(given_: list[tuple[str, str]]) -> None:
    """Blanks and all, in the quotation marks of every keyboard."""
    assert texts(" ".join(f"{marks[0]}{text}{marks[1]}" for marks, text in given_)) == [text for _, text in given_]


@relaxed
@given(st.lists(PLAIN, max_size=5), st.sampled_from([" ", "  ", "　", "\t "]))
def test_plain_words_come_back(given_: list[str], blank: str) -> None:
    assert texts(blank.join(given_)) == given_


@pytest.mark.parametrize("unit", ["‘ ", '"a', "'x ", "「 ", "a "])
def test_a_long_line_of_marks_is_read_to_its_end(unit: str) -> None:
    """What closes nothing is looked for once; from each mark on, it would take half an hour."""
    assert words(unit * 400_000)


# -- conversions -------------------------------------------------------------------------------------------------------


def read(annotation: Any, text: str) -> Any:
    return kind_of(annotation)[0].read(text)


CHOICE = Literal["a b", 3, True, None]  # noqa: PYI061  # an author may write it so

READ: list[tuple[Any, str, object]] = [
    (int, "5", 5),
    (int, "-5", -5),
    (int, "+5", 5),
    (int, " 5 ", 5),
    (int, "－１２", -12),
    (int, "−5", -5),
    (int, "1,234,567", 1234567),
    (int, "１，２３４", 1234),
    (float, ".5", 0.5),
    (float, "-1,000.25", -1000.25),
    (float, "1e3", 1000.0),
    (float, "５．５", 5.5),
    (bool, "ON", True),
    (bool, "是", True),
    (bool, "關", False),
    (bool, "０", False),
    (str, " x ", " x "),
    (Rest, "x y", "x y"),
    (Direction, "N", Direction.NORTH),
    (Direction, "north", Direction.NORTH),
    (Direction, "2", Direction.SOUTH),
    (Direction, "up wards", Direction.UP_WARDS),
    (Direction, "high", Direction.UP_WARDS),
    (CHOICE, "A-B", "a b"),
    (CHOICE, "３", 3),
    (CHOICE, "true", True),
    (Literal["1", 1], "1", "1"),
    (Literal[1, "1"], "1", 1),
    (Swapped, "b", Swapped.A),
    (Swapped, "a", Swapped.A),
    (Annotated[int, range(0, 101, 10)], "100", 100),
    (Annotated[int, "a note that means nothing here"], "7", 7),
    (int | None, "7", 7),
]


@pytest.mark.parametrize(("annotation", "text", "value"), READ)
def test_a_text_becomes_a_value(annotation: Any, text: str, value: object) -> None:
    got = read(annotation, text)
    assert (got, type(got)) == (value, type(value))


UNREAD: list[tuple[Any, str]] = [
    *[(int, text) for text in ("", "-", "5.0", "1_000", "1,23", "12,3456", "0x10", "５x", "²", "9" * 101, "٫")],
    *[(float, text) for text in ("", ".", "nan", "inf", "1e999", "1e", "1_0.5", "0x1p3", "9" * 101)],
    *[(bool, text) for text in ("", "maybe", "2")],
    *[(Direction, text) for text in ("", "no", "1")],
    *[(CHOICE, text) for text in ("", "none", "b")],
    *[(Annotated[int, range(1, 7)], text) for text in ("0", "7", "-1", "x")],
]


@pytest.mark.parametrize(("annotation", "text"), UNREAD)
def test_a_text_that_is_none_is_a_value_error(annotation: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read(annotation, text)


@relaxed
@given(st.integers(-(10**60), 10**60))
def test_every_number_that_is_shown_is_read(number: int) -> None:
    """As Python shows it, with thousands parted, and in full-width digits."""
    wide = str.maketrans("0123456789-", "０１２３４５６７８９－")
    assert {read(int, text) for text in (str(number), f"{number:,}", str(number).translate(wide))} == {number}


@relaxed
@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_real_number_that_is_shown_is_read(number: float) -> None:
    assert read(float, str(number)) == number


@relaxed
@given(st.sampled_from([int, float, bool, Direction, Literal["a", 1], Annotated[int, range(9)], str]), TYPED)
def test_whatever_is_typed_is_a_value_or_a_value_error(annotation: Any, text: str) -> None:
    """And never a number that is none: no nan, no infinity."""
    kind, _ = kind_of(annotation)
    try:
        value = kind.read(text)
    except ValueError:
        return
    assert kind.fits(value)
    assert not isinstance(value, float) or math.isfinite(value)


@pytest.mark.parametrize("annotation", [list, dict[str, int], int | str, None, bytes, enum.Enum, "int", bytes | None])
def test_an_annotation_that_no_text_becomes_is_a_type_error(annotation: Any) -> None:
    """It says what may stand there instead."""
    with pytest.raises(TypeError, match="annotate it str, int, float, bool"):
        kind_of(annotation)


# -- all of it together ------------------------------------------------------------------------------------------------

TYPES: list[Any] = [str, int, float, bool, Way, Literal["a", "b"], int | None, Annotated[int, range(1, 7)]]
SIGNATURES = st.tuples(st.lists(st.sampled_from(TYPES), max_size=4), st.sampled_from([None, Rest, "many", "default"]))


def slots_of(kinds: Sequence[Any], last: Any) -> list[Slot]:
    """Slots of these types, with something of its own behind them."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    made = [inspect.Parameter(f"p{n}", kind, annotation=each) for n, each in enumerate(kinds)]
    if last == "many":
        made.append(inspect.Parameter("last", inspect.Parameter.VAR_POSITIONAL, annotation=int))
    elif last is not None:
        default = 5 if last == "default" else inspect.Parameter.empty
        made.append(inspect.Parameter("last", kind, annotation=int if last == "default" else last, default=default))
    return [slot_of(each, "P.m") for each in made]


@relaxed
@given(SIGNATURES, TYPED, st.sampled_from(["en", "zh"]))
def test_whatever_is_typed_gives_arguments_or_a_usage_error(
    signature: tuple[list[Any], Any], text: str, language: str
) -> None:
    """Arguments are of their types; an error is one line that begins with no command and repeats nothing."""
    slots, said = slots_of(*signature), ""
    try:
        values = arguments(slots, text, "!x USAGE", language)
    except UsageError as exc:
        said = str(exc)
    if said:
        assert said.startswith(("Usage: !x USAGE", "用法：!x USAGE"))
        assert "\n" not in said
        assert len(said) < 120
        return
    one_each = [slot for slot in slots if not slot.many]
    assert len(values) >= len(one_each)
    for slot, value in zip(one_each, values, strict=False):
        assert slot.kind.fits(value) or (value is None and slot.nullable)


@relaxed
@given(st.lists(st.sampled_from([int, float, bool, Way, str]), max_size=5), st.data())
def test_what_is_written_as_the_usage_says_is_taken(kinds: list[Any], data: st.DataObject) -> None:
    """One word each, whatever the types are."""
    samples = {int: "-5", float: "2.5", bool: "off", Way: "NORTH", str: "「a b」"}
    values = {int: -5, float: 2.5, bool: False, Way: Way.NORTH, str: "a b"}
    text = " ".join(samples[kind] for kind in kinds)
    assert fill(slots_of(kinds, None), text) == [values[kind] for kind in kinds]


def test_where_nothing_is_left_stars_take_nothing() -> None:
    star = inspect.Parameter("n", inspect.Parameter.VAR_POSITIONAL, annotation=int | None)
    assert fill([slot_of(star, "P.m")], " ") == []


TAKES_A_NUMBER = mark_of(
    "@command('x', '画')\nasync def x(self, command: Command, n: int, way: Way | None = None): ..."
)


@relaxed
@given(TYPED)
def test_a_command_takes_whatever_a_player_types(text: str) -> None:
    """Through the mark itself, with the prefix and the name that was given."""
    command = Command("画", text, Speech("say", "Ann", text))
    try:
        given_ = TAKES_A_NUMBER.arguments(command, language="zh", prefix="#")
    except UsageError as exc:
        given_ = str(exc)
    if isinstance(given_, str):
        assert given_.startswith("用法：#画 <n> [north/southeast]（")
    else:
        assert (given_[0], type(given_[1])) == (command, int)


@relaxed
@given(TYPED.filter(lambda text: bool(text.strip())))
def test_the_rest_is_what_was_typed(text: str) -> None:
    """Quotation marks too, without the blanks around it."""
    assert fill(slots_of([], Rest), text) == [text.strip()]
