"""YAML's traps are refused, with the line, by both of PyYAML's parsers."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from mudbot.config.document import MAX_NODES, Document, parse

LOADERS = [yaml.SafeLoader] + ([yaml.CSafeLoader] if yaml.__with_libyaml__ else [])


@pytest.fixture(params=LOADERS, ids=lambda loader: loader.__name__)
def loader(request: pytest.FixtureRequest) -> Any:
    """PyYAML in Python, and over libyaml where it was built with it."""
    return request.param


def doc(text: str, loader: Any) -> Document:
    return parse(text, lambda line: f"f:{line}", loader=loader)


def complaint(text: str, loader: Any) -> str:
    """The one problem of *text*."""
    problems = doc(text, loader).problems
    assert len(problems) == 1, problems
    return str(problems[0])


def test_every_value_has_its_place(loader: Any) -> None:
    """Keys and list entries are found at the line they were written on."""
    document = doc("a: 1\nb:\n  - x\n  - c: no\n\n    d: '5'\n", loader)
    assert document.data == {"a": 1, "b": ["x", {"c": "no", "d": "5"}]}
    assert document.places == {
        (): "f:1", ("a",): "f:1", ("b",): "f:2", ("b", 0): "f:3", ("b", 1): "f:4", ("b", 1, "c"): "f:4",
        ("b", 1, "d"): "f:6",
    }  # fmt: skip
    assert not document.problems


def test_a_duplicate_key_names_both_lines(loader: Any) -> None:
    """The second of two equal keys is refused, in a nested mapping too, and in quotes."""
    said = complaint("a:\n  port: 1\n  x: 2\n  'port': 3\n", loader)
    assert said.startswith("f:4: the key 'port' is here twice, first at f:2")


@pytest.mark.parametrize(
    ("text", "where", "remedy"),
    [
        ("a: 010", "f:1", "without the leading zero"),
        ("a:\n- 12:30:00", "f:2", "in quotes"),
        ("1: x", "f:1", "a key must be text: put it in quotes"),
        ("~: x", "f:1", "a key must be text"),
        ("true: x", "f:1", "a key must be text"),
        ("? [a, b]\n: x", "f:1", "a key must be text"),
        ("? {a: b}\n: x", "f:1", "a key must be text"),
        ("b: &b {x: 1}\na:\n  <<: *b", "f:3", "merge keys"),
        ("a: !!python/object/apply:os.system [x]", "f:1", "tags"),
        ("a: !!int '5'", "f:1", "tags"),
        ("a: !secret x", "f:1", "tags"),
        ("a: *nothing", "f:1", "alias"),
        ("a: &a [1, *a]", "f:1", "alias"),
        ("a: 1\n---\nb: 2", "f:2", "a second document"),
        ("a: 1\n\tb: 2", "f:2", "a tab"),
        ("a:\n\t- b", "f:2", "a tab"),
        ("\ta: 1", "f:1", "a tab"),
        ("a: 1\nb: \x07", "f:2", "U+0007"),
        ("a: \ufffe", "f:1", "U+FFFE"),
        ("a: 'x\nb: 1\nc: 2", "f:1", "never closed"),
        ("x: 1\na: [1, 2\nb: 3", "f:2", "not closed"),
        ("a: b: c", "f:1", "a colon too many"),
        ("a: 1\n  b: 2", "f:2", "line up"),
        ("- a\nb: 1", "f:2", "line it up"),
        ("a: @x", "f:1", "needs quotes"),
        ("a: }", "f:1", "quotes"),
        ('a: "\\q"', "f:1", "escape"),
        ('a: "\\UFFFFFFFF"', "f:1", ""),
        ('a: "\\ud800"', "f:1", ""),
        ("a: !x!y z", "f:1", "tags"),
        ("%YAML 9.9\n---\na: 1", "f:1", ""),
        ("%YAML 1." + "9" * 5000 + "\n---\na: 1", "f:1", ""),
        ("a: &a &b c", "f:1", ""),
        ("a: {b: ${X}}", "f:1", 'needs quotes ("${NAME}")'),
        ("a: " + "1" * 50, "f:1", "quotes"),
    ],
)
def test_a_trap_is_refused_at_its_line(text: str, where: str, remedy: str, loader: Any) -> None:
    """Each trap gives one problem, at its line, that says what to do."""
    said = complaint(text, loader)
    assert said.startswith(where + ": ")
    assert remedy in said


def test_tags_that_change_nothing_are_read(loader: Any) -> None:
    """!!str makes text of what it stands before, traps included."""
    assert doc("a: !!str 010\nb: ! 5", loader).data == {"a": "010", "b": "5"}


def test_quoted_and_block_text_is_never_a_value(loader: Any) -> None:
    """What is in quotes or a block of text stays text."""
    assert doc("a: '010'\nb: \"true\"\nc: |\n  5\nd: >-\n  12:30\n", loader).data == {
        "a": "010", "b": "true", "c": "5\n", "d": "12:30",
    }  # fmt: skip


def test_an_alias_is_a_copy_with_its_own_place(loader: Any) -> None:
    """A small alias is read, and each use is found at its own line."""
    document = doc("a: &x {k: 1}\nb: *x\n", loader)
    assert document.data == {"a": {"k": 1}, "b": {"k": 1}}
    assert document.places["b",] == "f:2"
    document.data["a"]["k"] = 2
    assert document.data["b"]["k"] == 1


def test_a_bomb_of_aliases_is_refused(loader: Any) -> None:
    """Nine levels of nine aliases would be 9^9 values: refused without building them."""
    levels = ["a0: &a0 [x,x,x,x,x,x,x,x,x]"]
    levels += [f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9)]
    assert f"more than {MAX_NODES:,} values" in complaint("\n".join(levels), loader)


def test_aliases_cannot_nest_without_bound(loader: Any) -> None:
    """A chain of aliases that each go one level deeper is refused like written nesting."""
    chain = ["a0: &a0 [x]"] + [f"a{n}: &a{n} [*a{n - 1}]" for n in range(1, 200)]
    assert "deeper than 50 levels" in complaint("\n".join(chain), loader)


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 50_000, "- " * 20_000, "? " * 20_000])
def test_deep_nesting_is_refused_at_once(text: str, loader: Any) -> None:
    """A hundred thousand brackets are refused after fifty."""
    assert "deeper than 50 levels" in complaint(text, loader)


def test_a_wide_document_is_refused(loader: Any) -> None:
    """More values than any configuration has are refused without aliases too."""
    assert "more than" in complaint("a: [" + "x," * (MAX_NODES + 1) + "]", loader)


def test_what_comes_before_a_syntax_error_is_still_told(loader: Any) -> None:
    """A duplicate key above a syntax error is reported with it."""
    said = [str(problem) for problem in doc("a: 1\na: 2\nb: [1\n", loader).problems]
    assert len(said) == 2
    assert "twice" in said[0]


def test_nothing_of_the_text_is_in_a_syntax_problem(loader: Any) -> None:
    """A secret beside a syntax error stays out of the message."""
    for text in (
        "api_key:CANARY\nb: 1",
        "k: 'CANARY\nb",
        "k: [CANARY\nb: x",
        "k: *CANARY",
        "k: @CANARY",
        "k: !CANARY!x y",
        "&CANARY",
    ):
        for problem in doc(text, loader).problems:
            assert "CANARY" not in str(problem)
