"""docs/pictures.md says what is: its configuration loads, its commands exist, its figures are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from mudbot.cli import cli
from mudbot.config import load
from mudbot.mind.styles import CATALOGUE
from mudbot.store.imagefile import MAX_BYTES, MAX_PIXELS
from mudbot.store.pictures import ID_LENGTH
from mudbot.store.thumbs import SIDE
from mudbot.web import feed, public

PAGE = (Path(__file__).parents[1] / "docs" / "pictures.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"(?m)^    mudbot (gallery .*?)(?: +#.*)?$", PAGE)


@pytest.mark.parametrize("block", BLOCKS)
def test_its_configuration_loads(block: str, tmp_path: Path) -> None:
    written = {"sessions": [{"host": "tavern"}]} | yaml.safe_load(block)
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    load(path, environ={"MUDBOT_TOKEN": "a-long-token"})


def test_the_defaults_that_it_says_are_the_defaults() -> None:
    (kept,) = [yaml.safe_load(block) for block in BLOCKS if block.startswith("pictures:")]
    assert (
        load(None, overrides=[f"pictures={kept['pictures']}"], environ={}).pictures == load(None, environ={}).pictures
    )


@pytest.mark.parametrize("typed", COMMANDS)
def test_its_commands_are_understood(typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text("sessions: [{host: tavern}]\nstore: data\n")
    result = CliRunner().invoke(cli, typed.split(), input="n\n")
    assert result.exit_code != 2, result.stderr


def test_its_figures_are_those_of_the_code() -> None:
    assert f"at most {SIDE} pixels" in PAGE
    assert f"the newest {feed.ENTRIES} as an Atom feed" in PAGE
    assert (MAX_BYTES, MAX_PIXELS) == (16 * 2**20, 16_000_000)
    assert f"max-age={7 * 86_400}" in public.WEEK
    link = len("https://bot.example.org/i/") + ID_LENGTH
    assert f"a link has {link} characters" in PAGE
    names = re.search(r"your own words: (.*?)\.\n", PAGE, re.DOTALL)
    assert names is not None
    assert " ".join(names[1].split()) == ", ".join(f"{style.name} ({style.zh})" for style in CATALOGUE)
