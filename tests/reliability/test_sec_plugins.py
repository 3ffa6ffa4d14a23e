"""Plugins: one that raises always, blocks or hangs costs itself alone, and is named in time."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from mudbot.host import running
from tests import test_app_plugins_bad as bad
from tests.app_plugins_stage import Stage, until
from tests.reliability.figures import figure

KINDS = {
    "raises always": bad.BAD["raises"],
    "blocks": textwrap.indent(bad.BLOCKS["computes"], " " * 8) + "\n",
    "sleeps": textwrap.indent(bad.BLOCKS["sleeps"], " " * 8) + "\n",
    "hangs": bad.BAD["hangs"],
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_bad_plugin_is_named_within_five_seconds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """The link stays, and another plugin hears every line."""
    if kind == "hangs":
        monkeypatch.setattr(running, "DEADLINE", 1.0)
    stage = Stage(tmp_path)
    stage.write("bystander", bad.BYSTANDER)
    stage.write("bad", f"import asyncio, time\n{bad.LISTENS}{KINDS[kind]}")
    await stage.open()
    lines = [f"第{number}行" for number in range(50)]
    stage.mud.say(*lines)
    took = await until(lambda: any("plugin bad" in record.getMessage() for record in caplog.records), 15)
    await until(lambda: len(stage.plugin("bystander").lines) == len(lines))
    links, state = stage.mud.links, stage.app.sessions[0].state
    await stage.close()
    figure("plugins", f"{kind}: link kept, named within 5 s", f"{links} connection, {took:.1f} s")
    assert (links, state) == (1, "playing")
    assert took <= 5
