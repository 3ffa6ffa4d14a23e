"""What a finding says: the kind, the place, and a form that finds the same."""

from __future__ import annotations

import functools
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.triggers.lint import Finding, lint
from mudbot.triggers.lint.places import Places
from mudbot.triggers.tree import MANY, Node, parse


def only(regex: str, flags: int = 0) -> Finding:
    (finding,) = lint(regex, flags)
    return finding


# -- kinds and places ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regex", "kind", "piece", "safer"),
    [
        ("(a+)+", "exponential", "(a+)+", "(a+)"),
        ("(?:a+)+", "exponential", "(?:a+)+", "a+"),
        ("(a*)*", "exponential", "(a*)*", "(a*)"),
        (r"(\w+\s?)*", "exponential", r"(\w+\s?)*", r"(\w\s?)*"),
        (r"^(?P<who>\w+\s?)+:", "exponential", r"(?P<who>\w+\s?)+", r"(?P<who>\w\s?)+"),
        ("(a|aa)+", "exponential", "(a|aa)+", "(a+)"),
        ("x(?:a+)*y", "exponential", "(?:a+)*", "a*"),
        ("(?:a+){3,}b", "exponential", "(?:a+){3,}", "a{3,}"),
        ("(.*)*", "exponential", "(.*)*", "(.*)"),
        (r"(?:\w|\d+)*:", "exponential", r"(?:\w|\d+)*", r"[\w\d]*"),
        (r"(?:\w*\s?)*=", "exponential", r"(?:\w*\s?)*", r"[\w\s]*"),
        ("(?:[ab]+|c|ab?)*=", "exponential", "(?:[ab]+|c|ab?)*", None),
        ("(?:.*,)*x", "exponential", "(?:.*,)*", None),
        ("(?:foo|foobar|bar)*x", "exponential", "(?:foo|foobar|bar)*", None),
        (r"\d+\d+", "polynomial", r"\d+\d+", r"\d{2,}"),
        (".*.*=", "polynomial", ".*.*", ".*"),
        (r"\s*\s*", "polynomial", r"\s*\s*", r"\s*"),
        (r"\w+\w*\w+:", "polynomial", r"\w+\w*\w+", r"\w{2,}"),
        (".*?.*?", "polynomial", ".*?.*?", ".*?"),
        (".+?.+?=", "polynomial", ".+?.+?", ".{2,}?"),
        (".*.*?=", "polynomial", ".*.*?", None),
        ("(.*)(.*)=", "polynomial", "(.*)(.*)", None),
        (r"^(\w+)\s*(\w+) hits", "polynomial", r"(\w+)\s*(\w+)", None),
        (r"^((\w+\s?){1,5})!", "polynomial", r"(\w+\s?){1,5}", None),
        (r"HP(?=\d+\d+:)", "polynomial", r"\d+\d+", r"\d{2,}"),
        (r"(?>\s+.*=)", "polynomial", r"\s+.*", None),
    ],
)
def test_a_finding_says_what_and_where_and_what_else(regex: str, kind: str, piece: str, safer: str | None) -> None:
    """Kind, piece and its place, and the form that can stand there."""
    finding = only(regex)
    assert (finding.kind, finding.piece, finding.safer) == (kind, piece, safer)
    assert regex[finding.start : finding.end] == piece
    assert f"`{piece}`" in finding.message
    assert safer is None or f"Write `{safer}`" in finding.message


def test_findings_come_in_the_order_of_the_text() -> None:
    """Each once, and of loops within loops the innermost."""
    found = lint(r"^(?:(?:a+)+b)*, (?:\d+,?)+: \s*\s*(?=(?:x+)+y)z")
    assert [finding.piece for finding in found] == ["(?:a+)+", r"(?:\d+,?)+", r"\s*\s*", "(?:x+)+"]
    assert [finding.start for finding in found] == [4, 16, 28, 37]


def test_places_are_those_of_the_text_under_verbose_too() -> None:
    """Blanks and comments count as characters, and as nothing else."""
    regex = "# (a+)+\n  x # :-)\n  (?: a + \\  ? ) +  # again\n  :"
    finding = only(regex, re.VERBOSE)
    assert finding.piece == "(?: a + \\  ? ) +"
    assert finding.start == regex.index("(?:")
    assert finding.safer == "(?: a  \\  ? ) +"


@pytest.mark.parametrize(
    ("regex", "flags", "found"),
    [
        ("(?:a|ab|B)*c", 0, False),
        ("(?:a|ab|B)*c", re.IGNORECASE, True),
        ("(?i:(?:a|ab|B)*)c", 0, True),
        (r"(?:\wx|éx)*:", re.ASCII, False),
        (r"(?:\wx|éx)*:", 0, True),
        (r"(?:\dx|٣x)*:", 0, True),
        (r"(?:kx|\u212ax)*:", re.IGNORECASE, True),
        ("(?:sx|ſx)*:", 0, False),
        ("(?:sx|ſx)*:", re.IGNORECASE, True),
        (r"(?:\w+\b\s*)*:", 0, False),
        (r"(?:\w+\B\s*)*:", 0, True),
        (r"(?:\w+(?!\w)\s*)*:", 0, False),
        (r"(?:(?<!\w)\w+ ?)*:", 0, False),
        (r"(?>\w+)*:", 0, False),
        (r"(?:\w++\s?)*:", 0, False),
        (r"(?:\w+\s?)*+", 0, False),
        (r"(?>(?:\w+\s?)*)x", 0, False),
        (r"(?>(?:\w+\s?)*:)x", 0, True),
        (r"(?=(?:\w+\s?)*)x", 0, False),
        (r"(?=(?:\w+\s?)*:)x", 0, True),
        (r"(?:\w+\s?){1,3}", 0, False),
        (r"(?:\w+\s?){1,20}:", 0, True),
        (r"(?:[^\W\d]+|\d+)*:", 0, True),
        (r"(?:[^\W\d]|\d)*:", 0, False),
        (r"(?:\d{4}-|\d{3}-)*x", 0, False),
        (r"(?:\d{4}|\d{3})*x", 0, True),
        (r"(?:(\w)\1)*x", 0, False),
    ],
)
def test_what_overlaps_is_known_exactly(regex: str, flags: int, found: bool) -> None:
    """Case, Unicode, boundaries, looks, atomic groups and counts decide."""
    assert ("exponential" in [finding.kind for finding in lint(regex, flags)]) is found


@pytest.mark.parametrize("regex", ["(a+", "a**", "(?P<n>a)(?P<n>b)", "(?<=a+)b", "[z-a]", "(?z)", "a{2,1}"])
def test_what_is_no_pattern_has_no_findings(regex: str) -> None:
    """Whoever compiles it says what is wrong."""
    assert lint(regex) == ()


def test_deep_and_large_patterns_are_read_in_their_time() -> None:
    """Neither nesting nor a long list of words nor counts of counts make the check itself run away."""
    assert lint("(?:" * 50 + "a+" + ")*" * 50)
    assert lint("(?:" * 200 + "a" + ")*" * 200) == ()
    words = [f"{a}{b}{c}" for a in "abcdefgh" for b in "aeiou" for c in "lmnr"]
    assert lint(f"^(?:(?:{'|'.join(words)}) )*x$") == ()
    assert [finding.kind for finding in lint(f"^(?:{'|'.join(words)}|ba|la|lba)*x$")] == ["exponential"]
    assert lint(f"^(?:{'|'.join(words)})*(?:{'|'.join(words)})*x$") == ()
    assert lint(f"^(?:{'|'.join(a + b for a in words[:40] for b in words[:40])})*x$") == ()
    assert lint("(?:(?:(?:a{9}b{9}){9}){9}){9}c+d+") == ()
    assert lint("(?:" + "a?" * 300 + "){5}") == ()


def test_a_long_piece_is_not_told_in_full() -> None:
    """The message stays readable; the piece is whole."""
    finding = only("(?:[" + "abcdefghijklmnopqrstuvwxyz" * 4 + "]+,?)+;")
    assert len(finding.piece) > 100
    assert len(finding.message) < 400


def test_a_group_that_is_asked_for_again_is_not_changed() -> None:
    """What a back reference means would change with the group."""
    assert only(r"(a+)+b\1").safer is None
    assert only(r"(a+)+b(?(1)c|d)").safer is None
    assert only(r"(b)(?:a+)+\1").safer == "a+"


def test_a_group_that_holds_something_else_is_told() -> None:
    """The form finds the same, but for the group."""
    assert "group then holds" in only(r"(\w+\s?)*:").message
    assert "group" not in only(r"(?:\w+\s?)*:").message


# -- the safer forms -----------------------------------------------------------------------------------------------

_PARTS = ["a", "b", "[ab]", "a+", "a*", "a?", "b+", "b*", "b?", " ?", " *", "a{1,2}", "a{2}", "a+?", "a??", "b{2,}"]
_PARTS += ["(?:a|b)", "(?:ab|a)", "(?:aa|a)", "(?:a*|b)", "(?:|a)", "(?:a+)+", "[ab]*", "."]
_LOOPS = [f"(?:{one}{two}){sign}" for one, two in itertools.product(_PARTS, ["", *_PARTS]) for sign in "*+"]
_LOOPS += [f"(?:{one}|{two})+" for one, two in itertools.product(_PARTS, _PARTS)]
_LOOPS += [f"(?:{one}){{3,}}" for one in _PARTS]
_NEIGHBOURS = [one + two for one, two in itertools.product(_PARTS, _PARTS)]
_TEXTS = ["".join(text) for length in range(6) for text in itertools.product("ab ", repeat=length)]


@functools.cache
def other_end(piece: str, but: tuple[int, ...]) -> re.Pattern[str]:
    """The piece, where it does not leave as many characters behind it as *but* says."""
    refused = "|".join(rf"(?s:.{{{left}}})\Z" for left in but)
    return re.compile(f"(?:{piece})(?!{refused})" if but else f"(?:{piece})")


def ends(piece: str, text: str) -> list[int]:
    """Where the piece can end if it begins where the text does, in the order in which `re` tries that."""
    found: list[int] = []
    while match := other_end(piece, tuple(len(text) - end for end in found)).match(text):
        found.append(match.end())
    return found


def test_a_safer_form_can_stand_for_its_piece_anywhere() -> None:
    """On every text of up to five characters: the same ends, tried in the same order, so any pattern finds the same."""
    changed = {(found.piece, found.safer) for regex in (*_LOOPS, *_NEIGHBOURS) for found in lint(regex) if found.safer}
    assert len(changed) > 200
    for piece, safer in changed:
        for text in _TEXTS:
            assert ends(piece, text) == ends(safer, text), (piece, safer, text)


@pytest.mark.parametrize(
    "regex",
    [
        r"(a+)+b",
        r"^(\w+\s?)*:",
        r"(a|aa)+$",
        r"x(a*)*b",
        r"(?P<n>\s?\w+)+$",
        r"(\w*\s?)*:",
        r"\w+\w+:",
        r".*.*b$",
        "a+a+",
    ],
)
def test_whole_patterns_find_the_same(regex: str) -> None:
    """With the form in place of the piece, every search finds the same part of the text, and other groups the same."""
    finding = only(regex)
    assert finding.safer is not None
    better = re.compile(regex[: finding.start] + finding.safer + regex[finding.end :])
    assert lint(better.pattern) == ()
    assert better.groups == re.compile(regex).groups
    assert better.groupindex == re.compile(regex).groupindex
    for text in map("".join, itertools.product("ab :x", repeat=5)):
        was, now = re.search(regex, text), better.search(text)
        assert (was and was.span()) == (now and now.span()), text


# -- in step with `re` ---------------------------------------------------------------------------------------------

_TOKENS = (
    r"a \d \x41 \u4e00 [^]a] []*+] [\]+] . ( (?: (?P<n> (?= (?<! (?> (?i: (?x: (?-x: ) ) | * + ? {2} {,3} {2,} {,} {}"
)
_TOKENS += r" {a} {2 *? +? ++ ?+ {1,2}? {1} (?#+) \1 \10 \012 \N{BULLET} ^ $ \b (?(1)a|b) (?P=n) \( \\ \101 #c"
_MODES = {"MAX_REPEAT": "greedy", "MIN_REPEAT": "lazy", "POSSESSIVE_REPEAT": "possessive"}


def repeats(tree: object) -> list[tuple[str, int, int]]:
    """All repeats of a tree, from the inside out."""
    if isinstance(tree, tuple) and len(tree) == 2 and tree[0] in _MODES:
        least, most, body = tree[1]
        return [*repeats(body), (_MODES[tree[0]], least, most)]
    return [each for part in tree for each in repeats(part)] if isinstance(tree, list | tuple) else []


def read(regex: str, flags: int) -> tuple[list[Node], int] | None:
    try:
        return parse(regex, flags)
    except (re.error, OverflowError):
        return None


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(
    st.lists(st.sampled_from([*_TOKENS.split(), " ", "\n"]), max_size=9).map("".join), st.sampled_from([0, re.VERBOSE])
)
def test_quantifiers_are_read_as_re_reads_them(regex: str, flags: int) -> None:
    """The same ones in the same order, each behind something that can be repeated."""
    if (parsed := read(regex, flags)) is not None:
        tree, flags = parsed
        places = Places(regex, verbose=bool(flags & re.VERBOSE)).found
        assert [(place.mode, place.least, place.most) for place in places] == repeats(tree)
        assert all(place.start < place.sign < place.end for place in places)


@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
@given(st.lists(st.sampled_from([*_TOKENS.split(), "a+", "(?:a+)+", ".*", r"\w*"]), max_size=7).map("".join))
def test_any_pattern_can_be_checked(regex: str) -> None:
    """Whatever `re` accepts is read, and places are places of the text."""
    for finding in lint(regex):
        assert regex[finding.start : finding.end] == finding.piece
        assert read(finding.piece, 0) is not None or "\\1" in regex or "(?(1)" in regex or "(?P=n)" in regex


def test_a_quantifier_without_a_bound_is_many() -> None:
    """The number that stands for none is the tree's."""
    assert [(place.least, place.most) for place in Places("a*b+c?d{2}e{,3}f{4,}", verbose=False).found] == [
        *((0, MANY), (1, MANY), (0, 1)),
        *((2, 2), (0, 3), (4, MANY)),
    ]
