"""A plugin's settings go into a configuration as its owner's hand would put them; all else there stays as it was."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.cli.plugin_insert import entry, insert, inserted, names_in, section
from mudbot.config import example, load
from mudbot.config.document import parse
from mudbot.errors import ConfigError

SETTINGS = "greeting: Hello, {who}!   # said\nlist: [a, b]\n"
ADDED = {"greeter": {"greeting": "Hello, {who}!", "list": ["a", "b"]}}


def data(text: str) -> dict[str, object]:
    document = parse(text.removeprefix("\ufeff"), str)
    assert not document.problems
    found: dict[str, object] = document.data
    return found


def lines_added(old: str, new: str) -> list[str]:
    """What is in *new* and was not in *old*; nothing else may differ."""
    changes = list(difflib.ndiff(old.splitlines(keepends=True), new.splitlines(keepends=True)))
    assert not [each for each in changes if each.startswith(("- ", "? "))], "".join(changes)
    return [each[2:].rstrip("\r\n") for each in changes if each.startswith("+ ")]


def test_the_shipped_configuration_gets_it_as_the_last_plugin() -> None:
    """Behind basics, before the comments that follow; every other line is the same."""
    old = example().read_text(encoding="utf-8")
    new = inserted(old, "greeter", SETTINGS, about="Greets.")
    assert new is not None
    assert lines_added(old, new) == [
        "  greeter:                        # Greets.",
        "    greeting: Hello, {who}!   # said",
        "    list: [a, b]",
    ]
    before, after = data(old), data(new)
    assert after == before | {"plugins": before["plugins"] | ADDED}  # type: ignore[operator]
    assert list(after["plugins"])[-1] == "greeter"  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sessions: []\n", "sessions: []\n\nplugins:\n  x:\n    a: 1\n"),
        ("sessions: []", "sessions: []\n\nplugins:\n  x:\n    a: 1\n"),
        ("plugins:   # mine\n", "plugins:   # mine\n  x:\n    a: 1\n"),
        ("plugins:\n  # old:\nweb: {}\n", "plugins:\n  x:\n    a: 1\n  # old:\nweb: {}\n"),
        ("plugins:\n  b:\n    # c: 1\n  # d:\n", "plugins:\n  b:\n    # c: 1\n  x:\n    a: 1\n  # d:\n"),
        ("plugins:\n      b:\n\nweb: {}\n", "plugins:\n      b:\n      x:\n        a: 1\n\nweb: {}\n"),
        ("plugins:\n  b: {c: 1,\n   d: 2}  # e\n", "plugins:\n  b: {c: 1,\n   d: 2}  # e\n  x:\n    a: 1\n"),
        (
            "plugins:\n  b:\n    c: |\n      d\n\nweb: {}\n",
            "plugins:\n  b:\n    c: |\n      d\n  x:\n    a: 1\n\nweb: {}\n",
        ),
        (
            "plugins:\n  b:\n    c: |+\n      d\n\nweb: {}\n",
            "plugins:\n  b:\n    c: |+\n      d\n\n  x:\n    a: 1\nweb: {}\n",
        ),
        ("sessions:\n  - a: |+\n      b\n\n", "sessions:\n  - a: |+\n      b\n\nplugins:\n  x:\n    a: 1\n"),
        ("plugins:\r\n  b:\r\nweb: {}\r\n", "plugins:\r\n  b:\r\n  x:\r\n    a: 1\r\nweb: {}\r\n"),
        ("\ufeffplugins:\n  b:\n", "\ufeffplugins:\n  b:\n  x:\n    a: 1\n"),
        ("  plugins:\n    b:\n", "  plugins:\n    b:\n    x:\n      a: 1\n"),
        ("plugins:\n- b\n", None),
    ],
)
def test_each_way_of_writing_plugins_has_its_place(old: str, new: str | None) -> None:
    assert inserted(old, "x", "a: 1\n") == new


@pytest.mark.parametrize(
    "text",
    [
        "plugins: {b: }\n",
        "{plugins: {b: }}\n",
        "x: &p\n  b:\nplugins: *p\n",
        "plugins:\n  b:\n  b:\n",
        "plugins: ~\n",
        "sessions: []\n...\n",
        "",
        "- a\n",
        "plugins:\n  x:\n",
        "plugins: [\n",
    ],
)
def test_where_no_place_is_sure_nothing_is_changed(text: str) -> None:
    """Brackets, aliases, mistakes, and a plugin that is there."""
    assert inserted(text, "x", "a: 1\n") is None


PIECES = [
    "plugins:",
    "  a:",
    "  b: {c: 1}",
    "    d: 1",
    "  # e",
    "    # f",
    "",
    "web:",
    "  port: 1",
    "  g: |+",
    "    h",
]
PIECES += ["- i", "sessions:", "  - host: tavern", "# j", "    k: &l [1]", "  m: *l", "---", "...", "  ? n", '  "o":']


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.sampled_from(["\n", "\r\n"]))
def test_whatever_stands_there_only_the_addition_is_new(lines: list[str], end: str) -> None:
    """Either nothing is done, or the data are those of before and the plugin, and no line is lost."""
    old = "".join(line + end for line in lines)
    new = inserted(old, "greeter", SETTINGS)
    if new is not None:
        before, after = data(old), data(new)
        assert after == before | {"plugins": (before.get("plugins") or {}) | ADDED}  # type: ignore[operator]
        lines_added(old, new)


def test_an_entry_without_settings_is_its_name_alone() -> None:
    assert entry("x", "") == "  x:\n"
    assert section("x", "# a: 1\n") == "plugins:\n  x:\n    # a: 1\n"


def test_a_name_that_yaml_takes_for_something_else_is_quoted() -> None:
    """`null:` would be no text."""
    assert entry("null", "") == '  "null":\n'
    assert inserted("plugins:\n  b:\n", "null", "") == 'plugins:\n  b:\n  "null":\n'


def test_the_file_is_replaced_whole_and_keeps_its_rights(tmp_path: Path) -> None:
    """There may be passwords in it; and where it is a link, it stays one."""
    path, link = tmp_path / "real.yaml", tmp_path / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\n")
    path.chmod(0o600)
    link.symlink_to(path)
    assert insert(link, "basics", "")
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(load(path, environ={}).plugins) == ["basics"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["config.yaml", "real.yaml"]


def test_a_variable_that_is_not_set_here_does_not_matter(tmp_path: Path) -> None:
    """It may be set for the daemon: what was wrong before is as wrong as it was."""
    path = tmp_path / "config.yaml"
    path.write_text("sessions:\n  - {host: tavern, login: {name: a, password: '${NOT_SET_ANYWHERE}'}}\n")
    assert insert(path, "basics", "")
    assert names_in(path) == ["basics"]


def test_what_a_start_would_refuse_is_not_put_in(tmp_path: Path) -> None:
    """A key of the host's with a value that it refuses: the file stays as it is."""
    path = tmp_path / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\n")
    assert not insert(path, "basics", "permissions: {comands: true}\n")
    assert path.read_text() == "sessions: [{host: tavern}]\n"
    assert [each.name for each in tmp_path.iterdir()] == ["config.yaml"]


def test_a_file_that_cannot_be_read_or_written_says_why(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        insert(tmp_path / "nowhere.yaml", "basics", "")
    path = tmp_path / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\n")
    (tmp_path / f".config.yaml.{os.getpid()}.part").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        insert(path, "basics", "")
    assert path.read_text() == "sessions: [{host: tavern}]\n"


def test_a_file_that_is_no_utf_8_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_bytes("plugins:\n  b:  # 你好\n".encode("gbk"))
    assert not insert(path, "x", "")
    assert names_in(path) == []
