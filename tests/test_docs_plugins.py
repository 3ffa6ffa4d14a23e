"""The pages about plugins say what is so: their commands are run, their plugins load, their links lead somewhere."""

from __future__ import annotations

import ast
import inspect
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import click
import pytest

import mudbot
from mudbot import Plugin, Speech, resolve
from mudbot.cli import cli
from mudbot.clock import Clock
from mudbot.config import load
from mudbot.host import chores, inbox, loader, reload, running, watchdog
from mudbot.host.services.ai import Ai
from mudbot.host.services.ask import MAX_WAITING
from mudbot.host.services.http import Http, HttpAnswer
from mudbot.host.services.mud import ANSWER_WITHIN, Mud
from mudbot.host.services.store import PluginStore
from mudbot.host.triggers import Triggers
from mudbot.testing import Bot, Script, Web
from tests.docs_pages import DOCS, ROOT, Block, Reader, blocks

PAGES = sorted(path.name for path in DOCS.glob("*.md"))
TUTORIALS = [page for page in PAGES if page.startswith("tutorial")]


@pytest.mark.skipif(os.name == "nt", reason="its commands are typed into a shell")
def test_tutorials_do_what_they_show(tmp_path: Path) -> None:
    """Every file is written, every command is run, every line that a page shows is printed, in this order."""
    with ThreadPoolExecutor() as readers:  # side by side: they wait for processes most of the time
        followed = [readers.submit(follow, page, tmp_path / page.removesuffix(".md")) for page in TUTORIALS]
    assert len([each.result() for each in followed]) == 2


def follow(page: str, folder: Path) -> None:
    """Do what a tutorial says in a folder that is empty."""
    folder.mkdir()
    with Reader(folder) as reader:
        for block in blocks(page):
            try:
                reader.do(block)
            except AssertionError as exc:
                exc.add_note(f"{page}, line {block.line}")
                raise


# -- code on pages -----------------------------------------------------------------------------------------------------

WHOLE = [
    pytest.param(block, id=f"{page}:{block.line}")
    for page in ("order.md", "moving.md")
    for block in blocks(page)
    if block.kind == "python" and "from mudbot import" in block.text
]


@pytest.mark.parametrize("block", WHOLE)
def test_a_plugin_of_a_page_loads(block: Block, tmp_path: Path) -> None:
    """Whoever copies it has a plugin that starts."""
    (tmp_path / "copied.py").write_text(block.text, encoding="utf-8")
    loader.drop(loader.load("copied", [tmp_path]))


async def test_what_order_says_of_stop_is_so(bot: Bot, tmp_path: Path) -> None:
    """The trigger behind it does not fire, no other plugin hears the speech, its own does."""
    (tmp_path / "plugins").mkdir()
    first = next(block for block in blocks("order.md") if block.kind == "python")
    (tmp_path / "plugins" / "first.py").write_text(first.text, encoding="utf-8")
    parrot = next(block for block in blocks("cookbook.md") if "class Parrot" in block.text)
    (tmp_path / "plugins" / "parrot.py").write_text(parrot.text, encoding="utf-8")
    bot.choose(plugins=str(tmp_path / "plugins"))
    await bot.load("parrot")
    await bot.load("first")
    await bot.say("psst, Chen", who="Ann")
    await bot.advance(5)
    assert bot.said == ["nods at Ann."]
    assert any("its own plugin still hears" in record.getMessage() for record in bot.log)


@pytest.mark.parametrize(("readme", "language"), [("README.md", "en"), ("README.zh.md", "zh")])
async def test_the_plugin_of_a_readme_passes_its_test(readme: str, language: str, bot: Bot, tmp_path: Path) -> None:
    """The first thing that anybody reads is so."""
    found = [block for block in blocks(f"../../{readme}") if "class Doorman(Plugin)" in block.text]
    test = next(block for block in blocks(f"../../{readme}") if "bot.load(" in block.text)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "doorman.py").write_text(found[0].text, encoding="utf-8")
    bot.choose(plugins=str(tmp_path / "plugins"), language=language)
    space: dict[str, Any] = {}
    exec(test.text, space)
    await space["test_visits_are_counted"](bot)


def test_the_bounds_on_the_page_are_those_of_the_code() -> None:
    """A number that changes there has to change here."""
    text = " ".join((DOCS / "order.md").read_text(encoding="utf-8").split())
    for words in (
        f"inbox | {inbox.INBOX} things",
        f"a handler's deadline | {running.DEADLINE:.0f} s",
        f"`start` | {running.DEADLINE:.0f} s",
        f"no deadline; at most {chores.MOST} spawned at once",
        f"an `ask` | {ANSWER_WITHIN:.0f} s",
        f"asks and waits | {MAX_WAITING} at one time",
        f"for {reload.FINISH:.0f} s at most",
        f"after 1, 2, 4 … {chores.LATE:.0f} s",
    ):
        assert words in text
    assert (running.MAX_FAILURES, watchdog.LIMIT, chores.SOON) == (5, 1.0, 1.0)  # in words: five, more than a second


LASTING = """\
from mudbot import Plugin, command, trigger


class Lasting(Plugin):
    @trigger("^a$", group="x")
    async def a(self) -> None:
        await self.mud.say("a")

    @trigger("^b$", cooldown=100)
    async def b(self) -> None:
        await self.mud.say("b")

    @trigger("^c$")
    async def c(self) -> None:
        await self.mud.say("c")

    @trigger("^add$")
    async def add(self) -> None:
        self.bot.triggers.add(self.added, "^d$")
        await self.store.set("kept", 1)

    async def added(self) -> None:
        await self.mud.say("d")

    @command("cool", cooldown=100)
    async def cool(self) -> str:
        return "cool"
"""


async def test_what_order_says_of_a_reload_is_so(bot: Bot, tmp_path: Path) -> None:
    """Row by row of its table."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "lasting.py").write_text(LASTING, encoding="utf-8")
    bot.choose(plugins=str(tmp_path / "plugins"))
    plugin = await bot.load("lasting")
    plugin.bot.triggers.switch("x", on=False)
    plugin.bot.triggers.switch("lasting.c", on=False)
    await bot.hear("add")
    await bot.tell("!cool", who="Ann")
    await bot.hear("a", "b", "b", "c", "d")
    await bot.advance(10)
    assert bot.said == ["cool", "b", "d"]
    plugin = await bot.reload("lasting")
    bot.forget()
    await bot.tell("!cool", who="Ann")
    await bot.hear("a", "b", "c", "d")
    await bot.advance(10)
    assert bot.said[0].startswith("Not so fast")
    assert bot.said[1:] == []
    assert await plugin.store.get("kept") == 1


# -- our half of the tables --------------------------------------------------------------------------------------------


def ours() -> list[str]:
    """Every piece of code in the second column of the page's tables."""
    found = []
    for line in (DOCS / "moving.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| ---"):
            cell = re.split(r"(?<!\\) \| ", line)[1].replace("\\|", "|")
            found += re.findall(r"`([^`]+)`", cell)
    return list(dict.fromkeys(found))


SERVICES: dict[str, Any] = {
    "self.mud": Mud,
    "self.ai": Ai,
    "self.store": PluginStore,
    "self.http": Http,
    "self.bot.triggers": Triggers,
    "self.clock": Clock,
    "self.log": logging.LoggerAdapter,
    "self": Plugin,
    "bot.ai": Script,
    "bot.web": Web,
    "bot": Bot,
    "speech": Speech,
    "answer": HttpAnswer,
}
DECORATORS = [each for each in ours() if each.startswith("@")]
CALLS = [each for each in ours() if re.match(r"(?:answer = )?(?:await )?(?:self|bot|speech|answer)\.", each)]
LISTS = [each for each in ours() if each.startswith("triggers: [")]
COMMANDS = [each for each in ours() if each.startswith("mudbot ")]


def test_our_half_is_looked_at() -> None:
    """The page has many pieces of code, and most of them are of a kind that is checked here."""
    assert len(DECORATORS) > 25
    assert len(CALLS) > 25
    assert len(LISTS) >= 4
    assert len(COMMANDS) >= 4


@pytest.mark.parametrize("written", DECORATORS)
def test_a_mark_can_be_written_so(written: str) -> None:
    """It takes the options that the page gives it."""
    space = {name: getattr(mudbot, name) for name in mudbot.__all__}
    exec(f"{written}\nasync def method(self): ...", space)
    assert space["method"].__mudbot__


@pytest.mark.parametrize("written", CALLS)
def test_a_call_can_be_written_so(written: str) -> None:
    """There is such a method or attribute, and it takes these arguments."""
    tree = ast.parse(written.replace("await ", ""))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            place = next((each for each in SERVICES if ast.unparse(node).startswith(f"{each}.")), None)
            assert place, written
            name = ast.unparse(node).removeprefix(f"{place}.").partition(".")[0]
            known = hasattr(SERVICES[place], name) or name in known_of(SERVICES[place])
            assert known or name in ("work", "later"), f"{place} has no {name}"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            place = next(each for each in SERVICES if called.startswith(f"{each}."))
            function = getattr(SERVICES[place], called.removeprefix(f"{place}."), None)
            if function is not None:
                keywords = {str(each.arg): None for each in node.keywords}
                inspect.signature(function).bind(None, *node.args, **keywords)


def known_of(kind: type) -> set[str]:
    """What instances of *kind* have: annotated, in slots, or set when it is made."""
    begun = inspect.getattr_static(kind, "__init__")
    made = set(re.findall(r"self\.(\w+)\b", inspect.getsource(begun))) if inspect.isfunction(begun) else set()
    return {name for base in kind.__mro__ for name in getattr(base, "__annotations__", {})} | made


@pytest.mark.parametrize("written", LISTS)
def test_triggers_can_be_written_so(written: str, tmp_path: Path) -> None:
    """They are as `mudbot check` wants them."""
    path = tmp_path / "config.yaml"
    granted = "plugins: {triggers: {permissions: {commands: true}}}"
    path.write_text(f"sessions: [{{host: tavern}}]\n{granted}\n{written}\n", encoding="utf-8")
    assert len(resolve.load_triggers(load(path))) == 1


@pytest.mark.parametrize("written", COMMANDS)
def test_there_is_such_a_command(written: str) -> None:
    """The command line knows it."""
    name = written.split()[1]
    assert cli.get_command(click.Context(cli), name) is not None


# -- links -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", [*PAGES, "../../README.md", "../../README.zh.md"])
def test_links_lead_somewhere(page: str) -> None:
    """Files are there, and so are the headings."""
    text = re.sub(r"```.*?```", "", (DOCS / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = ((DOCS / page).parent / name).resolve() if name else DOCS / page
        assert path.exists(), f"{page}: {target}"
        if anchor and path.suffix == ".md":
            assert anchor in anchors(path), f"{page}: {target}"


def anchors(path: Path) -> set[str]:
    """What can be linked to: headings as GitHub spells them."""
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


def test_every_example_has_its_line() -> None:
    """The index names each of the examples, and nothing else."""
    text = (DOCS / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\.\./\.\./plugins/examples/(\w+)\.py", text))
    assert named == set(loader.available([ROOT / "plugins" / "examples"]))
