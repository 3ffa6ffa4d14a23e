"""Bytes of a file into text, and which client the text is from."""

from __future__ import annotations

import re
from typing import Literal, get_args

from mudbot.errors import ConfigError, Problem

Source = Literal["tintin", "mudlet", "mushclient", "pymud"]
SOURCES: tuple[Source, ...] = get_args(Source)
NAMES: dict[Source, str] = {"tintin": "TinTin++", "mudlet": "Mudlet", "mushclient": "MUSHclient", "pymud": "PyMUD"}

MAX_BYTES = 64 * 1024 * 1024
"""Of a file.  The largest exports known have some 20 MB, scripts included."""

CODECS = {"utf-8": "utf-8-sig", "gb18030": "gb18030", "big5": "big5hkscs", "latin-1": "cp1252"}
"""The encodings that can be asked for, and what Python calls them in their widest form."""

_ROOT = re.compile(r"<([A-Za-z_][\w.-]*)")
_PROLOGUE = re.compile(r"\s+|<\?.*?\?>|<!--.*?-->|<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>", re.DOTALL)
_XML: dict[str, Source] = {"MudletPackage": "mudlet", "muclient": "mushclient", "triggers": "mushclient",
                           "trigger": "mushclient", "world": "mushclient"}  # fmt: skip
_PYMUD = re.compile(
    r"^[ \t]*(?:from|import)[ \t]+pymud\b|\bSimpleTrigger[ \t]*\(|^[ \t]*@trigger[ \t]*\(", re.MULTILINE
)
_TINTIN = re.compile(
    r"^[ \t]*[^\w\s'\"<](?:act?\w*|ali?\w*|cla?\w*|gag?|sub?\w*|highl?\w*|var?\w*|nop?|tick?\w*|mac?\w*|conf?\w*"
    r"|events?|func?\w*|session|ses|read)[ \t]*(?:\{|$|[ \t])",
    re.MULTILINE | re.IGNORECASE,
)


def decode(data: bytes, encoding: str | None = None) -> str:
    """The text of a file, which is UTF-8 unless *encoding*, a key of CODECS, says otherwise.

    Raises ConfigError with what would be right.
    """
    if len(data) > MAX_BYTES:
        raise _error(f"is larger than {MAX_BYTES // 1024 // 1024} MB: cut it up")
    if data.startswith(b"PK\x03\x04"):
        raise _error("is an archive (.mpackage, .zip): unpack it and import the .xml in it")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise _error("is UTF-16: save it as UTF-8")
    try:
        return data.decode(CODECS[encoding or "utf-8"])
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        if encoding is None:
            remedy = "is not UTF-8: say --encoding gb18030 or --encoding big5 (latin-1 for western letters)"
        else:
            remedy = f"is not {encoding}: try another --encoding of {', '.join(CODECS)}"
        raise _error(f"{remedy}; byte 0x{data[exc.start]:02x} in line {line}") from None


def detect(text: str) -> Source:
    """Which client *text* is from.  Raises ConfigError if that cannot be told."""
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("<"):
        at = 0
        while found := _PROLOGUE.match(text, at):
            at = found.end()
        root = _ROOT.match(text, at)
        if root and root[1] in _XML:
            return _XML[root[1]]
        raise _error("is XML, but of neither Mudlet (<MudletPackage>) nor MUSHclient (<muclient>, <triggers>)")
    if _PYMUD.search(text):
        return "pymud"
    if _TINTIN.search(text):
        return "tintin"
    raise _error("does not look like a file of a client that is known: say --from " + ", ".join(SOURCES))


def _error(message: str) -> ConfigError:
    return ConfigError(Problem("", message))
