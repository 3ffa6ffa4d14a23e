"""The outbound choke point: nothing reaches the socket except through here.  Pure.

Text that came from a model or a player is only ever the argument of one verb of the dialect.  The order of the steps
matters: compatibility forms first (a later step must not create what an earlier one removed), then control and
invisible characters, then what the encoding lacks, then splitting by wire bytes with the dialect's markup, then
encoding, then a check of the **bytes** that trusts none of the above, and the doubling of IAC last.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field

from mudbot.errors import GateError
from mudbot.mud.dialect import Dialect, Markup, Verb

IAC = b"\xff"
MAX_PARTS = 4
"""Lines that one text may become; what is beyond ends in an honest ellipsis."""

# Full-width punctuation that Chinese is written with.  NFKC would make it ASCII, which damages the text and, worse,
# makes metacharacters of it; encoders here are strict, so these never turn into their ASCII twins on the wire.
_KEPT = frozenset("，：；！？（）～…—“”‘’「」『』、。《》〈〉【】·")
# What to write where an encoding lacks a sign that Unicode does not decompose; models write these all the time.
_PLAIN = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "⁄": "/"}
_SPACES = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"[.!?。！？…](?=[\s\"'”」』）)]|$)|[。！？…]")
_FORBIDDEN = re.compile(rb"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Packet:
    """One command line, ready for the wire."""

    data: bytes = field(repr=False)
    """The exact bytes, line end included, IAC doubled."""
    text: str
    """The same for people: what logs and ``!status`` show.  A secret is masked here already."""


class Gate:
    """Makes commands for one dialect in one encoding.  Raises GateError where a text cannot be sent safely."""

    def __init__(self, dialect: Dialect, encoding: str) -> None:
        self._dialect = dialect
        self._codec = codecs.lookup(encoding).name

    def __repr__(self) -> str:
        return f"<Gate {self._dialect.name} {self._codec}>"

    def speak(self, verb: Verb, text: str, target: str | None = None) -> list[Packet]:
        """The lines that say *text* with *verb*; none if nothing of it can be said."""
        try:
            before, after = self._dialect.template(verb, target)
        except ValueError as exc:
            raise GateError(str(exc)) from exc
        room = self._dialect.max_bytes - self._size(before + after)
        if room < 16:
            raise GateError(
                f"no room for words in {verb!r} of dialect {self._dialect.name}: its max_bytes is too small"
            )
        parts = self._split(self._writable(clean(text)), room, self._dialect.markup_for.get(verb, self._dialect.markup))
        return [self._packet(f"{before}{part}{after}") for part in parts]

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
            try:
                value.encode(self._codec)
            except UnicodeEncodeError:
                # Not which one: it may be a password's.
                raise GateError(
                    f"login.{key} has a character that {self._codec} lacks; is that the MUD's encoding?"
                ) from None
        line = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), template)
        shown = re.sub(r"\{(\w+)\}", lambda m: "********" if m[1] == "password" else values.get(m[1], m[0]), template)
        return Packet(self._packet(line).data, shown)

    def _packet(self, line: str) -> Packet:
        data = self._encode(line)
        if _FORBIDDEN.search(data):
            raise GateError("a control byte was left in the line after cleaning; nothing was sent")
        return Packet(data.replace(IAC, IAC + IAC) + b"\r\n", line)

    def _encode(self, text: str) -> bytes:
        """Strict: another name, password or command than the one that was meant must not be sent."""
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            # The character is not shown, it may be one of a password.
            raise GateError(f"the line has a character that {self._codec} lacks; is that the MUD's encoding?") from None

    def _writable(self, text: str) -> str:
        """*text* in characters that the encoding has.  Before the markup: what is left out must not bring it together.

        A symbol that the encoding lacks is left out, a letter becomes the ASCII of its parts or ``?``.
        """
        try:
            text.encode(self._codec)
        except UnicodeEncodeError:
            return _SPACES.sub(" ", "".join(map(self._nearest, text))).strip()
        return text

    def _nearest(self, char: str) -> str:
        try:
            char.encode(self._codec)
        except UnicodeEncodeError:
            plain = _PLAIN.get(char) or unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
            return plain or ("" if unicodedata.category(char)[0] in "SM" else "?")
        return char

    def _split(self, text: str, room: int, markup: Markup) -> list[str]:
        """*text*, neutralised, in parts of at most *room* wire bytes; cut after sentences or words where it can be.

        It is cut first and neutralised then, so that no cut goes through a replacement and leaves half of it live.
        """
        parts: list[str] = []
        more = self._writable("…")
        while text and len(parts) < MAX_PARTS:
            size = self._fitting(text, room, markup)
            if size == len(text):
                return [*parts, neutralised(text, markup)]
            last = len(parts) == MAX_PARTS - 1
            if last:
                size = self._fitting(text, room - self._size(more), markup)
            cut = _good_cut(text, size)
            parts.append(neutralised(text[:cut].rstrip(), markup) + (more if last else ""))
            text = text[cut:].lstrip()
        return parts

    def _fitting(self, text: str, room: int, markup: Markup) -> int:
        """How many characters of *text* fit into *room* bytes once neutralised, at least one.  IAC counts twice."""
        used, at = self._size(markup.leading.get(text[:1], "")), 0
        pattern = _pattern(markup)
        while at < len(text):
            found = pattern.match(text, at) if pattern else None
            raw = found[0] if found else text[at]
            used += self._size(markup.replace[raw] if found else raw)
            if used > room:
                return max(at, 1)
            at += len(raw)
        return len(text)

    def _size(self, text: str) -> int:
        data = self._encode(text)
        return len(data) + data.count(IAC)


def neutralised(text: str, markup: Markup) -> str:
    """*text* so that the MUD shows it as it is, instead of evaluating it."""
    pattern = _pattern(markup)
    lead = markup.leading.get(text[:1], "")
    return lead + (pattern.sub(lambda m: markup.replace[m[0]], text) if pattern else text)


def _pattern(markup: Markup) -> re.Pattern[str] | None:
    longest_first = sorted(markup.replace, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def clean(text: str) -> str:
    """*text* as one line of visible characters: compatibility forms folded, breaks to spaces, the invisible dropped."""
    text = "".join(c if c in _KEPT else unicodedata.normalize("NFKC", c) for c in text)
    text = "".join(" " if c.isspace() else c for c in text if c.isspace() or not _invisible(c))
    # Composition comes last and over the whole: it joins what dropping an invisible character brought together.
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def _invisible(char: str) -> bool:
    """Control, format (bidi, zero width), surrogate, private use or unassigned; and the fillers that show nothing."""
    return unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn") or char in "\u115f\u1160\u3164\uffa0\u034f"


def _unsafe(text: str) -> bool:
    return any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


def _good_cut(text: str, size: int) -> int:
    """The best place at or before *size* to cut: after a sentence, else between words, else there."""
    ends = [m.end() for m in _SENTENCE_END.finditer(text, 0, size)]
    if ends and ends[-1] >= size // 2:
        return ends[-1]
    space = text.rfind(" ", size // 2, size + 1)
    return space if space > 0 else size
