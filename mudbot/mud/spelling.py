"""What a MUD's encoding can write, and the nearest that stands for what it cannot.  Pure."""

from __future__ import annotations

import codecs
import functools
import re
import unicodedata
from collections.abc import Iterator
from typing import Any

IAC = b"\xff"

# What to write where an encoding lacks a sign that Unicode does not decompose; models write these all the time.
_PLAIN = {
    "‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": "-", "⁄": "/",
    "「": '"', "」": '"', "『": '"', "』": '"', "《": '"', "》": '"', "〈": "'", "〉": "'",
}  # fmt: skip
_STOPS = frozenset("，。！？；：、…）》」』】")
_CLOSED = frozenset("”’》」』】")
_OPENERS = frozenset("（《「『【“‘")
_ASCII = bytes(range(0x20, 0x7F))
_HAN = re.compile("[々〇\u2e80-\u2fdf\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
# Emoji that are no wide characters by themselves, but that nobody means as a mere symbol.
_FACES = frozenset("❤☺☹")


class Alphabet:
    """The characters that reach one MUD: those of its encoding, or of these only ASCII (*ascii_only*).

    Raises ValueError where *encoding* is none, or one in which ASCII is not ASCII, as no MUD speaks.
    """

    def __init__(self, encoding: str, *, ascii_only: bool = False) -> None:
        try:
            self.codec = codecs.lookup(encoding).name
            ascii_kept = _ASCII.decode().encode(self.codec) == _ASCII
        except (LookupError, UnicodeError) as exc:
            raise ValueError(f"no text encoding is called {encoding!r}; try utf-8, gbk or latin-1") from exc
        if not ascii_kept:
            raise ValueError(f"{encoding} does not leave ASCII as it is: no MUD speaks it; try utf-8, gbk or latin-1")
        self.ascii_only = ascii_only
        self._wire = "ascii" if ascii_only else self.codec
        self._spells_emoji = not self.has("一")
        """Where not even 汉字 can be written, a picture is told by its name rather than left out."""
        self._traditional = self.has("這") and not self.has("这")
        """Whether Chinese is written in traditional characters here: Big5 has no others."""
        self.ellipsis = "…" if self.has("…") else "..."
        # Per character, for a model's words are of few: encoding them anew would be most of what the gate costs.
        self._near = functools.lru_cache(maxsize=8192)(self._nearest)
        self._size_of = functools.lru_cache(maxsize=8192)(self.size)

    def __repr__(self) -> str:
        return f"<Alphabet {self.codec}{' ascii only' if self.ascii_only else ''}>"

    def encode(self, text: str) -> bytes:
        """Strict.  Raises UnicodeEncodeError where the MUD lacks a character."""
        return text.encode(self._wire)

    def has(self, text: str) -> bool:
        """Whether all of *text* reaches the MUD as it is."""
        try:
            text.encode(self._wire)
        except UnicodeEncodeError:
            return False
        return True

    def size(self, text: str) -> int:
        """Bytes on the wire, telnet's doubled IAC included.  Raises UnicodeEncodeError like ``encode``."""
        data = text.encode(self._wire)
        return len(data) + data.count(IAC)

    def sizes(self, text: str) -> Iterator[int]:
        """``size`` of each character."""
        return map(self._size_of, text)

    def missing(self, text: str) -> str:
        """The first letter or digit of *text* that only a transliteration could write; empty if there is none.

        Quotes, dashes, accents and symbols do not count: leaving them out or making them plain changes no word.
        """
        return next((c for c in text if not self.has(c) and not _plain(c) and unicodedata.category(c)[0] in "LN"), "")

    def spelled(self, text: str) -> str:
        """*text* in characters that the MUD has.

        Simplified Chinese becomes traditional where the MUD has only that.

        A sign or an accented letter becomes the ASCII of its parts, another letter its transliteration (a 汉字 the
        pinyin of its most common reading, as a word of its own) or ``?``.  A symbol is left out; but where the MUD
        has no 汉字 either, an emoji is told by its name: ``:grinning:``.
        """
        if self._traditional and _HAN.search(text):
            text = _to_traditional(text)
        if self.has(text):
            return text
        written, before, last, changed = list[str](), "", " ", False
        for char in text:
            if piece := self._near(char):
                if (changed or piece != char) and last != " " and _apart(before, char, last, piece[0]):
                    written.append(" ")
                written.append(piece)
                before, last, changed = char, piece[-1], piece != char
        return "".join(written)

    def _nearest(self, char: str) -> str:
        if self.has(char):
            return char
        if plain := _plain(char):
            return plain
        if _is_symbol(char):
            return _anyascii(char) if self._spells_emoji and _is_emoji(char) else ""
        return _anyascii(char) or "?"


def _plain(char: str) -> str:
    return _PLAIN.get(char) or unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char)[0] in "SM"


def _is_emoji(char: str) -> bool:
    # Regional indicators, skin tones and the small squares that models use as bullets are none: they have no name.
    wide = char >= "\U0001f000" or unicodedata.east_asian_width(char) == "W" or char in _FACES
    return wide and _is_symbol(char) and _anyascii(char).startswith(":")


@functools.lru_cache(maxsize=8192)
def _is_word(char: str) -> bool:
    return _HAN.match(char) is not None or _is_emoji(char)


def _apart(before: str, char: str, last: str, first: str) -> bool:
    """Whether a space belongs between what *before* and *char* became: Chinese needs none, its pinyin does."""
    if first == " ":
        return False
    if _is_word(char):
        return last.isalnum() or last in ",.!?;:)]" or before in _CLOSED or _is_word(before)
    if _is_word(before) or before in _STOPS:
        return first.isalnum() or char in _OPENERS
    return char in _OPENERS and last.isalnum()


@functools.lru_cache(maxsize=256)
def in_both_scripts(*names: str) -> tuple[str, ...]:
    """*names*, and what those in Chinese are called where people write traditional characters."""
    return tuple(dict.fromkeys([*names, *(_to_traditional(name) for name in names if _HAN.search(name))]))


def _to_traditional(text: str) -> str:
    converted: str = _converter().convert(text)
    return converted


@functools.cache
def _converter() -> Any:
    import opencc  # 60 ms, and only Big5 needs it

    return opencc.OpenCC("s2tw")


def _anyascii(char: str) -> str:
    from anyascii import anyascii  # its tables are read only where a MUD needs them

    return anyascii(char)
