"""What the models share: an act, the telnet layer, line splitting and table look-up.

A model answers one question: what would this server do with these bytes, typed by a character that is in the game?
It is written from the server's own source, never from the dialect files, so that it can prove those wrong. What
listeners read (``shown``) is the speech alone, without the frame the server puts around it.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import yaml

IAC, SB, SE, DONT, WILL = 255, 250, 240, 254, 251
SPEECH = frozenset(("say", "tell", "whisper", "channel", "emote"))
HARMLESS = frozenset(("nothing", "lost"))
"""Kinds of acts that do nothing: an empty line, or a text that the server refuses or forgets as a whole."""


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that the server does."""

    kind: str
    """say, tell, whisper, channel, emote; else what it is instead: command, telnet, history, disconnect ..."""
    verb: str = ""
    """The command word as the server understood it."""
    target: str | None = None
    text: str = ""
    evaluated: tuple[str, ...] = ()
    """Every piece of markup or code in the text that the server would act upon."""
    shown: str = ""


class Model(Protocol):
    """What each module of this package offers."""

    NAME: str
    FAMILIES: frozenset[str]
    """The families of hostile strings that are meant for this server."""
    ENCODINGS: tuple[str, ...]
    CHANNEL: str
    """A channel that every installation has; empty if there is none."""
    VERBS: Mapping[str, str]
    """How a person types each kind of speech: ``{target}`` and ``{text}`` stand for themselves."""
    ASCII_ONLY: bool
    """Whether the server forgets every byte above 126."""

    def parse(self, data: bytes, encoding: str) -> list[Act]: ...


@dataclass(slots=True)
class Typed:
    """Lines that were typed, and what the layer below the lines already did."""

    lines: list[bytes]
    acts: list[Act] = field(default_factory=list)


@functools.cache
def words(table: str) -> tuple[str, ...]:
    """A table of command words, in the server's order."""
    path = Path(__file__).parents[1] / "data" / "command_tables.yaml"
    return tuple(yaml.safe_load(path.read_text("utf-8"))[table].split())


def telnet(data: bytes) -> tuple[bytes, list[Act]]:
    """*data* without telnet commands, and an act for each of them; a doubled IAC is one byte of text (RFC 854)."""
    if b"\xff" not in data:
        return data, []
    out, acts, at = bytearray(), [], 0
    while at < len(data):
        if data[at] != IAC:
            out.append(data[at])
            at += 1
            continue
        command = data[at + 1] if at + 1 < len(data) else -1
        if command == IAC:
            out.append(IAC)
            at += 2
        elif command == SB:
            end = data.find(bytes((IAC, SE)), at)
            acts.append(Act("telnet", "SB"))
            at = len(data) if end < 0 else end + 2
        else:
            acts.append(Act("telnet", str(command)))
            at += 3 if WILL <= command <= DONT else 2
    return bytes(out), acts


_ENDS = re.compile(rb"\r\n|\n\r|\r|\n")


def split_lines(data: bytes) -> Typed:
    """Lines that end in CR, LF or both, as nearly every server reads them; what is not finished is an act."""
    *lines, rest = _ENDS.split(data)
    return Typed(lines, [Act("unfinished", text=repr(rest))] if rest else [])


def erase(data: bytes, keys: bytes) -> bytes:
    """What is left where every byte of *keys* takes away the byte before it, over line ends too."""
    if not any(key in data for key in keys):
        return data
    out = bytearray()
    for byte in data:
        if byte not in keys:
            out.append(byte)
        elif out:
            out.pop()
    return bytes(out)


def first_word(text: str) -> tuple[str, str]:
    """The first word of *text* and what follows the blanks after it."""
    word, _, rest = text.lstrip(" ").partition(" ")
    return word, rest.lstrip(" ")


def by_prefix(word: str, table: Iterable[str]) -> str | None:
    """The first name of *table* that begins with *word*: how DikuMUD's children find a command."""
    return next((name for name in table if name.startswith(word)), None) if word else None


_FORGED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def forged(shown: str) -> str | None:
    """What in *shown* starts a new line or steers the terminal of a listener."""
    found = _FORGED.search(shown)
    return f"listeners receive {found[0]!r}" if found else None


def foreign(acts: Sequence[Act], verb: str, target: str | None) -> str | None:
    """Why *acts* are something else than the one *verb* to *target* that was meant; None if they are not."""
    if len(acts) > 1:
        return f"{len(acts)} acts: {', '.join(f'{a.kind} {a.verb}' for a in acts)}"
    for act in acts:
        if act.kind in HARMLESS:
            continue
        if act.kind != verb:
            return f"{act.kind} {act.verb!r} instead of {verb}"
        if verb in ("tell", "whisper", "channel") and (act.target or "").casefold() != (target or "").casefold():
            return f"target {act.target!r} instead of {target!r}"
        if act.evaluated:
            return f"evaluated {act.evaluated[:3]!r}"
        if why := forged(act.shown):
            return why
    return None


def substitute(pattern: re.Pattern[str], text: str, literal: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    """*text* as shown, and the markup in it that is acted upon: what *pattern* finds and *literal* does not read."""
    if not pattern.search(text):
        return text, ()
    evaluated: list[str] = []

    def replace(found: re.Match[str]) -> str:
        if found[0] in literal:
            return literal[found[0]]
        evaluated.append(found[0])
        return ""

    return pattern.sub(replace, text), tuple(evaluated)


def decoded(lines: Iterable[bytes], encoding: str) -> Iterator[str]:
    """Each line as text; bytes that are not text become U+FFFD."""
    return (line.decode(encoding, "replace") for line in lines)
