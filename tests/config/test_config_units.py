"""Times are written with their unit, and are seconds in Python."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from mudbot.config import Duration, seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("20s", 20.0), ("5m", 300.0), ("1h30m", 5400.0), ("500ms", 0.5), ("1.5h", 5400.0), ("2d", 172_800.0),
        ("0s", 0.0), ("1m0.25s", 60.25), ("1s500ms", 1.5), (" 3s ", 3.0),
    ],
)  # fmt: skip
def test_a_time_is_its_seconds(text: str, expected: float) -> None:
    """Each unit and each combination, longest first, gives the seconds it says."""
    assert seconds(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "20",
        "s",
        "-5s",
        "5 s",
        "5s5m",
        "5s5s",
        "1e3s",
        "s5",
        "5sec",
        "inf",
        "٣s",
        "1.s",
        "9999999999s",
        "5mx",
    ],
)
def test_anything_else_is_refused_with_the_remedy(text: str) -> None:
    """What is not a time is told how one is written."""
    with pytest.raises(ValueError, match=r"write 20s, 5m, 1h30m or 500ms"):
        seconds(text)


@given(st.integers(0, 999), st.integers(0, 999), st.integers(0, 999))
def test_parts_add_up(hours: int, minutes: int, millis: int) -> None:
    """A time of several parts is the sum of the parts."""
    assert seconds(f"{hours}h{minutes}m{millis}ms") == pytest.approx(hours * 3600 + minutes * 60 + millis / 1000)


@given(st.text(max_size=40))
def test_no_text_raises_anything_but_value_error(text: str) -> None:
    """Hostile text gives a number that is not negative, or ValueError."""
    with suppress(ValueError):
        assert seconds(text) >= 0


class Settings(BaseModel):
    wait: Duration = 1.0


def test_it_works_in_any_model() -> None:
    """A plugin's own model takes text; Python code may give seconds."""
    assert Settings.model_validate({"wait": "1m"}).wait == 60.0
    assert Settings(wait=5).wait == 5.0
    assert Settings().wait == 1.0


@pytest.mark.parametrize(("value", "remedy"), [("20", "write 20s"), ("7.5", "write 7.5s"), ("true", "write 20s")])
def test_a_bare_number_in_a_file_is_refused(value: str, remedy: str) -> None:
    """Nobody can see whether 20 means seconds or milliseconds, so it is refused with the remedy."""
    with pytest.raises(ValidationError, match=remedy):
        Settings.model_validate_json(f'{{"wait": {value}}}')


def test_it_works_in_a_dataclass() -> None:
    """A dataclass of a plugin's can use it as well."""
    from mudbot.config import Positions, validate

    @dataclass(frozen=True)
    class Plain:
        wait: Duration = 3.0

    assert validate(Plain, {"wait": "500ms"}, Positions()).wait == 0.5
