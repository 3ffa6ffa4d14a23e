"""How long pictures are kept, as config.yaml says it: times and sizes with their units, within bounds."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from mudbot.config import load
from mudbot.config.units import Size, size
from mudbot.errors import ConfigError

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2GB", 2 * 10**9), ("500MB", 500 * 10**6), ("1.5 GB", 1_500_000_000), ("20gib", 20 * 2**30), (" 7kB ", 7000),
        ("1TiB", 2**40),
    ],
)  # fmt: skip
def test_a_size_is_its_bytes(text: str, expected: int) -> None:
    assert size(text) == expected


@pytest.mark.parametrize("text", ["", "2", "2G", "GB", "-2GB", "2 000MB", "1e3MB", "٣GB", "2GB1MB", "9999999999GB"])
def test_anything_else_is_refused_with_the_remedy(text: str) -> None:
    with pytest.raises(ValueError, match="write 500MB or 2GB"):
        size(text)


@given(st.text(max_size=40))
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    with suppress(ValueError):
        assert size(text) >= 0


class Settings(BaseModel):
    room: Size = 5


def test_a_bare_number_is_a_size_in_python_alone() -> None:
    """In a file nobody can see whether it means bytes or megabytes."""
    assert Settings(room=7).room == 7
    assert Settings.model_validate({"room": "1kB"}).room == 1000
    for given_value in ("20", "true", "1.5", "null"):
        with pytest.raises(ValidationError, match="write 500MB"):
            Settings.model_validate_json(f'{{"room": {given_value}}}')


def test_what_the_example_suggests_is_the_default(tmp_path: Path) -> None:
    text = (ROOT / "config.yaml").read_text(encoding="utf-8")
    assert "# pictures:" in text
    path = tmp_path / "config.yaml"
    path.write_text(re.sub(r"(?m)^# (pictures:.*|  (?:retention|size):.*)$", r"\1", text), encoding="utf-8")
    config = load(path, environ={})
    assert "pictures" in config.model_fields_set
    assert config.pictures == load(None, environ={}).pictures
    assert (config.pictures.retention, config.pictures.size) == (365 * 86_400, 2 * 10**9)


@pytest.mark.parametrize(
    "wrong", ["retention=1h", "retention=40000d", "retention=30", "size=1MB", "size=2", "size=9999999TB", "keep=3d"]
)
def test_what_is_out_of_bounds_is_refused(wrong: str) -> None:
    with pytest.raises(ConfigError, match=r"pictures"):
        load(None, overrides=[f"pictures.{wrong}"], environ={})
