"""Escapes in logs and terminals: no control byte but newline and tab, wherever words of others are shown."""

from __future__ import annotations

import logging
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from mudbot import logs
from mudbot.cli import cli
from tests import test_logs
from tests.reliability.figures import figure
from tests.web.test_web_browser import VIEWS as ALL
from tests.web.web_fakes import Client, FakeBot

ROW = "escapes in logs and terminals"
VIEWS = [view for view in ALL if "talk?" not in view]
"""The talk with somebody needs one; tests/reliability/test_sec_web.py has it."""
CONTROLS = (
    "".join(chr(point) for point in range(sys.maxunicode + 1) if unicodedata.category(chr(point)) == "Cc")
    + "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
)
EVIL = f"\x1b]0;owned\x07\x1b[2J\x9b31m{CONTROLS}"
_BAD = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, own.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


def test_no_control_byte_in_logs(capsys: pytest.CaptureFixture[str]) -> None:
    """Messages, arguments, tracebacks, in every style."""
    bad = {}
    for style in test_logs.STYLES:
        logs.setup(style=style, level="debug")
        for char in CONTROLS:
            test_logs.log.info("heard %s", f"x{char}y")
        test_logs.log.error("heard %s", EVIL, exc_info=test_logs.raised(ValueError(EVIL)))
        out = capsys.readouterr().err
        bad[style] = len(_BAD.findall(out))
    figure(
        ROW, "logs: 0 control bytes but newline and tab", f"{sum(bad.values())} of {len(CONTROLS)} x {len(bad)} styles"
    )
    assert not any(bad.values()), bad


def test_no_control_byte_on_the_command_line(tmp_path: Path) -> None:
    """A recording of a hostile MUD, a configuration, a persona and a name that are hostile, shown by the commands."""
    recording, config = tmp_path / "log.txt", tmp_path / "config.yaml"
    recording.write_text(f'Bob says, "{EVIL}"\n{EVIL}\n', encoding="utf-8")
    config.write_text("sessions: [{host: tavern}]\nplugins: {'a\\x1b[2J\\u202e': {x: \"\\x1b]0;x\\x07\"}}\n", "utf-8")
    commands = (
        ["check", "-c", str(config)], ["check", "-c", str(tmp_path / "\x1b[2Jno")],
        ["match", "\x1b[2J\u202e", str(recording)],
        ["hear", "generic", str(recording)], ["\x1b[2J"], ["persona", "show", "\x1b[2J\x9b"],
        ["plugin", "show", "\x1b[2J"],
        ["persona", "try", "\x1b[2J"], ["replay", "-c", str(config), str(tmp_path / "\x1b[2J")],
    )  # fmt: skip
    bad = []
    for command in commands:
        result = CliRunner().invoke(cli, command)
        bad += [(command[0], found) for found in _BAD.findall(result.output)]
    figure(ROW, "command line: 0 control bytes", f"{len(bad)} in the output of {len(commands)} commands")
    assert bad == []


async def test_no_control_byte_in_pages(owner: Client, pages: FakeBot) -> None:
    """What the MUD sends, in every view of the owner's."""
    pages.api.state = list
    pages.sessions[0].state = "playing"
    pages.hears(EVIL, f'Bob says, "{EVIL}"')
    await pages.store.write("logged", level=30, logger="mudbot.x", session="mud.example", text=EVIL)
    bad = []
    for view in VIEWS:
        text = await owner.get(view, status={"/nowhere": 404, "/login": 302}.get(view, 200))
        bad += [(view, found) for found in re.findall("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]", text)]
    figure(ROW, "web: 0 control bytes", f"{len(bad)} in {len(VIEWS)} views")
    assert bad == []
