"""The signs of Lua 5.1, which Mudlet speaks: names, numbers, texts, operators."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mudbot.triggers.imports.found import NotCarriedError

_LONG = re.compile(r"\[(=*)\[")
_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<comment>--)|(?P<name>[A-Za-z_]\w*)|(?P<number>0[xX][0-9a-fA-F]+|\d+\.?\d*(?:[eE][+-]?\d+)?)"
    r"|(?P<text>['\"])|(?P<long>\[=*\[)|(?P<sign>\.\.\.|\.\.|==|~=|<=|>=|::|[-+*/%^#<>=(){}\[\];:,.])"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(\d{1,3})|u\{([0-9a-fA-F]{1,6})\}|z\s*|(.))", re.DOTALL)
_SIGNS = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
KEYWORDS = frozenset((
    "and", "break", "do", "else", "elseif", "end", "false", "for", "function", "goto", "if", "in", "local", "nil",
    "not", "or", "repeat", "return", "then", "true", "until", "while",
))  # fmt: skip
MAX_TOKENS = 20_000
"""Signs of one script; longer ones are programs, and no program is carried over."""


class Token(NamedTuple):
    """One of them."""

    kind: str
    """``name``, ``keyword``, ``number``, ``text`` (without its quotes) or ``sign``; ``end`` behind the last one."""
    value: str


def tokens(script: str) -> list[Token]:
    """The signs of *script*.  Raises NotCarriedError where it is no Lua."""
    found = []
    for token in _tokens(script):
        found.append(token)
        if len(found) > MAX_TOKENS:
            raise NotCarriedError("its script is a program of its own: write a plugin")
    return [*found, Token("end", "")]


def _tokens(script: str) -> Iterator[Token]:
    at = 0
    while at < len(script):
        found = _TOKEN.match(script, at)
        if found is None:
            raise NotCarriedError(f"its script is no Lua: {script[at : at + 20]!r}")
        kind, value, at = str(found.lastgroup), found[0], found.end()
        if kind == "comment":
            at = _behind_comment(script, at)
        elif kind == "text":
            value, at = _quoted(script, at, value)
            yield Token("text", value)
        elif kind == "long":
            value, at = _long(script, found.start())
            yield Token("text", value)
        elif kind != "blank":
            yield Token("keyword" if value in KEYWORDS else kind, value)


def _behind_comment(script: str, at: int) -> int:
    if _LONG.match(script, at):
        return _long(script, at)[1]
    end = script.find("\n", at)
    return len(script) if end < 0 else end


def _long(script: str, at: int) -> tuple[str, int]:
    """``[[...]]`` and where it ends."""
    opening = _LONG.match(script, at)
    assert opening is not None
    closing = f"]{opening[1]}]"
    end = script.find(closing, opening.end())
    if end < 0:
        raise NotCarriedError("its script is no Lua: a [[ is not closed")
    return script[opening.end() : end].removeprefix("\n"), end + len(closing)


def _quoted(script: str, at: int, quote: str) -> tuple[str, int]:
    found = re.compile(rf"(?:[^\\\n{quote}]|\\.)*{quote}", re.DOTALL).match(script, at)
    if found is None:
        raise NotCarriedError("its script is no Lua: a quote is not closed")
    return _ESCAPE.sub(_unescaped, found[0][:-1]), found.end()


def _unescaped(found: re.Match[str]) -> str:
    if found[4] is not None:
        return _SIGNS.get(found[4], found[4])
    code = int(found[1] or found[3] or "0", 16) if found[1] or found[3] else int(found[2] or "0")
    if found[2] is None and found[1] is None and found[3] is None:
        return ""  # \z: the blanks behind it are not there
    if (code > 127 and not found[3]) or code > 0x10FFFF or 0xD800 <= code < 0xE000:
        raise NotCarriedError(f"{found[0]} in its script is a byte of an encoding")
    return chr(code)
