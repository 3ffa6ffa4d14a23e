"""A plugin is found by its name, imported afresh, and told what is wrong with it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mudbot import Plugin, PluginError
from mudbot.host import loader

HEAD = "from mudbot import Plugin, command, trigger\n"
GOOD = f"{HEAD}class P(Plugin):\n    mark = {{!r}}\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def mark(kind: type[Plugin]) -> Any:
    return vars(kind)["mark"]


@pytest.fixture(autouse=True)
def _writes_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the tests run this is often switched off, and would hide a stale .pyc."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)


def refused(name: str, *folders: Path) -> str:
    with pytest.raises(PluginError) as caught:
        loader.load(name, list(folders))
    return str(caught.value)


def test_beside_the_configuration_comes_before_shipped(tmp_path: Path) -> None:
    """An owner's own file replaces the shipped plugin of that name; the others stay."""
    own, shipped = tmp_path / "own", tmp_path / "shipped"
    write(own / "scenes.py", GOOD.format("own"))
    write(shipped / "scenes.py", GOOD.format("shipped"))
    write(shipped / "basics.py", GOOD.format("shipped"))
    assert mark(loader.load("scenes", [own, shipped])) == "own"
    assert mark(loader.load("basics", [own, shipped])) == "shipped"
    assert mark(loader.load("scenes", [tmp_path / "none", shipped])) == "shipped"


def test_the_class_bears_the_files_name(tmp_path: Path) -> None:
    write(tmp_path / "hello.py", GOOD.format(1))
    kind = loader.load("hello", [tmp_path])
    assert (kind.name, kind.__name__) == ("hello", "P")


def test_the_shipped_plugins_load() -> None:
    """All of them, by the names in the example configuration."""
    names = ["basics", "dialogue", "memory", "moderation", "owner", "plugins", "scenes", "talk", "triggers"]
    assert sorted(loader.available([loader.shipped()])) == names
    assert [loader.load(name, [loader.shipped()]).name for name in names] == names


def test_an_unknown_plugin_names_the_nearest_and_the_folders(tmp_path: Path) -> None:
    write(tmp_path / "scenes.py", GOOD.format(1))
    message = refused("scnes", tmp_path, tmp_path / "more")
    looked = f"{tmp_path}, {tmp_path / 'more'}, installed packages"
    assert message == f"there is no plugin 'scnes'; did you mean 'scenes'?; looked in {looked}"


@pytest.mark.parametrize("name", ["../evil", "a/b", "a.b", "", "1st", "a b", "a\n", "/etc/passwd"])
def test_a_name_is_no_path(tmp_path: Path, name: str) -> None:
    """Whatever stands in the configuration, only a file of the folders is run."""
    write(tmp_path / "evil.py", "raise SystemExit('ran')")
    assert refused(name, tmp_path / "plugins") == f"{name!r} cannot be a plugin's name: use letters, digits and _"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("class P(Plugin)\n    pass\n", r":2: SyntaxError: expected ':'"),
        ("x = 1\nx.y\n", r":3: AttributeError: 'int' object has no attribute 'y'"),
        ("import no_such_module\n", r":2: ModuleNotFoundError: No module named 'no_such_module'"),
        ("\nimport json\njson.loads('{')\n", r":4: JSONDecodeError: Expecting property name"),
        ("eval('1 +')\n", r":2: SyntaxError: invalid syntax"),
        ("raise SystemExit('bye')\n", r":2: SystemExit: bye"),
        ("def f():\n    return 1 / 0\nf()\n", r":3: ZeroDivisionError: division by zero"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(tmp_path: Path, text: str, place: str) -> None:
    """The line is the author's, however deep in a library the error arose."""
    path = write(tmp_path / "p.py", HEAD + text)
    assert re.match(re.escape(str(path)) + place, refused("p", tmp_path))


def test_a_declaration_mistake_is_told_with_the_file(tmp_path: Path) -> None:
    path = write(tmp_path / "p.py", f"{HEAD}class P(Plugin):\n    @command('x')\n    def m(self, c): ...\n")
    assert refused("p", tmp_path).startswith(f"{path}: P.m must be 'async def'")


def test_a_mistake_in_a_submodule_is_told_with_its_own_file(tmp_path: Path) -> None:
    """In a package the message leads to the file that is wrong, not to the one that imports it."""
    write(tmp_path / "p" / "__init__.py", f"{HEAD}\nfrom .parts import *\n{GOOD.format(1)}")
    parts = write(tmp_path / "p" / "parts.py", "x = 1\n\n\ndef f(:\n")
    assert refused("p", tmp_path).startswith(f"{parts}:4: SyntaxError")
    parts.write_text("\n1 / 0\n")
    assert refused("p", tmp_path).startswith(f"{parts}:2: ZeroDivisionError")


@pytest.mark.parametrize(("count", "text"), [(0, ""), (2, "class P(Plugin): ...\nclass Q(Plugin): ...\n")])
def test_a_file_holds_one_plugin(tmp_path: Path, count: int, text: str) -> None:
    path = write(tmp_path / "p.py", HEAD + text)
    assert refused("p", tmp_path) == f"{path}: expected one Plugin subclass, found {count}"


def test_a_package_is_a_plugin_with_its_submodules(tmp_path: Path) -> None:
    write(tmp_path / "p" / "__init__.py", "from .made import P\n")
    write(tmp_path / "p" / "made.py", f"from .data import MARK\n{HEAD}class P(Plugin):\n    mark = MARK\n")
    write(tmp_path / "p" / "data.py", "MARK = 'deep'\n")
    write(tmp_path / "folder" / "readme.txt", "no package")
    write(tmp_path / "_private.py", GOOD.format(1))
    assert mark(loader.load("p", [tmp_path])) == "deep"
    assert list(loader.available([tmp_path])) == ["p"]


def test_each_load_sees_the_newest_code(tmp_path: Path) -> None:
    """Also of the same length in the same second, where Python would take the stale .pyc, and in submodules."""
    one = write(tmp_path / "one.py", GOOD.format("aaaa"))
    write(tmp_path / "p" / "__init__.py", f"{HEAD}from .data import MARK\nclass P(Plugin):\n    mark = MARK\n")
    data = write(tmp_path / "p" / "data.py", "MARK = 'aaaa'\n")
    for text in ("aaaa", "bbbb", "cccc"):
        one.write_text(GOOD.format(text))
        data.write_text(f"MARK = {text!r}\n")
        for path in (one, data):
            os.utime(path, (1_700_000_000, 1_700_000_000))
        assert mark(loader.load("one", [tmp_path])) == text
        assert mark(loader.load("p", [tmp_path])) == text
    assert not list(tmp_path.rglob("*.pyc"))
    assert not sys.dont_write_bytecode


def test_two_loads_are_two_classes(tmp_path: Path) -> None:
    """Module state is not shared: what runs goes on while the next one starts."""
    write(tmp_path / "p.py", GOOD.format([]))
    first, second = loader.load("p", [tmp_path]), loader.load("p", [tmp_path])
    assert first is not second
    assert mark(first) is not mark(second)


def test_a_failed_load_leaves_nothing(tmp_path: Path) -> None:
    """No half-made module stays, of the package or below it."""
    write(tmp_path / "p" / "__init__.py", "from . import parts\n1 / 0\n")
    write(tmp_path / "p" / "parts.py", "")
    before = set(sys.modules)
    refused("p", tmp_path)
    assert set(sys.modules) == before


# -- installed packages ------------------------------------------------------------------------------------------------


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A place where packages are installed: one offers two plugins."""
    folder = tmp_path / "site"
    write(folder / "rain_bot" / "__init__.py", "")
    write(folder / "rain_bot" / "words.py", "MARK = 1\n")
    write(
        folder / "rain_bot" / "plugin.py",
        f"{HEAD}from rain_bot.words import MARK\nclass Base(Plugin): ...\nclass Rain(Base):\n    mark = MARK\n",
    )
    write(folder / "sun_bot.py", f"{HEAD}class Sun(Plugin): ...\n")
    write(folder / "rain_bot-1.0.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: rain_bot\nVersion: 1.0\n")
    entries = (
        "[mudbot.plugins]\nrain = rain_bot.plugin:Rain\nsun = sun_bot\nfog = rain_bot.plugin:Fog\nice = no_bot:Ice\n"
    )
    write(folder / "rain_bot-1.0.dist-info" / "entry_points.txt", entries)
    monkeypatch.syspath_prepend(str(folder))
    yield folder
    for name in [name for name in sys.modules if name.split(".")[0] in ("rain_bot", "sun_bot")]:
        del sys.modules[name]


def test_an_installed_package_offers_plugins(site: Path, tmp_path: Path) -> None:
    """Named by entry point, with a class or without; what stands in a folder comes first."""
    assert loader.load("rain", [tmp_path]).__name__ == "Rain"
    assert loader.load("sun", [tmp_path]).name == "sun"
    write(tmp_path / "sun.py", GOOD.format("own"))
    assert mark(loader.load("sun", [tmp_path])) == "own"


def test_an_installed_package_is_imported_afresh_with_all_of_it(site: Path, tmp_path: Path) -> None:
    """Also what it imports by its own name; the old modules come back where the new ones do not run."""
    first = loader.load("rain", [tmp_path])
    words = site / "rain_bot" / "words.py"
    words.write_text("MARK = 2\n")
    assert loader.has_changed(first)
    second = loader.load("rain", [tmp_path])
    assert [mark(first), mark(second)] == [1, 2]
    loader.drop(second)
    assert sys.modules["rain_bot.plugin"] is not None
    assert vars(sys.modules["rain_bot.words"])["MARK"] == 1
    third = loader.load("rain", [tmp_path])
    loader.succeed(third, first)
    assert vars(sys.modules["rain_bot.words"])["MARK"] == 2
    words.write_text("1 / 0\n")
    with pytest.raises(PluginError, match=r"words\.py:1: ZeroDivisionError"):
        loader.load("rain", [tmp_path])
    assert vars(sys.modules["rain_bot.words"])["MARK"] == 2
    loader.drop(third)
    assert not [name for name in sys.modules if name.startswith("rain_bot")]


@pytest.mark.parametrize(
    ("name", "words"), [("fog", "names no subclass of Plugin"), ("ice", "No module named 'no_bot'"), ("rian", "'rain'")]
)
def test_an_entry_point_that_leads_nowhere_is_named(site: Path, tmp_path: Path, name: str, words: str) -> None:
    assert words in refused(name, tmp_path)


# -- what it is made of ------------------------------------------------------------------------------------------------


def test_a_change_of_any_of_its_files_is_seen(tmp_path: Path) -> None:
    """By content, not by time; of a package any code and texts, of a single one also the texts beside it."""
    one = write(tmp_path / "one.py", GOOD.format(1))
    write(tmp_path / "p" / "__init__.py", GOOD.format(1))
    data = write(tmp_path / "p" / "data.yaml", "a")
    kinds = [loader.load(name, [tmp_path]) for name in ("one", "p")]
    one.touch()
    assert not any(map(loader.has_changed, kinds))
    write(tmp_path / "one.texts.yaml", "en: {}\n")
    os_time = data.stat().st_mtime
    data.write_text("b")
    os.utime(data, (os_time, os_time))
    assert all(map(loader.has_changed, kinds))


def test_what_a_plugin_writes_beside_itself_is_no_change(tmp_path: Path) -> None:
    """Else it is loaded anew for it under ``--watch``, writes again, and so on for ever."""
    write(tmp_path / "one.py", GOOD.format(1))
    write(tmp_path / "p" / "__init__.py", GOOD.format(1))
    before = write(tmp_path / "p" / "data.json", "{}")
    kinds = [loader.load(name, [tmp_path]) for name in ("one", "p")]
    before.write_text('{"a": 1}')
    for path in ("one.json", "one.db", "p/log.txt", "p/__pycache__/p.cpython-313.pyc"):
        write(tmp_path / path, "a")
    assert not any(map(loader.has_changed, kinds))


def test_a_late_import_finds_the_newest_source_and_leaves_with_the_rest(tmp_path: Path) -> None:
    """A submodule that a method imports long after the start."""
    late = "    @staticmethod\n    def late():\n        from . import part\n        return part.X\n"
    code = f"{HEAD}class P(Plugin):\n{late}"
    write(tmp_path / "p" / "__init__.py", code)
    part = write(tmp_path / "p" / "part.py", "X = 1\n")
    kind = loader.load("p", [tmp_path])
    part.write_text("X = 2\n")
    assert kind.late() == 2  # type: ignore[attr-defined]
    assert not list(tmp_path.rglob("*.pyc"))
    before = {name for name in sys.modules if name.startswith(kind.__module__)}
    assert len(before) == 2
    loader.drop(kind)
    assert not before & set(sys.modules)


@pytest.mark.parametrize(("body", "asks"), [("await self.ai.chat('hi')", True), ("await self.mud.say('hi')", False)])
def test_whether_a_plugin_asks_models_is_seen_in_its_code(tmp_path: Path, body: str, asks: bool) -> None:
    """An embedded model is not loaded for plugins that never ask one."""
    head = "from mudbot import LoggedIn, Plugin, on\n\n\nclass One(Plugin):\n"
    (tmp_path / "one.py").write_text(f"{head}    @on(LoggedIn)\n    async def go(self) -> None:\n        {body}\n")
    assert loader.asks_models(loader.load("one", [tmp_path])) is asks
