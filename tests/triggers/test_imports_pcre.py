"""PCRE to Python: the same lines match, or the pattern is refused with the reason."""

from __future__ import annotations

import re

import pytest

from mudbot.triggers.imports.found import NotCarriedError
from mudbot.triggers.imports.pcre import Regex, keys_of, name_groups, translate
from mudbot.triggers.imports.several import several


@pytest.mark.parametrize(
    ("pcre", "line", "groups"),
    [
        (r"(?<who>\w+) tells", "Bob tells", ("Bob",)),
        (r"(?'who'\w+) tells", "Bob tells", ("Bob",)),
        (r"(?P<a>x)(?P=a)", "xx", ("x",)),
        (r"(?<a>x)\k<a>\k{a}\k'a'\g{a}", "xxxxx", ("x",)),
        (r"(x)(y)\g{-1}\g1\g{2}", "xyyxy", ("x", "y")),
        (r"(x)\g{1}1", "xx1", ("x",)),
        (r"^\Qa.b(\E+", "a.b((", ()),
        (r"\Q[x", "[x", ()),
        (r"^a\hb", "a\u3000b", ()),
        (r"a\Hb", "axb", ()),
        (r"^\N+\z", "abc", ()),
        (r"\Aabc\Z", "abc", ()),
        (r"\x41\x{4f60}\o{101}\0101?\e?", "A你A\x081", ()),
        (r"[[:alpha:]_]+[[:^digit:]][[:space:]]", "abc ", ()),
        (r"[]x]+[^]x]", "]xa", ()),
        (r"[a[b]+", "a[b", ()),
        (r"[\h\x41\Q^]\E]+$", " A^]", ()),
        (r"x{,3}", "x{,3}", ()),
        (r"x{2}y{1,}", "xxyy", ()),
        (r"a{b", "a{b", ()),
        (r"(?x) a b # comment ( with brace" + "\n c", "abc", ()),
        (r"(?x:a b)c d", "abc d", ()),
        (r"(?#comment)a", "a", ()),
        (r"(?i)abc", "ABC", ()),
        (r"a(?i)b|c", "C", ()),
        (r"a(?i)b(?-i)c", "aBc", ()),
        (r"(a(?i)b)c", "aBc", ("aB",)),
        (r"(?s-i:a.b)", "a\nb", ()),
        (r"(*UTF8)(*UCP)你", "你", ()),
        (r"(?>a+)b++", "aab", ()),
        (r"(x)?(?(1)y|z)", "xy", ("x",)),
        (r"(?<n>x)?(?(<n>)y|z)", "z", (None,)),
        (r"\p{Han}+\p{L}\P{L}\p{Nd}", "你好a-1", ()),
        (r"[\p{Han}，]+$", "你，", ()),
        (r"\cA|\a", "\x01", ()),
        (r"\'\!\-\ \你", "'!- 你", ()),
        (r"(?<=foo )bar(?!baz)", "foo bar", ()),
    ],
)
def test_the_same_lines_match(pcre: str, line: str, groups: tuple[str | None, ...]) -> None:
    found = re.search(translate(pcre).whole, line)
    assert found is not None
    assert found.groups() == groups


@pytest.mark.parametrize(
    ("pcre", "line"),
    [
        (r"a(?i)b", "Ab"),
        (r"a(?i)b(?-i)c", "abC"),
        (r"(a(?i)b)c", "abC"),
        (r"x{,3}$", "xx"),
        (r"(?x)a\ b", "ab"),
        (r"\Q.\E", "a"),
        (r"^\N$", "\n"),
        (r"a\Hb", "a b"),
        (r"[[:^digit:]]", "1"),
        (r"a\z", "a\n"),
    ],
)
def test_the_same_lines_do_not(pcre: str, line: str) -> None:
    assert re.search(translate(pcre).whole, line) is None


@pytest.mark.parametrize(
    ("pcre", "why"),
    [
        (r"foo\Kbar", r"\K"),
        (r"\Gx", r"\G"),
        (r"\X", r"\X"),
        (r"\C", r"\C"),
        (r"(?R)", "recursion"),
        (r"(?1)", "recursion"),
        (r"(?&name)", "recursion"),
        (r"(?P>name)", "recursion"),
        (r"(?|a|b)", "branch reset"),
        (r"(?(R)a|b)", "recursion"),
        (r"(?(DEFINE)a)", "recursion"),
        (r"a(*SKIP)b", "verbs"),
        (r"(?J)a", "flag 'J'"),
        (r"(?U:a)", "flag 'U'"),
        (r"\p{Lu}", "Python's re has no"),
        (r"[\p{L}]", "Python's re has no"),
        (r"[\P{Han}]", "Python's re has no"),
        (r"[[:^alpha:]]", "[:^alpha:]"),
        (r"[[.x.]]", "collating"),
        (r"[\1]", "octal"),
        (r"\y", r"\y"),
        (r"\u4e00", r"\u"),
        (r"\x{110000}", "no character"),
        (r"\x{d800}", "no character"),
        ("(a", "not closed"),
        ("a)", "too many"),
        ("[a", "not closed"),
        ("[]", "not closed"),
        (r"[\Q\E]", "empty"),
        ("a\\", "backslash"),
        ("(?", "(?"),
        (r"\g{-5}", "no group"),
        (r"\99", "no group"),
        ("(" * 200 + ")" * 200, "in one another"),
        ("x" * 20_001, "20000"),
    ],
)
def test_what_python_cannot_do_is_refused(pcre: str, why: str) -> None:
    with pytest.raises(NotCarriedError) as refused:
        translate(pcre)
    assert why in refused.value.why


def test_a_client_of_bytes_knows_ascii_letters_only() -> None:
    r"""``\w`` and ``\s`` of such a client do not take Chinese letters or blanks."""
    assert re.search(translate(r"^\w+$", bytewise=True).whole, "你好") is None
    assert re.search(translate(r"^\S+$", bytewise=True).whole, "你\u3000好")
    assert re.search(translate(r"^\w+$").whole, "你好")
    assert translate("no letters of a kind", bytewise=True).source == "no letters of a kind"


def test_bytes_of_an_encoding_are_no_characters() -> None:
    with pytest.raises(NotCarriedError, match="byte of an encoding"):
        translate(r"\xe4\xbd", bytewise=True)


@pytest.mark.parametrize(
    ("regex", "keys"),
    [
        (Regex(r"a \(b\)\."), {"text": "a (b)."}),
        (Regex("^你好$", ignore_case=True), {"exact": "你好", "ignore_case": True}),
        (Regex("^begins"), {"pattern": "^begins"}),
        (Regex("ends$"), {"pattern": "ends$"}),
        (Regex(r"\d"), {"pattern": r"\d"}),
        (Regex("a|b"), {"pattern": "a|b"}),
        (Regex(""), {"pattern": ""}),
    ],
)
def test_what_is_no_pattern_is_said_plainly(regex: Regex, keys: dict[str, object]) -> None:
    assert keys_of(regex) == keys


def test_groups_get_names_and_nothing_else_does() -> None:
    """Not classes, escapes, or groups that count for nothing."""
    source, names = name_groups(r"^(a)[(](?P<x>b)\((?:c)(?=d)(d)", {1: "one", 2: "two", 3: "three"})
    assert source == r"^(?P<one>a)[(](?P<x>b)\((?:c)(?=d)(?P<three>d)"
    assert names == {1: "one", 2: "x", 3: "three"}


def test_only_names_that_are_asked_for_stay() -> None:
    found = several(["(a)(b)", "plain.", "(?P<mine>c)(d)"])
    assert found.running_group("4") == "{p3_2}"
    assert found.running_group("mine") == "{mine}"
    assert found.entries({"p1_2"}) == ["(a)(?P<p1_2>b)", "plain.", "(?P<mine>c)(d)"]
    with pytest.raises(NotCarriedError):
        found.running_group("5")
