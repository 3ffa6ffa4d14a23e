"""Whatever a MUD sends and whatever is said to it: text, every dialect, the gate, transcripts."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mudbot.errors import GateError, MudError
from mudbot.events import Line
from mudbot.mud.dialect import load, names
from mudbot.mud.ear import Ear
from mudbot.mud.gate import Gate
from mudbot.mud.room import read_room
from mudbot.mud.text import MAX_LINE, TextStream
from mudbot.mud.transcript import read
from tests.fuzz.budget import FUZZ
from tests.mud import test_gate_bars as bars
from tests.mud.hostile import COMMANDS, FRAMES, MARKUP
from tests.mud.test_dialect_fuzz import lines

CODECS = (*bars.CODECS, "auto")
WIRE = st.lists(
    st.binary(max_size=40)
    | st.sampled_from([b"\r\n", b"\n", b"\r", b"\x1b[", b"\x1b[31m", b"\x1b]0;", b"\x07", b"\0", b"\b", b"\xff\xff"])
    | st.sampled_from(["你好", "功", "許", "я", "ÿ", "\u202e"]).flatmap(
        lambda text: st.sampled_from([text.encode(codec, "ignore") for codec in bars.CODECS])
    ),
    max_size=30,
)
PIECES = [*COMMANDS, *FRAMES, *(token for tokens in MARKUP.values() for token in tokens)]
HOSTILE = st.lists(st.sampled_from(PIECES) | st.text(max_size=8) | st.characters(categories=["Cc", "Cf"]), max_size=12)


@pytest.mark.parametrize("codec", CODECS)
@FUZZ
@given(pieces=WIRE)
@example(pieces=[b"\x1b", b"[31", b"m\xff", b"\n"])
def test_text_is_the_same_however_it_is_cut(codec: str, pieces: list[bytes]) -> None:
    """No bytes are an error; lines have neither controls nor ends; one byte at a time gives the same lines."""
    whole = b"".join(pieces) + b"\n"
    cut, single = TextStream(codec), TextStream(codec)
    found = [line.text for piece in [*pieces, b"\n"] for line in cut.feed(piece)]
    alone = [line.text for at in range(len(whole)) for line in single.feed(whole[at : at + 1])]
    assert not any(char in text for text in found for char in "\r\n\x1b\0\x07")
    assert all(len(text.encode("utf-8", "surrogatepass")) <= 4 * MAX_LINE for text in found)
    if codec != "auto":  # a guess may be made on less
        assert found == alone


@pytest.mark.parametrize("family", names())
@FUZZ
@given(data=st.data())
def test_no_line_is_an_error_of_a_dialect(family: str, data: st.DataObject) -> None:
    """Pieces of the family's own lines and noise: heard, read as a room, and never said in another's words."""
    rules = load(family)
    ear = Ear(rules)
    texts = data.draw(st.lists(lines(family) | st.text(max_size=80), max_size=6))
    heard = [entry for text in texts for entry in ear.hear(Line(text))] + ear.flush()
    read_room(rules, texts)
    for line, speech in heard:
        assert speech is None or speech.text is None or speech.text in line.text
        assert speech is None or rules.answer_to(speech) is None or speech.speaker is not None


@pytest.mark.parametrize("name", bars.PRESENT)
@FUZZ
@given(data=st.data())
def test_nothing_said_is_a_command(name: str, data: st.DataObject) -> None:
    """Any text, to any addressee, with every verb and codec: one act of the server, and no forbidden byte."""
    model = bars.MODELS[name]
    encoding = data.draw(st.sampled_from(model.ENCODINGS))
    gate = Gate(load(name), encoding)
    verb = data.draw(st.sampled_from([verb for verb in bars.VERBS if bars.has(gate, model, verb)]))
    text = "".join(data.draw(HOSTILE))
    target = bars.target_of(model, verb)
    sent = bars.sent(gate, verb, text, target)
    assert not [line for line in sent if bars.forbidden(line)]
    assert bars.wrong(model, sent, encoding, verb, target) is None
    if verb in ("tell", "channel"):
        whom = "".join(data.draw(HOSTILE))
        sent = bars.sent(gate, verb, "hello there", whom)
        assert not [line for line in sent if bars.forbidden(line)]
        assert bars.wrong(model, sent, encoding, verb, bars.cleaned(whom)) is None
    try:
        packet = gate.command(text)
    except GateError:
        return
    assert not bars.forbidden(packet.data)


ENTRY = st.dictionaries(
    st.sampled_from(["t", "dir", "hex", "why", "key", "text", "mudbot", "at", "session"]),
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9)
    | st.sampled_from(["in", "out", "stop", "end", "model", "fffb01", "2026-11-23T12:00:00+00:00"]),
)  # fmt: skip
RECORDED = st.lists(ENTRY, max_size=8).map(
    lambda entries: b"\n".join(json.dumps(entry).encode() for entry in [{"mudbot": 1, "session": "s"}, *entries])
)
LOGGED = st.lists(
    st.sampled_from(["<html>", "<span style='color: rgb(1,2", ");'>", "&lt;", "&#99999999999;", "[12:00:00] ",
                     "\x1b[3m", "#NOP", "\n", "\r\n", "2026-11-23 12:00:00 ", "99:99:99 ", "</body>"])
    | st.text(max_size=9),
    max_size=30,
).map(lambda pieces: "".join(pieces).encode("utf-8", "surrogatepass"))  # fmt: skip


@FUZZ
@given(data=RECORDED | LOGGED | st.binary(max_size=300), encoding=st.sampled_from([None, "utf-8", "gbk", "big5"]))
def test_any_file_is_a_transcript_or_an_error_with_a_remedy(data: bytes, encoding: str | None) -> None:
    """Recordings with odd entries, logs of other clients, any bytes."""
    try:
        found = read(data, encoding)
        list(found.pieces("utf-8"))
        list(found.answers())
    except MudError:
        return
