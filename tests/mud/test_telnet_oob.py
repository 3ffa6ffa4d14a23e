"""GMCP, MSDP and MSSP as they come from strangers: read where they can be, never a loop, never an error."""

from __future__ import annotations

import json
import logging
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.events import Gmcp, Msdp, Mssp
from mudbot.mud import oob

EXAMPLES = int(os.environ.get("MUDBOT_FUZZ_EXAMPLES", "300"))
VAR, VAL, TABLE, END_TABLE, ARRAY, END_ARRAY = (bytes([n]) for n in range(1, 7))


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        (b"Core.Ping", Gmcp("Core.Ping")),
        (b"Core.Ping ", Gmcp("Core.Ping")),
        (b'Char.Vitals {"hp":1}', Gmcp("Char.Vitals", {"hp": 1})),
        (b"Room.AddPlayer  [1, 2] ", Gmcp("Room.AddPlayer", [1, 2])),
        (b'Core.Goodbye "bye"', Gmcp("Core.Goodbye", "bye")),
        (b"Core.Goodbye bye then", Gmcp("Core.Goodbye", "bye then")),
        (b'Char.Vitals {"hp":', Gmcp("Char.Vitals", '{"hp":')),
        ("Room.Info {名字}".encode("gbk"), Gmcp("Room.Info", "{名字}")),
        (b"", None),
        (b"  ", None),
    ],
)
def test_gmcp(payload: bytes, event: Gmcp | None) -> None:
    """JSON where there is some; what is none is given as the text that it is."""
    assert oob.gmcp(payload, "gb18030") == event


def test_gmcp_that_is_no_json_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """It does not vanish silently: a debug line names the package and the beginning of it."""
    with caplog.at_level(logging.DEBUG, "mudbot"):
        oob.gmcp(b"Room.Info {name: inn}", "utf-8")
    assert "'Room.Info' carries no JSON" in caplog.text
    assert "{name: inn}" in caplog.text


def test_gmcp_nested_a_thousandfold_is_text() -> None:
    """What the JSON reader cannot take is no error of ours."""
    deep = "[" * 60_000
    assert oob.gmcp(f"X {deep}".encode(), "utf-8") == Gmcp("X", deep)
    assert oob.gmcp(b"X " + b"9" * 5000, "utf-8") == Gmcp("X", "9" * 5000)


@pytest.mark.parametrize(
    ("payload", "variables"),
    [
        (VAR + b"A" + VAL + b"1" + VAR + b"B" + VAL + b"2", {"A": "1", "B": "2"}),
        (VAR + b"A" + VAL + b"1" + VAL + b"2" + VAL + b"3", {"A": ["1", "2", "3"]}),
        (VAR + b"A" + VAL + ARRAY + VAL + b"1" + VAL + b"2" + END_ARRAY, {"A": ["1", "2"]}),
        (VAR + b"A" + VAL + ARRAY + END_ARRAY + VAR + b"B" + VAL + TABLE + END_TABLE, {"A": [], "B": {}}),
        (
            VAR + b"R" + VAL + TABLE + VAR + b"X" + VAL + TABLE + VAR + b"n" + VAL + b"1" + END_TABLE
            + VAR + b"V" + VAL + b"7" + END_TABLE + VAR + b"Z" + VAL + b"9",
            {"R": {"X": {"n": "1"}, "V": "7"}, "Z": "9"},
        ),
        (VAR + b"A", {"A": ""}),
        (VAR + b"A" + VAL, {"A": ""}),
        (b"stray" + VAL + b"x" + VAR + b"A" + VAL + b"1" + END_TABLE + END_ARRAY, {"A": "1"}),
        (VAR + b"A" + VAL + TABLE + b"stray", {"A": {}}),
        (VAR + b"A" + VAL + ARRAY + VAR + b"x", {"A": []}),
        (b"", {}),
    ],
)  # fmt: skip
def test_msdp(payload: bytes, variables: dict[str, Any]) -> None:
    """Texts, arrays and tables; malformed input is read as far as it goes and ends."""
    assert oob.msdp(payload, "utf-8") == Msdp(variables)


def test_msdp_nested_without_end_is_cut() -> None:
    """Thirty-two tables deep is the bound, whatever the rest says."""
    value: Any = oob.msdp((VAR + b"A" + VAL + TABLE) * 20_000, "utf-8").variables
    depth = 0
    while isinstance(value, dict) and value:
        value, depth = next(iter(value.values())), depth + 1
    assert depth == oob.MAX_DEPTH + 1


def test_mssp() -> None:
    """Names in capitals, several values as a list, no value no variable; text in the session's encoding."""
    payload = b"\x01NAME\x02" + "笑傲江湖".encode("big5") + b"\x01Port\x0223\x0280\x01EMPTY\x01\x02lost"
    assert oob.mssp(payload, "big5hkscs") == Mssp({"NAME": "笑傲江湖", "PORT": ["23", "80"]})


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.sampled_from([*(bytes([n]) for n in range(1, 7)), b"A", "你".encode("gbk"), b"\xff"])).map(b"".join))
def test_anything_is_read_to_its_end(payload: bytes) -> None:
    """No input makes a loop or an error, and what comes out is plain data."""
    json.dumps(oob.msdp(payload, "gb18030").variables)
    json.dumps(oob.mssp(payload, "gb18030").variables)
    oob.gmcp(payload, "gb18030")


def test_a_large_message_is_read_at_once() -> None:
    """The largest that is taken, of nothing but delimiters: every token is looked at once (no quadratic search)."""
    assert oob.msdp((VAR + VAL) * 32_768, "utf-8") == Msdp({})
