"""``sessions[].memory``: how much is remembered, and for how long."""

from __future__ import annotations

from pathlib import Path

import pytest

from mudbot.config import load
from mudbot.errors import ConfigError
from mudbot.mind.memory import Settings


def read(folder: Path, memory: str) -> Settings:
    path = folder / "config.yaml"
    path.write_text(f"sessions: [{{host: tavern, memory: {memory}}}]\n")
    return Settings(**load(path).sessions[0].memory.model_dump())


def test_what_is_not_said_is_as_the_code_has_it(tmp_path: Path) -> None:
    assert read(tmp_path, "{}") == Settings()


def test_all_of_it_can_be_said(tmp_path: Path) -> None:
    said = "{turns: 4, facts: 0, retention: 30d, fades: 1d, most: 9, summarize: false, every: 5, quiet: 90s}"
    assert read(tmp_path, said) == Settings(4, 0, 30 * 86_400.0, 86_400.0, 9, summarize=False, every=5, quiet=90.0)


@pytest.mark.parametrize("wrong", ["{turns: -1}", "{retention: 90}", "{retention: 1s}", "{most: 0}", "{fact: 6}"])
def test_what_cannot_be_is_named_with_its_line(tmp_path: Path, wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.yaml:1"):
        read(tmp_path, wrong)
