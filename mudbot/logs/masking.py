"""What may be printed: no secret, and nothing that drives a terminal."""

from __future__ import annotations

import base64
import html
import json
import logging
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

# What a player or a MUD says must not drive the terminal of whoever reads the log: C0 but newline and tab, DEL, C1,
# and the direction marks that let a line look like another one.
_UNSAFE = {c: f"\\x{c:02x}" for c in (*range(32), *range(127, 160)) if chr(c) not in "\n\t"}
_UNSAFE |= {c: f"\\u{c:04x}" for c in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A))}
_UNSAFE |= {0x061C: "\\u061c", 0xFEFF: "\\ufeff"}

HIDDEN = "********"
_SHORTEST = 4
"""Letters of a secret that is masked: to mask shorter ones would ruin every line and guard nothing."""
_PIECE = 8
"""Letters of a piece of base64 that is masked by itself: shorter ones are in ordinary words."""
_WIRE = ("gbk", "big5", "latin-1", "utf-16-le")
"""How a password that is not ASCII may have been sent, besides UTF-8."""


def visible(text: str) -> str:
    """*text* with its control characters shown instead of obeyed: whatever a MUD or a model said may be printed."""
    return text.translate(_UNSAFE)


class Masking:
    """Secrets, and texts without them."""

    def __init__(self) -> None:
        self._known: frozenset[str] = frozenset()
        self._forms: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"<Masking of {len(self._known)} secrets>"

    def add(self, secrets: Iterable[str]) -> None:
        """Hide these as well, from any thread."""
        fresh = frozenset(secret for secret in secrets if len(secret) >= _SHORTEST) - self._known
        if fresh:
            forms = {form for secret in fresh for form in _forms(secret)}
            # Longest first: a secret may hold another one.
            self._forms = tuple(sorted({*self._forms, *forms}, key=len, reverse=True))
            self._known |= fresh

    def clear(self) -> None:
        """Hide nothing any more."""
        self._known, self._forms = frozenset(), ()

    def __call__(self, text: str) -> str:
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN)
        return text


SECRETS = Masking()
"""All secrets of this process: those of the configuration, and those that plugins have in their settings."""


def mask(secrets: Iterable[str]) -> None:
    """Hide these as well, in whatever is logged or shown: only a plugin knows which of its settings are secret."""
    SECRETS.add(secrets)


def masked(text: str) -> str:
    """*text* as it may be shown to people: no secret that is known in it, control characters visible."""
    return visible(SECRETS(text))


class Safe(logging.Formatter):
    """Writes entries that hold no secret and no control character."""

    def format(self, record: logging.LogRecord) -> str:
        # Lines within an entry stand further in: what a player said, in a traceback for example, cannot look like one.
        return indented(masked(super().format(record)))


def indented(text: str) -> str:
    """*text* with all lines but the first further in."""
    return text.replace("\n", "\n    ")


def _forms(secret: str) -> set[str]:
    """*secret* as messages hold it: plain, in a repr, in JSON, in a URL, in HTML, in a header, as bytes."""
    raw = secret.encode("utf-8", "replace")
    url = quote(secret, safe="")
    forms = {secret, repr(secret)[1:-1], url, quote_plus(secret), quote(url, safe=""), html.escape(secret)}
    for dumped in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        forms |= {dumped, json.dumps(dumped, ensure_ascii=False)[1:-1]}  # a server's JSON in ours
    forms |= {"".join(f"%{byte:02x}" for byte in raw), "".join(f"\\u{ord(c):04x}" for c in secret)}
    forms |= {form for data in {raw, *_on_the_wire(secret)} for form in _byte_forms(data)}
    forms |= {*_within_base64(raw), base64.b32encode(raw).decode()}
    return {form for form in forms if len(form) >= _SHORTEST}


def _on_the_wire(secret: str) -> Iterator[bytes]:
    for encoding in () if secret.isascii() else _WIRE:
        try:
            yield secret.encode(encoding)
        except UnicodeEncodeError:
            continue


def _byte_forms(raw: bytes) -> Iterator[str]:
    """Bytes in a repr, in dumps, in headers and URLs."""
    for dumped in (raw.hex(), raw.hex(" "), raw.hex(":")):
        yield from (dumped, dumped.upper())
    yield from (repr(raw)[2:-1], quote(raw, safe=""))
    yield from (base64.b64encode(raw).decode(), base64.urlsafe_b64encode(raw).decode())


def _within_base64(raw: bytes) -> Iterator[str]:
    """What of *raw* is the same in base64 wherever it stands among other bytes, as ``user:password`` in a header.

    Each letter has six bits; of three places one begins with a whole byte, and letters at the ends have bits of others.
    """
    for before in range(3):
        first, last = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            piece = encode(b"\0" * before + raw).decode()[first:last]
            if len(piece) >= _PIECE:
                yield piece
