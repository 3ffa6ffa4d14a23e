"""The outbound choke point: nothing reaches the socket except through here.  Pure.

Text that came from a model or a player is only ever the argument of one verb of the dialect.  The order of the steps
matters: compatibility forms first (a later step must not create what an earlier one removed), then control and
invisible characters, then what the encoding lacks and the first two again over what stands for it, then splitting by
wire bytes with the dialect's markup, then encoding, then a check of the **bytes** that trusts none of the above, and
the doubling of IAC last.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import Literal

from mudbot.errors import GateError
from mudbot.mud.dialect import Dialect, Verb
from mudbot.mud.parts import MAX_PARTS, Parts, Wire, split
from mudbot.mud.spelling import IAC, Alphabet

__all__ = ["MAX_PARTS", "Gate", "Packet", "Parts", "clean"]

MIN_ROOM = 16
"""Bytes that a command must leave for words: below that a text becomes shreds."""

# Full-width punctuation that Chinese is written with.  NFKC would make it ASCII, which damages the text and, worse,
# makes metacharacters of it; encoders here are strict, so these never turn into their ASCII twins on the wire.
_KEPT = frozenset("，：；！？（）～…—“”‘’「」『』、。《》〈〉【】·")
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Packet:
    """One command line, ready for the wire."""

    data: bytes = field(repr=False)
    """The exact bytes, line end included, IAC doubled."""
    text: str
    """The same for people: what logs and ``!status`` show.  A secret is masked here already."""
    verb: Verb | None = None
    """How it speaks; None for a command that is no speech."""
    target: str | None = None
    """To whom, or on which channel."""


class Gate:
    """Makes commands for one dialect in one encoding.  Raises GateError where a text cannot be sent safely.

    *parts* says how a long text is cut.  *non_ascii* is for MUDs that drop all but ASCII (``charset: ascii`` in the
    dialect): ``transliterate`` writes what is said in ASCII, ``refuse`` says nothing that has other letters.
    """

    def __init__(
        self,
        dialect: Dialect,
        encoding: str,
        *,
        parts: Parts = Parts(),  # noqa: B008  # immutable
        non_ascii: Literal["transliterate", "refuse"] = "transliterate",
    ) -> None:
        self._dialect, self._parts, self._non_ascii = dialect, parts, non_ascii
        self._set_encoding(encoding)

    def __repr__(self) -> str:
        return f"<Gate {self._dialect.name} {self.encoding}{' ascii only' if self.narrows else ''}>"

    @property
    def encoding(self) -> str:
        """The MUD's encoding, by its codec's own name.  It may change while running: what is made later uses it.

        Raises GateError, and stays as it is, where there is no such encoding.
        """
        return self._alphabet.codec

    @encoding.setter
    def encoding(self, encoding: str) -> None:
        self._set_encoding(encoding)

    def _set_encoding(self, encoding: str) -> None:
        try:
            self._alphabet = Alphabet(encoding, ascii_only=self._dialect.charset == "ascii")
        except ValueError as exc:
            raise GateError(str(exc)) from exc
        markups = {verb: self._dialect.markup_for.get(verb, self._dialect.markup) for verb in self._dialect.speak}
        self._wires = {verb: Wire(self._alphabet, markup) for verb, markup in markups.items()}

    @property
    def narrows(self) -> bool:
        """Whether this MUD drops all but ASCII, so that other letters are written in ASCII or refused."""
        return self._alphabet.ascii_only

    def speak(self, verb: Verb, text: str, target: str | None = None) -> list[Packet]:
        """The lines that say *text* with *verb*; none if nothing of it can be said."""
        try:
            before, after = self._dialect.template(verb, target)
        except ValueError as exc:
            raise GateError(str(exc)) from exc
        frame = self._encode(before + after)
        most = min(self._dialect.max_bytes, self._dialect.max_bytes_for.get(verb, self._dialect.max_bytes))
        room = most - len(frame) - frame.count(IAC)
        if room < MIN_ROOM:
            raise GateError(
                f"no room for words in {verb!r} of dialect {self._dialect.name}: its max_bytes is too small"
            )
        lines = split(self._writable(clean(text)), room, self._parts, self._wires[verb])
        return [replace(self._packet(f"{before}{line}{after}"), verb=verb, target=target) for line in lines]

    def command(self, text: str) -> Packet:
        """A raw command: the dialect's, the owner's, or that of a plugin which may.  Never text of a model."""
        if clean(text) != text.strip() or _unsafe(text):
            raise GateError(f"not one plain command line: {clean(text)[:60]!r}")
        return self._packet(text.strip())

    def secret(self, template: str, **values: str) -> Packet:
        """A line of the login.  *values* fill the braces of *template*; its text shows all but the password."""
        for key, value in values.items():
            if _unsafe(value):
                raise GateError(f"login.{key} contains a control character; it cannot be typed into a MUD")
            if not self._alphabet.has(value):
                # Not which one: it may be a password's.
                raise GateError(f"login.{key} has a character that {self._lacking()}") from None
        line = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), template)
        shown = re.sub(r"\{(\w+)\}", lambda m: "********" if m[1] == "password" else values.get(m[1], m[0]), template)
        return Packet(self._packet(line).data, shown)

    def _packet(self, line: str) -> Packet:
        data = self._encode(line)
        if _FORBIDDEN.search(data):
            raise GateError("a control byte was left in the line after cleaning; nothing was sent")
        data = data.replace(IAC, IAC + IAC)
        if len(data) > self._dialect.max_bytes:
            # The line is not shown, it may have a password in it.
            raise GateError(
                f"the line is too long for this MUD, which would cut it: {len(data)} bytes, where dialect "
                f"{self._dialect.name} has max_bytes: {self._dialect.max_bytes}"
            )
        return Packet(data + b"\r\n", line)

    def _encode(self, text: str) -> bytes:
        """Strict: another name, password or command than the one that was meant must not be sent."""
        try:
            return self._alphabet.encode(text)
        except UnicodeEncodeError:
            # The character is not shown, it may be one of a password.
            raise GateError(f"the line has a character that {self._lacking()}") from None

    def _lacking(self) -> str:
        if self.narrows:
            return (
                f"this MUD lacks: it drops all but ASCII (dialect {self._dialect.name}, charset: ascii); "
                "write it in ASCII"
            )
        return f"{self.encoding} lacks; is that the MUD's encoding?"

    def _writable(self, text: str) -> str:
        """*text* in characters that the MUD has.  Before the markup: what is left out must not bring it together."""
        if self._alphabet.has(text):
            return text
        if self.narrows and self._non_ascii == "refuse" and (letter := self._alphabet.missing(text)):
            raise GateError(
                f"this MUD drops all but ASCII (dialect {self._dialect.name}), and so would lose {letter!r}; "
                "set non_ascii: transliterate to have such letters written in ASCII"
            )
        # Twice at most: what cleaning composes anew (a letter and its accent) an encoding may lack once more.
        return clean(self._alphabet.spelled(clean(self._alphabet.spelled(text))))


def clean(text: str) -> str:
    """*text* as one line of visible characters: compatibility forms folded, breaks to spaces, the invisible dropped."""
    # Composition comes last and over the whole: it joins what dropping an invisible character brought together.
    return " ".join(unicodedata.normalize("NFC", "".join(map(_folded, text))).split())


@functools.lru_cache(maxsize=8192)
def _folded(char: str) -> str:
    forms = char if char in _KEPT else unicodedata.normalize("NFKC", char)
    return "".join(" " if c.isspace() else c for c in forms if c.isspace() or not _invisible(c))


def _invisible(char: str) -> bool:
    """Control, format (bidi, zero width), surrogate, private use or unassigned; and the fillers that show nothing."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") or char in "\u115f\u1160\u3164\uffa0\u034f"


def _unsafe(text: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)
