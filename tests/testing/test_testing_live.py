"""The fixtures ``tavern`` and ``evennia``: real links, and players who speak to the bot."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.testing.newcomer import project, pytest_in

ECHO = """\
from mudbot import Command, Plugin, command


class Echo(Plugin):
    @command("echo")
    async def echo(self, command: Command) -> None:
        await self.mud.reply(command, f"You said {command.rest}.")

    @command("boom")
    async def boom(self, command: Command) -> None:
        raise LookupError("no gold")
"""
TAVERN = """\
import pytest

async def test_players_are_answered(tavern):
    await tavern.load("echo")
    await tavern.load("dialogue")
    tavern.ai.will_say("Rice wine, two coins a bowl.")
    await tavern.type("tell Chen !echo a fine house")
    assert "You said a fine house." in await tavern.reads("fine house")
    await tavern.type(f"tell {tavern.name} what do you have?", who="Bob")
    await tavern.reads("Rice wine", who="Bob")
    assert tavern.cost > 0

async def test_what_does_not_come_is_told(tavern):
    await tavern.load("echo")
    await tavern.type("say hello")
    with pytest.raises(AssertionError, match=r"(?s)Ann waited 0.2 s to read 'never'; what came:.*Drunken Crane"):
        await tavern.reads("never", within=0.2)

async def test_a_handler_that_raises_is_raised_here(tavern):
    await tavern.load("echo")
    await tavern.type("tell Chen !boom")
    with pytest.raises(LookupError, match="no gold"):
        await tavern.reads("never", within=2)

@pytest.mark.mudbot(dialect="nt7", encoding="gbk", language="zh")
async def test_other_families(tavern):
    await tavern.load("echo")
    await tavern.type("tell chen !echo 好")
    await tavern.reads("You said 好")
"""
EVENNIA = """\
async def test_players_are_answered(evennia):
    await evennia.load("echo")
    await evennia.type(f"page {evennia.name}=!echo a fine house")
    assert "You said a fine house." in await evennia.reads("fine house")
"""


def test_the_tavern(tmp_path: Path) -> None:
    found = pytest_in(project(tmp_path, ECHO, TAVERN, "echo"), "-x", "--show-capture=no")
    assert "4 passed" in found.stdout, found.stdout


@pytest.mark.real
@pytest.mark.timeout(600)
def test_evennia(tmp_path: Path) -> None:
    """Installed once, kept; where it cannot be had, the author's test is skipped with the reason."""
    envs = os.environ.get("MUDBOT_TEST_ENVS") or str(Path(__file__).parents[2] / ".envs")
    found = pytest_in(project(tmp_path, ECHO, EVENNIA, "echo"), "-rs", MUDBOT_TEST_ENVS=envs)
    if "1 skipped" in found.stdout:
        pytest.skip(found.stdout)
    assert "1 passed" in found.stdout, found.stdout


def test_evennia_that_cannot_be_installed_is_a_skip_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "envs").write_text("no folder")
    found = pytest_in(project(tmp_path, ECHO, EVENNIA, "echo"), "-rs", MUDBOT_TEST_ENVS=str(tmp_path / "envs"))
    assert "1 skipped" in found.stdout
    assert "Evennia cannot be installed or started here" in found.stdout
