"""The bars of the outbound gate, measured with models of the servers' own command lines (tests/mud/parsers)."""

from __future__ import annotations

import importlib
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from mudbot.errors import GateError
from mudbot.mud import dialect
from mudbot.mud.gate import Gate
from mudbot.mud.rules import Verb
from tests.mud.hostile import CHANNELS, TARGETS, Hostile, corpus
from tests.mud.parsers.base import Model, foreign

NAMES = (
    *(
        "generic",
        "evennia",
        "rom",
        "tbamud",
        "pennmush",
        "lambdamoo",
        "ranvier",
        "deadsouls",
        "nt7",
        "oiuv",
        "xkx",
        "pkuxkx",
    ),
)
PRESENT = tuple(name for name in NAMES if name in dialect.names())
CODECS = ("utf-8", "gbk", "gb18030", "big5", "latin-1", "cp1251", "koi8-r")
VERBS: tuple[Verb, ...] = ("say", "tell", "channel", "emote", "whisper")
MODELS: dict[str, Model] = {name: cast("Model", importlib.import_module(f"tests.mud.parsers.{name}")) for name in NAMES}
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f]|(?<!\xff)\xff(?:\xff\xff)*(?!\xff)")
DATA = Path(__file__).parent / "data"


def target_of(model: Model, verb: Verb) -> str | None:
    """To whom the tests speak with *verb*."""
    return {"tell": "bob", "whisper": "bob", "channel": model.CHANNEL}.get(verb)


def has(gate: Gate, model: Model, verb: Verb) -> bool:
    """Whether the dialect has *verb*."""
    try:
        return bool(gate.speak(verb, "hello", target_of(model, verb)))
    except GateError:
        return False


def sent(gate: Gate, verb: Verb, text: str, target: str | None) -> list[bytes]:
    """The wire lines; none where the gate refuses."""
    try:
        return [packet.data for packet in gate.speak(verb, text, target)]
    except GateError:
        return []


def wrong(model: Model, lines: list[bytes], encoding: str, verb: Verb, target: str | None) -> str | None:
    """What a server would do with *lines* beyond *verb*; every line arrives by itself."""
    for line in lines:
        if why := foreign(model.parse(line, encoding), verb, target):
            return f"{line[:160]!r}: {why}"
    return None


def test_every_family_has_its_dialect() -> None:
    """Each of the twelve families that were studied has a dialect file."""
    assert set(NAMES) <= set(dialect.names())


def test_the_corpus_is_large_enough() -> None:
    """There are at least 5,000 different hostile strings."""
    assert len({one.text for one in corpus()}) >= 5000


# -- every code point, every codec ----------------------------------------------------------------------------------


def is_plain(char: str) -> bool:
    """Whether *char* is one of the mass of letters, private and unassigned code points that no folding touches."""
    return unicodedata.category(char) in ("Lo", "Cn", "Co") and unicodedata.normalize("NFKC", char) == char


def forbidden(line: bytes) -> bytes | None:
    """The first byte that may not be on the wire, or what is wrong with the line's end."""
    if not line.endswith(b"\r\n"):
        return line[-4:]
    found = _FORBIDDEN.search(line, 0, len(line) - 2)
    return found[0] if found else None


def chunks(points: Sequence[str], size: int) -> Iterator[str]:
    """All of *points*, *size* to a text, between two letters, so that it shows when the text's end is not sent."""
    for start in range(0, len(points), size):
        yield "x" + "".join(points[start : start + size]) + "z"


EVERY = [chr(point) for point in range(sys.maxunicode + 1)]
TELLING = [char for char in EVERY if not is_plain(char)]
"""Every code point that could be more than a letter."""
FRONT = [char for number, char in enumerate(EVERY) if number % 16 == 0 or not is_plain(char)]
"""The same, and every 16th of the rest: at the front a text is needed for each one."""


def bad_bytes(name: str, codec: str, texts: Iterable[str]) -> list[tuple[str, object]]:
    """The texts that put a forbidden byte on the wire, or whose end is never sent."""
    gate = Gate(dialect.load(name), codec)
    bad: list[tuple[str, object]] = []
    for text in texts:
        lines = sent(gate, "say", text, None)
        bad += [(text, found) for line in lines if (found := forbidden(line))]
        if len(text) > 1 and not (lines and lines[-1].endswith(b"z\r\n")):
            bad.append((text, "not sent to its end"))
    return bad


@pytest.mark.parametrize("codec", CODECS)
def test_no_code_point_becomes_a_forbidden_byte_inside_a_line(codec: str) -> None:
    """Every Unicode code point, inside a text: no control byte, no DEL, no lone IAC is sent in any codec."""
    assert bad_bytes("evennia", codec, chunks(EVERY, 480)) == []


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize("codec", CODECS)
def test_no_dialect_escapes_a_code_point_into_a_forbidden_byte(name: str, codec: str) -> None:
    """What a dialect does to markup makes no forbidden byte either, in any codec, and is never more than a refusal."""
    assert bad_bytes(name, codec, chunks(TELLING, 40)) == []


@pytest.mark.parametrize("codec", CODECS)
def test_no_code_point_becomes_a_forbidden_byte_at_the_front(codec: str) -> None:
    """A code point that stands first or alone in a text sends no control byte, no DEL and no lone IAC either."""
    assert bad_bytes("generic", codec, FRONT) == []


@pytest.mark.parametrize("codec", ["gbk", "big5"])
def test_characters_that_end_in_a_metacharacter_stay(codec: str) -> None:
    r"""A character whose second byte is ``\``, ``|``, ``{`` or their like is speech and is sent: 功, 許 and others."""
    pairs = (bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in b"\\|{}~^@[]`")
    chars = [char for pair in pairs if len(char := pair.decode(codec, "ignore")) == 1]
    kept = [char for char in chars if unicodedata.normalize("NFKC", char) == char and char.isalpha()]
    assert {"gbk": "乗", "big5": "功許"}[codec][0] in kept
    for name in PRESENT:
        if MODELS[name].ASCII_ONLY or codec not in MODELS[name].ENCODINGS:
            continue
        gate = Gate(dialect.load(name), codec)
        lost = [char for char in kept if char.encode(codec) not in b"".join(sent(gate, "say", f"好{char}好", None))]
        assert lost == []


# -- the models -----------------------------------------------------------------------------------------------------

FACTS: tuple[tuple[str, bytes, str], ...] = (
    ("generic", b"say hi\rquit\n", "2 acts: say say, command quit"),
    ("rom", b"say \b\b\b\bquit\r\n", "command 'quit' instead of say"),
    ("rom", b"say a{rb\r\n", "evaluated ('{r',)"),
    ("rom", b"say " + b"a" * 1100 + b"\r\n", "disconnect 'input overflow' instead of say"),
    ("tbamud", b"say \x7f\x7f\x7f\x7fquit\r\n", "command 'quit' instead of say"),
    ("tbamud", b"say a@rb\r\n", "evaluated ('@r',)"),
    ("tbamud", b"^say^quit\r\n", "history '^' instead of say"),
    ("pennmush", b"say [add(1,2)]\r\n", "evaluated ('[add(1,2)]',)"),
    ("pennmush", b"say add(1,2)\r\n", "evaluated ('add()',)"),
    ("pennmush", b"say \\\\[add(1,2)]\r\n", "evaluated ('[add(1,2)]',)"),
    ("pennmush", b"]say hi%rBob says, x\r\nx", "2 acts: unfinished , say say"),
    ("lambdamoo", b"say hi\r\n;shutdown()\r\n", "2 acts: say say, command eval"),
    ("lambdamoo", b"#$#mcp-quit\r\n", "out-of-band '#$#mcp-quit' instead of say"),
    ("evennia", b"say a|/b\r\n", "evaluated ('|/',)"),
    ("evennia", b"say ||lcx||lty||le\r\n", "evaluated ('|lcx|lty|le',)"),
    ("evennia", b"say \x1b[2J\r\n", "listeners receive '\\x1b'"),
    ("ranvier", b"say a<NEWLINE>b\r\n", "listeners receive '\\r'"),
    ("ranvier", b"say a<red>b\r\n", "evaluated ('<red>',)"),
    ("deadsouls", b"!!\r\n", "history '!' instead of say"),
    ("deadsouls", b"say %^RED%^x\r\n", "evaluated ('%^RED%^',)"),
    ("nt7", b"do quit,quit\r\n", "command 'do' instead of say"),
    ("nt7", b"]]smile bob\r\n", "channel-emote 'chat*' instead of say"),
    ("oiuv", b".quit\r\n", "command 'skip' instead of say"),
    ("xkx", b"!2\r\n", "history '!' instead of say"),
    ("pkuxkx", b"exit\r\n", "command 'quit' instead of say"),
    ("pkuxkx", b"say \b\b\b\b\b\b\b\bsuicide\r\n", "command 'suicide' instead of say"),
)


@pytest.mark.parametrize(("name", "typed", "why"), FACTS)
def test_the_models_know_their_servers(name: str, typed: bytes, why: str) -> None:
    """What is known of a server's source or was seen on one running: these lines are no plain ``say``."""
    assert foreign(MODELS[name].parse(typed, MODELS[name].ENCODINGS[0]), "say", None) == why


HARMLESS: tuple[tuple[str, bytes, str], ...] = (
    ("rom", b"'a {{ b\r\n", "a { b"),
    ("tbamud", b"say mail me@@home, $5\r\n", "mail me@home, $5"),
    ("pennmush", b"say 100\\% \\[sure\\]\r\n", "100% [sure]"),
    ("pennmush", b"]say [add(1,2)] %r\r\n", "[add(1,2)] %r"),
    ("evennia", b"say a||b {|nc\r\n", "a|b {c"),
    ("ranvier", b"say 1 < 2\r\n", "1 < 2"),
    ("lambdamoo", b'"hi "there"\r\n', 'hi "there"'),
    ("deadsouls", b"'hi\r\n", "hi"),
    ("nt7", b"//say hi\r\n", "hi"),
    ("xkx", "'功夫".encode("gbk") + b"\r\n", "功夫"),
)


@pytest.mark.parametrize(("name", "typed", "shown"), HARMLESS)
def test_the_models_know_what_is_only_speech(name: str, typed: bytes, shown: str) -> None:
    """What a server's source reads as plain speech is nothing foreign, and shows what was meant."""
    acts = MODELS[name].parse(typed, MODELS[name].ENCODINGS[0])
    assert foreign(acts, "say", None) is None
    assert [act.shown for act in acts] == [shown]


# -- hostile strings ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PRESENT)
def test_no_hostile_string_becomes_a_foreign_command(name: str) -> None:
    """Whatever is said, with every verb of the dialect, the server does that one thing and acts upon nothing in it."""
    model = MODELS[name]
    found: dict[tuple[str, Verb, str], str] = {}
    for encoding in model.ENCODINGS:
        gate = Gate(dialect.load(name), encoding)
        for verb in VERBS if encoding == model.ENCODINGS[0] else VERBS[:2]:
            if has(gate, model, verb):
                target = target_of(model, verb)
                for one in corpus():
                    if why := wrong(model, sent(gate, verb, one.text, target), encoding, verb, target):
                        found[encoding, verb, one.text] = why
    assert not found, report(found)


def report(found: dict[tuple[str, Verb, str], str]) -> str:
    """How many, and the first of them."""
    head = "\n".join(f"{key!r}: {why}" for key, why in list(found.items())[:12])
    return f"{len(found)} foreign commands\n{head}"


def raw_line(model: Model, verb: Verb, text: str, encoding: str) -> bytes | None:
    """The line a careless bot would send; None where the encoding lacks a character."""
    typed = model.VERBS[verb].replace("{target}", target_of(model, verb) or "").replace("{text}", text)
    try:
        return typed.encode(encoding) + b"\r\n"
    except UnicodeEncodeError:
        return None


def detected(model: Model, one: Hostile) -> bool | None:
    """Whether the checker sees that *one*, sent without the gate, does something foreign; None if it cannot be sent."""
    lines = [
        (line, encoding, verb)
        for encoding in model.ENCODINGS
        for verb in VERBS
        if verb in model.VERBS and (line := raw_line(model, verb, one.text, encoding)) is not None
    ]
    if not lines:
        return None
    return any(wrong(model, [line], encoding, verb, target_of(model, verb)) for line, encoding, verb in lines)


@pytest.mark.parametrize("name", NAMES)
def test_without_the_gate_the_same_check_finds_them(name: str) -> None:
    """The positive control: of the strings meant for a family, sent raw, at least 95 % are found."""
    model = MODELS[name]
    meant = [one for one in corpus() if one.families & model.FAMILIES]
    seen = {one.text: hit for one in meant if (hit := detected(model, one)) is not None}
    missed = [text for text, hit in seen.items() if not hit]
    assert len(seen) >= 500
    assert len(missed) <= 0.05 * len(seen), (len(missed), len(seen), missed[:20])


# -- addressees and channels ----------------------------------------------------------------------------------------


def cleaned(target: str) -> str:
    """*target* after the foldings a gate may do: compatibility forms, blanks at the ends, case."""
    return unicodedata.normalize("NFKC", target).strip().casefold()


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize("verb", ["tell", "channel"])
def test_a_hostile_addressee_is_never_another_command(name: str, verb: Verb) -> None:
    """A name that holds a command, a list or markup is refused, or it is exactly the one who is spoken to."""
    model = MODELS[name]
    found: dict[str, str] = {}
    for encoding in model.ENCODINGS:
        gate = Gate(dialect.load(name), encoding)
        for target in (*TARGETS, *CHANNELS):
            lines = sent(gate, verb, "hello there", target)
            why = wrong(model, lines, encoding, verb, cleaned(target))
            if why or any(forbidden(line) for line in lines):
                found[target] = why or "a forbidden byte"
    assert found == {}


# -- what is said is what is heard ----------------------------------------------------------------------------------


def benign(language: str) -> list[str]:
    """Ordinary lines."""
    return (DATA / f"benign_{language}.txt").read_text("utf-8").splitlines()


def heard(model: Model, lines: list[bytes], encoding: str) -> str:
    """What listeners read of *lines*."""
    return " ".join(act.shown for line in lines for act in model.parse(line, encoding))


def speakable(model: Model, text: str, encoding: str) -> bool:
    """Whether the server can carry *text* at all."""
    try:
        text.encode("ascii" if model.ASCII_ONLY else encoding)
    except UnicodeEncodeError:
        return False
    return True


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_are_enough_ordinary_lines(language: str) -> None:
    """At least 200 different ordinary lines in each language."""
    assert len(set(benign(language))) >= 200


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize("verb", ["say", "tell", "channel"])
def test_ordinary_text_arrives_as_it_was_said(name: str, verb: Verb) -> None:
    """At least 98 % of ordinary English and Chinese lines reach the listeners unchanged, whatever the verb."""
    model = MODELS[name]
    for encoding in model.ENCODINGS:
        gate = Gate(dialect.load(name), encoding)
        if not has(gate, model, verb):
            continue
        lines = [text for language in ("en", "zh") for text in benign(language) if speakable(model, text, encoding)]
        got = {text: heard(model, sent(gate, verb, text, target_of(model, verb)), encoding).strip() for text in lines}
        changed = {text: read for text, read in got.items() if read != text}
        assert len(lines) >= 150
        assert len(changed) <= 0.02 * len(lines), (len(changed), len(lines), list(changed.items())[:10])


@pytest.mark.parametrize("name", PRESENT)
@pytest.mark.parametrize("verb", ["say", "tell", "channel"])
def test_a_long_text_loses_nothing_on_its_way(name: str, verb: Verb) -> None:
    """What the gate sends of a long text, the server shows: no line is refused or cut, no word between is lost."""
    model = MODELS[name]
    encoding = model.ENCODINGS[0]
    gate = Gate(dialect.load(name), encoding)
    if has(gate, model, verb):
        text = " ".join(
            one
            for pair in zip(benign("en"), benign("zh"), strict=False)
            for one in pair
            if speakable(model, one, encoding)
        )
        lines = sent(gate, verb, text, target_of(model, verb))
        read = squeezed(heard(model, lines, encoding)).rstrip(".…")
        assert wrong(model, lines, encoding, verb, target_of(model, verb)) is None
        assert read
        assert squeezed(text).startswith(read)


def squeezed(text: str) -> str:
    """*text* in one form and without blanks, which may be gone where a text is divided."""
    return unicodedata.normalize("NFKC", "".join(text.split()))
