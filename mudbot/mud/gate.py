"""The outbound choke point: nothing reaches the socket except through here.  Pure.

Text that came from a model or a player is only ever the argument of one verb of the dialect.  The order of the steps
matters: compatibility forms first (a later step must not create what an earlier one removed), then control and
invisible characters, then the dialect's markup, then splitting by wire bytes, then encoding, then a check of the
**bytes** that trusts none of the above, and the doubling of IAC last.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from dataclasses import dataclass, field

from mudbot.errors import GateError
from mudbot.mud.dialect import Dialect, Verb

IAC = b"\xff"
MAX_PARTS = 4
"""Lines that one text may become; what is beyond ends in an honest ellipsis."""

# Full-width punctuation that Chinese is written with.  NFKC would make it ASCII, which damages the text and, worse,
# makes metacharacters of it; encoders here are strict, so these never turn into their ASCII twins on the wire.
_KEPT = frozenset("，：；！？（）～…—“”‘’「」『』、。《》〈〉【】·")
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
        markup = sorted(dialect.replace, key=len, reverse=True)
        self._markup = re.compile("|".join(map(re.escape, markup))) if markup else None

    def __repr__(self) -> str:
        return f"<Gate {self._dialect.name} {self._codec}>"

    def speak(self, verb: Verb, text: str, target: str | None = None) -> list[Packet]:
        """The lines that say *text* with *verb*; none if nothing of it can be said."""
        try:
            before, after = self._dialect.template(verb, target)
        except ValueError as exc:
            raise GateError(str(exc)) from exc
        words = self.neutralise(clean(text))
        room = self._dialect.max_bytes - len(self._encode(before + after))
        if room < 16:
            raise GateError(
                f"no room for words in {verb!r} of dialect {self._dialect.name}: its max_bytes is too small"
            )
        return [self._packet(f"{before}{part}{after}") for part in self._split(words, room)]

    def command(self, text: str) -> Packet:
        """A raw command: the dialect's, the owner's, or that of a plugin which may.  Never text of a model."""
        if clean(text) != text.strip() or _unsafe(text):
            raise GateError(f"not one plain command line: {clean(text)[:60]!r}")
        return self._packet(text.strip())

    def secret(self, template: str, **values: str) -> Packet:
        """A line of the login.  *values* fill the braces of *template*; its text shows none of them."""
        for key, value in values.items():
            if _unsafe(value):
                raise GateError(f"login.{key} contains a control character; it cannot be typed into a MUD")
        line = re.sub(r"\{(\w+)\}", lambda m: values.get(m[1], m[0]), template)
        return Packet(self._packet(line).data, re.sub(r"\{password\}", "********", template))

    def neutralise(self, text: str) -> str:
        """*text* without what the dialect would evaluate."""
        if self._markup:
            text = self._markup.sub(lambda m: self._dialect.replace[m[0]], text)
        return text.lstrip(self._dialect.leading) if self._dialect.leading else text

    def _packet(self, line: str) -> Packet:
        data = self._encode(line)
        if _FORBIDDEN.search(data):
            raise GateError("a control byte was left in the line after cleaning; nothing was sent")
        return Packet(data.replace(IAC, IAC + IAC) + b"\r\n", line)

    def _encode(self, text: str) -> bytes:
        try:
            return text.encode(self._codec)
        except UnicodeEncodeError:
            return "".join(map(self._encodable, text)).encode(self._codec)

    def _encodable(self, char: str) -> str:
        """*char*, or the nearest that the encoding has; a symbol that it lacks is left out, a letter becomes ``?``."""
        for form in (char, unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()):
            try:
                if form and form.encode(self._codec):
                    # A decomposed form could be markup; only letters and digits may come in by this door.
                    return form if form == char or form.isalnum() else "?"
            except UnicodeEncodeError:
                continue
        return "" if unicodedata.category(char)[0] in "SM" else "?"

    def _split(self, text: str, room: int) -> list[str]:
        """*text* in parts of at most *room* wire bytes, cut at the ends of sentences or words where there are any."""
        parts: list[str] = []
        while text and len(parts) < MAX_PARTS:
            size = self._fitting(text, room)
            if size == len(text):
                return [*parts, text]
            last = len(parts) == MAX_PARTS - 1
            if last:
                size = self._fitting(text, room - len(self._encode("…")))
            cut = _good_cut(text, size)
            parts.append(text[:cut].rstrip() + ("…" if last else ""))
            text = text[cut:].lstrip()
        return parts

    def _fitting(self, text: str, room: int) -> int:
        """How many characters of *text* fit into *room* bytes.  IAC counts twice."""
        used = 0
        for i, char in enumerate(text):
            data = self._encode(char)
            used += len(data) + data.count(IAC)
            if used > room:
                # Never between a markup character and its double: the second half would be live.
                while i > 1 and text[i - 1] == text[i]:
                    i -= 1  # noqa: PLW2901  # the index is what is being found
                return max(i, 1)
        return len(text)


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
