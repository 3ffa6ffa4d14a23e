"""``mudbot plugin show`` and ``docs NAME``: all that a plugin does and may do, as text, JSON and Markdown."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli

GUARD = '''\
"""Guards the door.

It does so by day and by night.
"""

from dataclasses import dataclass, field
from typing import Literal

from mudbot import Command, Duration, Gmcp, Plugin, Rest, Speech, Text
from mudbot import at, command, every, on, review, scheduled, trigger


@dataclass(frozen=True)
class Config:
    door: str  # which one
    rest: Duration = 30.0
    """Between two rounds,
    in seconds."""
    # what it is
    # to shout
    shout: Literal["halt", "stop|go"] = "halt"
    friends: list[str] = field(default_factory=list)


class Guard(Plugin):
    config: Config

    @trigger(r"^(?P<who>\\w+) comes (?P<how><in|out>)\\.$", cooldown=90, per="who", priority=3, stop=True,
             session="inn")
    async def comes(self, who: str, how: str) -> None:
        """Look who comes."""
        await self.mud.send(f"look {who}")
        await self.mud.ask("who", "here")

    @trigger(all_of=["one", {"text": "two"}], lines=4)
    async def both(self) -> None: ...

    @trigger(glob="HP: *", prompt=True, when="hp < 3", color="red")
    async def low(self) -> None: ...

    @command("open", "开门", role="owner", cooldown=5, zh="开门")
    async def open(self, command: Command, door: int, words: Rest = "") -> None:
        """open a door"""

    @command("knock", role="trusted")
    async def knock(self) -> None: ...

    @on(Gmcp("Char.Vitals"))
    async def vitals(self, event: Gmcp) -> None:
        """How it is."""

    @on(Speech)
    async def hear(self, event: Speech) -> None: ...

    @every("1h30m")
    async def round(self) -> None: ...

    @at("09:00", "21:30", days="mon-fri", tz="UTC")
    async def shift(self) -> None:
        await self.http.get("https://api.weather.example/now")

    @scheduled
    async def watch(self) -> None:
        """Watch on."""
        await self.ai.image("a door")

    @review
    async def judge(self, text: Text) -> str | None:
        return None
'''
CONFIG = """\
sessions: [{host: tavern}]
plugins:
  guard:
    door: front
    permissions: {commands: true, http: [api.weather.example]}
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "guard.py").write_text(GUARD, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG)
    return tmp_path


def plugin(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["plugin", *arguments])


def facts(name: str = "guard") -> dict[str, Any]:
    result = plugin("show", name, "--json")
    assert result.exit_code == 0, result.output + str(result.exception)
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_settings_have_their_type_as_it_is_written_their_default_and_their_meaning() -> None:
    """The meaning is a text below, a comment behind, or comments above."""
    assert facts()["settings"] == [
        {"name": "door", "type": "str", "required": True, "about": "which one"},
        {
            "name": "rest",
            "type": "Duration",
            "required": False,
            "default": 30.0,
            "about": "Between two rounds, in seconds.",
        },
        {
            "name": "shout",
            "type": "Literal['halt', 'stop|go']",
            "required": False,
            "default": "halt",
            "about": "what it is to shout",
        },
        {"name": "friends", "type": "list[str]", "required": False, "default": [], "about": ""},
    ]


def test_settings_of_a_pydantic_model_are_told_the_same_way(here: Path) -> None:
    (here / "plugins" / "model.py").write_text(
        "from pydantic import BaseModel, Field\nfrom mudbot import Plugin\n\n\n"
        "class Config(BaseModel):\n    much: int = Field(default=3, description='How much.')\n    who: str\n\n\n"
        "class Model(Plugin):\n    config: Config\n"
    )
    assert facts("model")["settings"] == [
        {"name": "much", "type": "int", "required": False, "default": 3, "about": "How much."},
        {"name": "who", "type": "str", "required": True, "about": ""},
    ]


def test_triggers_have_their_patterns_and_what_was_said_of_them() -> None:
    """Only what is not as usual."""
    found = {each["method"]: each for each in facts()["triggers"]}
    assert found["comes"] == {
        "method": "comes",
        "about": "Look who comes.",
        "patterns": [{"kind": "regex", "pattern": r"^(?P<who>\w+) comes (?P<how><in|out>)\.$"}],
        "on": "line",
        "options": {"cooldown": 90.0, "per": "who", "priority": 3, "stop": True, "session": ["inn"]},
        "examples": [],
    }
    assert [each["kind"] for each in found["both"]["patterns"]] == ["regex", "text"]
    assert found["both"]["options"] == {"lines": 4}
    assert found["low"]["on"] == "prompt"
    assert found["low"]["options"] == {"when": "hp < 3", "color": {"": "red"}}


def test_commands_events_and_times_are_told() -> None:
    found = facts()
    opened, knock = found["commands"]
    assert opened["usage"] == "!open <door> [words...]"
    assert (opened["names"], opened["role"], opened["cooldown"]) == (["open", "开门"], "owner", 5)
    assert opened["zh"]["about"] == "开门"
    assert knock["role"] == "trusted"
    assert [(each["event"], each["package"]) for each in found["events"]] == [("Gmcp", "char.vitals"), ("Speech", "")]
    every, shift = found["timers"]
    assert every["every"] == 5400
    assert shift["at"] == ["09:00", "21:30"]
    assert (shift["days"], shift["tz"]) == (["mon", "tue", "wed", "thu", "fri"], "UTC")
    assert [each["method"] for each in found["tasks"] + found["reviews"]] == ["watch", "judge"]


def test_permissions_are_those_granted_and_those_that_the_source_reaches_for() -> None:
    """With the places, so that an owner sees what a grant is for."""
    found = facts()["permissions"]
    assert found["granted"]["commands"] is True
    assert found["granted"]["images"] is False
    send, get, image = (
        f"guard.py:{next(n for n, line in enumerate(GUARD.splitlines(), 1) if words in line)}"
        for words in ("mud.send", "http.get", "ai.image")
    )
    assert found["wanted"]["commands"][0] == send
    assert len(found["wanted"]["commands"]) == 2
    assert found["wanted"]["http"] == [get]
    assert found["wanted"]["images"] == [image]
    assert found["hosts"] == ["api.weather.example"]


def test_the_text_has_a_heading_for_each_kind(here: Path) -> None:
    out = plugin("show", "guard").output
    assert out.startswith(f"guard (on): Guards the door.\n  {here / 'plugins' / 'guard.py'}\n\nsettings:\n")
    plain = re.sub(r"(?<=\S) +", " ", out)
    for words in (
        "  door: str must be given; which one\n",
        "; cooldown 1m30s; per who; priority 3; stop true; session",
        "  low glob: HP: *; on prompts; when hp < 3;",
        "  !open <door> [words...] open a door; for owners; once in 5s; also 开门\n",
        "  !knock for the trusted\n",
        "  round every 1h30m\n",
        "  shift at 09:00, 21:30 on mon, tue, wed, thu, fri in UTC\n",
        "  watch Watch on.\n",
        "  commands granted; wanted at guard.py:",
        "  images not granted: permissions: {images: true}; wanted at guard.py:",
        "  http granted: ",
    ):
        assert words in plain, words


def test_without_a_configuration_nothing_is_said_of_on(here: Path) -> None:
    (here / "config.yaml").unlink()
    assert facts()["on"] is None
    assert plugin("show", "guard").output.startswith("guard: Guards the door.\n")


def test_a_plugin_with_nothing_is_shown_too(here: Path) -> None:
    (here / "plugins" / "bare.py").write_text("from mudbot import Plugin\n\n\nclass Bare(Plugin):\n    pass\n")
    assert plugin("show", "bare").output == f"bare (off)\n  {here / 'plugins' / 'bare.py'}\n"


def test_it_is_not_started_and_leaves_nothing_behind(here: Path) -> None:
    """Only its file is run, as by `mudbot check`."""
    before = set(sys.modules)
    facts()
    assert not [name for name in set(sys.modules) - before if name.startswith("mudbot_plugin_")]
    assert not list(here.rglob("*.pyc"))


def test_a_plugin_that_cannot_be_loaded_says_where(here: Path) -> None:
    path = here / "plugins" / "broken.py"
    path.write_text("from mudbot import Plugin\n\noops\n")
    result = plugin("show", "broken")
    assert result.exit_code == 1
    assert f"{path}:3: NameError" in str(result.exception)
    assert "did you mean 'guard'?" in str(plugin("show", "gard").exception)


def test_docs_are_markdown() -> None:
    """What stands in a pattern means nothing to Markdown."""
    out = plugin("docs", "guard").output
    assert out.startswith("# guard\n\nGuards the door.\n\nIt does so by day and by night.\n\n## Settings\n")
    assert "| `shout` | `Literal['halt', 'stop\\|go']` | `halt` | what it is to shout |" in out
    assert "| `door` | `str` |  | which one |" in out
    assert r"- `comes`: `` ^(?P<who>\w+) comes (?P<how><in|out>)\.$ ``; cooldown 1m30s;" in out
    assert "- `!open <door> [words...]`: open a door; for owners" in out
    assert "- `permissions: {http: [api.weather.example]}`: wanted at guard.py:" in out
    assert "granted" not in out  # of the plugin, not of who runs it
