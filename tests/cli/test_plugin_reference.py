"""The reference of all that a plugin can use is made of signatures and docstrings, and is as they are now."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

import mudbot
from mudbot.cli import cli, plugin_members, plugin_modules, plugin_reference

PAGE = Path(__file__).parents[2] / "docs" / "plugins" / "reference.md"


@pytest.fixture(scope="module")
def page() -> str:
    return plugin_reference.markdown()


def test_the_page_is_what_the_docstrings_say_now(page: str) -> None:
    """Where this fails: make docs."""
    assert PAGE.read_text(encoding="utf-8") == page, f"{PAGE.name} is older than the docstrings: run `make docs`"


def test_the_command_prints_the_page(page: str) -> None:
    result = CliRunner().invoke(cli, ["plugin", "docs"])
    assert result.exit_code == 0
    assert result.stdout == page


def test_everything_that_is_exported_has_its_place(page: str) -> None:
    for name in mudbot.__all__:
        assert re.search(rf"^### `{name}`$", page, re.MULTILINE), name


@pytest.mark.parametrize("name", ["mud", "ai", "bot", "store", "http", "t", "clock", "notes"])
def test_everything_that_self_has_is_told(name: str, page: str) -> None:
    assert f"\n## `self.{name}`\n" in page
    assert f"[`self.{name}`](#self{name})" in page


def test_every_link_of_the_contents_leads_somewhere(page: str) -> None:
    headings = {plugin_reference._anchor(line.lstrip("# ")) for line in page.splitlines() if line.startswith("#")}
    links = re.findall(r"\]\(#([^)]+)\)", page)
    assert links
    assert set(links) <= headings


def told() -> list[plugin_modules.Found]:
    """All that is exported, and the classes of all that self has."""
    top = plugin_modules.module("mudbot")
    assert top is not None
    plugin = plugin_modules.find(top, "Plugin")
    assert plugin is not None
    exported = [found for name in mudbot.__all__ if (found := plugin_modules.find(top, name))]
    return [*exported, *plugin_reference._attributes(plugin).values()]


def test_nothing_is_left_undescribed() -> None:
    """Every class, function and method that an author may use says what it is for."""
    silent = [found.name for found in told() if not found.text]
    silent += [
        f"{found.name}.{member.name}"
        for found in told()
        for member in plugin_members.members(found)
        if member.method and not member.text
    ]
    assert not silent


def test_what_is_left_out_for_the_host_is_there() -> None:
    """Something that was renamed would come back into the page unseen."""
    classes = {found.name: found.node for found in (*told(), *plugin_reference._closure(told()))}
    for name, hidden in plugin_members.FOR_HOST.items():
        node = classes[name]
        assert isinstance(node, ast.ClassDef)
        there = {each for part in node.body for each in plugin_modules.defined(part)}
        there |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
        assert set(hidden) <= there, name


def test_nothing_of_the_host_itself_is_told(page: str) -> None:
    """One public attribute that leads there would bring the whole machine with it."""
    for name in ("Host", "Running", "Session", "Engine", "Api", "Store", "Config"):
        assert f"### `{name}`" not in page, f"{name}: see FOR_HOST in plugin_members"


def test_what_a_method_gives_back_is_told_too(page: str) -> None:
    """Somebody who reads of `await self.ai.answer(...) -> Answer` finds what an Answer has."""
    behind = page.partition(f"## {plugin_reference.OTHERS}")[2]
    for name in ("Answer", "Picture", "Status", "Role"):
        assert f"### `{name}`" in behind
    assert "### `Speech`" not in behind  # it is above


SOURCE = '''

LIMIT = 5.0
Kind = Literal["a", "b"]

class Base:
    def below(self) -> None:
        """From below."""

@dataclass
class Thing(Base):
    """A thing."""
    kind: Kind
    size: int = field(default=3, repr=False)
    parts: list[str] = field(default_factory=list)
    """What it is made of."""

    def __init__(self, place: Path) -> None:
        self.place = place
        """Where."""
        self.hidden = 3

    @property
    def heavy(self) -> bool:
        """Whether."""

    async def wait(self, *names: str, timeout: float = LIMIT, **rest: Any) -> None:
        """Wait."""

    def strict(self, /, name: str, **unknown: Never) -> None:
        """Strict."""

    async def stream(self) -> AsyncIterator[str]:
        """Stream."""
        yield ""

    @overload
    def get(self, name: str) -> int: ...
    @overload
    def get(self, name: str, default: int) -> int: ...
    def get(self, name: str, default: int = 0) -> int:
        """Get."""

    def __call__(self, first: str, /, second: str = "x", *, third: int) -> str:
        """Call."""

    def _own(self) -> None: ...

    def long(self, one: Mapping[str, str], two: Mapping[str, str], three: Mapping[str, str]) -> Mapping[str, str]:
        """Long."""
'''


def thing() -> plugin_modules.Found:
    where = plugin_modules.Module("mudbot.made_up", ast.parse(SOURCE).body, {})
    found = plugin_modules.find(where, "Thing")
    assert found is not None
    return found


def test_members_are_told_as_a_plugin_writes_them() -> None:
    """Attributes first; what is inherited last; nothing that is private or undescribed."""
    told = {each.name: each.signature.replace("\0", "self.thing") for each in plugin_members.members(thing())}
    assert told == {
        "kind": "self.thing.kind: Kind",
        "size": "self.thing.size: int = 3",
        "parts": "self.thing.parts: list[str] = []",
        "place": "self.thing.place: Path",
        "heavy": "self.thing.heavy: bool",
        "wait": "await self.thing.wait(*names: str, timeout: float = 5.0, **rest: Any) -> None",
        "strict": "self.thing.strict(name: str) -> None",
        "stream": "self.thing.stream() -> AsyncIterator[str]",
        "get": "self.thing.get(name: str) -> int\nself.thing.get(name: str, default: int) -> int",
        "__call__": "self.thing(first: str, /, second: str = 'x', *, third: int) -> str",
        "long": (
            "self.thing.long(\n    one: Mapping[str, str],\n    two: Mapping[str, str],\n"
            "    three: Mapping[str, str],\n) -> Mapping[str, str]"
        ),
        "below": "self.thing.below() -> None",
    }
    texts = {each.name: each.text for each in plugin_members.members(thing())}
    assert texts["parts"] == "What it is made of."
    assert texts["heavy"] == "Whether."


def test_names_are_followed_to_where_they_are_defined() -> None:
    """Through imports, those for type checkers too; what is not mudbot's is nobody's."""
    top = plugin_modules.module("mudbot")
    assert top is not None
    speech = plugin_modules.find(top, "Speech")
    assert speech is not None
    assert speech.module.name == "mudbot.events"
    duration = plugin_modules.find(top, "Duration")
    assert duration is not None
    assert duration.text.startswith("Seconds, written in a configuration file")
    assert plugin_modules.find(top, "Path") is None
    assert plugin_modules.module("json") is None
    assert plugin_modules.module("mudbot.nowhere") is None


def test_examples_in_docstrings_become_code() -> None:
    assert plugin_reference.text("Do it.\n\n>>> a = 1\n... b\n\nThen.") == (
        "Do it.\n\n```python\na = 1\nb\n```\n\nThen.\n"
    )
    assert plugin_reference.text("") == ""
