"""TinTin++'s patterns as regular expressions, the way TinTin++ makes them into PCRE itself.

Its manual, "Regular expressions": ``%1`` to ``%99`` and ``%*`` are anything, ``%w`` a word, ``%d`` digits and so on,
each a group; ``%!w`` is none; ``%+2..5d`` counts; ``{...}`` is PCRE; ``%i`` ignores case from there; a backslash makes
what follows PCRE too.  Everything compares bytes, and knows the letters of ASCII only.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from mudbot.triggers.imports.found import NotCarriedError, bounded, compiled_of
from mudbot.triggers.imports.pcre import Regex, keys_of, plain, translate
from mudbot.triggers.imports.tintin_source import argument
from mudbot.triggers.trigger import Pattern

_ANY = {
    "a": ".", "d": "[0-9]", "D": "[^0-9]", "p": r"[^\x00-\x1f]", "P": r"[\x00-\x1f]", "s": r"\s", "S": r"\S", "u": ".",
    "w": r"\w", "W": r"\W", "*": ".",
}  # fmt: skip
"""What ``%w`` and the like stand for, any number of them."""
_PIECE = re.compile(
    r"(?P<escape>\\.)|(?P<open>%?!?\{)|%(?P<number>[0-9]{1,2})|%(?P<no>!?)(?P<sign>[acdDpPsSuUwW*?+.])"
    r"|%(?P<case>[iI])|(?P<percent>%%)|(?P<dollar>\$+)|(?P<at>[@&])|(?P<plain>.)",
    re.DOTALL,
)
_RANGE = re.compile(r"(?P<low>[0-9]{1,4})(?P<to>\.\.(?P<high>[0-9]{0,4}))?(?P<sign>[adDpPsSuwW*])")
_VARIABLE = "it holds a variable or a function: what that would be is known to TinTin++ alone"
_COLOR = re.compile(r"~(\^?)\\e\[([0-9;]{0,20})m(.+)", re.DOTALL)
_END = re.compile(r"(?:\\e\[[0-9;]{0,20}m)+(\$?)$")
_NAMES = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")


@dataclass(slots=True)
class Found:
    """A pattern of TinTin++ for Python."""

    regex: Regex
    arguments: dict[int, int]
    """The number of each ``%1`` in a command to the number of the group."""
    color: str = ""
    """What the match has to look like."""
    counts: bool = False
    """Whether it counts bytes, of a text that has letters beyond ASCII."""

    def keys(self) -> dict[str, Any]:
        """It as a trigger's keys say it."""
        keys = keys_of(self.regex)
        if self.color:
            keys["color"] = self.color
        return keys


def pattern(text: str) -> Found:
    """TinTin++'s *text*.  Raises NotCarriedError with the reason."""
    bounded(text)
    if not text.startswith("~"):
        found = _Reader(text).found()
        if r"\x1b" in found.regex.source:
            raise NotCarriedError("it has colour codes but no ~ before it, and so never fires")
        return found
    colored = _COLOR.fullmatch(text)
    if colored is None:
        raise NotCarriedError(
            "it starts with ~ and so looks at colour codes; only one code at its start has a counterpart"
        )
    color = _color(colored[2])
    found = _Reader(colored[1] + _END.sub(r"\1", colored[3])).found()
    if r"\x1b" in found.regex.source:
        raise NotCarriedError(
            "it has colour codes in the middle: a trigger here asks for the colour of the whole match"
        )
    found.color = color
    return found


def _color(codes: str) -> str:
    """The colour that the numbers of an escape sequence make."""
    bold, fg, bg = False, "", ""
    for code in (int(each or 0) for each in codes.split(";")):
        bold |= code == 1
        if 30 <= code <= 37:
            fg = _NAMES[code - 30]
        elif 90 <= code <= 97:
            fg = "bright " + _NAMES[code - 90]
        elif 40 <= code <= 47:
            bg = _NAMES[code - 40]
        elif code not in (0, 1, 22):
            raise NotCarriedError(f"the colour code {codes} has no counterpart")
    if not fg:
        raise NotCarriedError(f"the colour code {codes} names no colour")
    fg = f"bright {fg}" if bold and not fg.startswith("bright ") else fg
    return f"{fg} on {bg}" if bg else fg


class _Reader:
    """Makes PCRE of a pattern, as TinTin++ does, and remembers which group is which argument."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._out: list[str] = []
        self._groups = 0
        self._next = 1
        self._fixed: dict[int, int] = {}
        self._numbered = self._nested = self._counts = False

    def found(self) -> Found:
        text = self._text
        at = len(text) - len(text.lstrip("^"))
        self._out.append("^" * min(at, 1))
        while at < len(text):
            piece = _PIECE.match(text, at)
            assert piece is not None  # its last alternative is any character
            at = self._piece(piece)
        regex = translate("".join(self._out), bytewise=True)
        if not self._numbered:  # then a command's %1 is PCRE's first group, those inside of { } too
            count = translate_groups(regex.source)
            arguments = {number: number for number in range(count + 1)}
        elif self._nested:
            raise NotCarriedError("it has %1 and groups inside of { }: TinTin++ itself confuses their numbers")
        else:
            arguments = {0: 0} | self._fixed
        return Found(regex, arguments, counts=self._counts and not text.isascii())

    def _piece(self, piece: re.Match[str]) -> int:
        """Translate a piece; where the next one starts."""
        at, last = piece.end(), piece.end() == len(self._text)
        if piece["open"] == "{" or piece["open"] == "%!{":
            return self._braces(piece)
        if piece["escape"]:
            if piece["escape"] == r"\n":
                raise NotCarriedError("it looks at several lines at once")
            self._out.append(piece["escape"])
        elif piece["number"]:
            self._numbered = True
            self._next = int(piece["number"])
            self._group(".*" if last else ".*?")
        elif piece["sign"]:
            return self._wildcard(piece["sign"], at, group=not piece["no"])
        elif piece["case"]:
            self._out.append("(?i)" if piece["case"] == "i" else "(?-i)")
        elif piece["dollar"]:
            self._dollar(piece["dollar"], at)
        elif piece["at"]:
            self._reference(piece["at"], at)
        elif piece["open"]:
            self._out.append(plain(piece["open"][0]))
            return piece.start() + 1
        else:
            self._out.append("%" if piece["percent"] else plain(piece["plain"]))
        return at

    def _group(self, inner: str) -> None:
        self._groups += 1
        self._fixed[self._next] = self._groups
        self._next += 1
        self._out.append(f"({inner})")

    def _wildcard(self, sign: str, at: int, *, group: bool) -> int:
        """``%w``, ``%!w``, ``%+3d``; where the next piece starts."""
        lazy = "" if at == len(self._text) else "?"
        if sign in "cU":
            raise NotCarriedError(f"%{sign} finds colour codes or broken bytes: there are none in a decoded line")
        if sign == "+":
            inner = ".+" + lazy
            if found := _RANGE.match(self._text, at):
                at = found.end()
                high = "" if found["to"] is None else "," + found["high"]
                lazy = "" if at == len(self._text) else "?"
                inner = f"{_ANY[found['sign']]}{{{found['low']}{high}}}{lazy}"
                self._counts = True
        elif sign in "?.":
            inner = ".?" + lazy if sign == "?" else "."
            self._counts = True
        else:
            inner = f"{_ANY[sign]}*{lazy}"
        if group:
            self._group(inner)
        else:
            self._out.append(inner)
        return at

    def _braces(self, piece: re.Match[str]) -> int:
        start = piece.end() - 1
        inner, rest = argument(self._text[start:])
        if re.search(r"[$@](?:[{A-Za-z_]|\$|@)", inner):
            raise NotCarriedError(_VARIABLE)
        if r"\n" in inner:
            raise NotCarriedError("it looks at several lines at once")
        self._nested |= translate_groups(translate(inner, bytewise=True).source) > 0
        if piece["open"] == "{":
            self._group(inner)
        else:
            self._out.append(inner)  # without a group of its own: so TinTin++ does it
        return len(self._text) - len(rest)

    def _dollar(self, signs: str, at: int) -> None:
        following = self._text[at : at + 1]
        if following and (following == "{" or (following.isascii() and following.isalnum())):
            raise NotCarriedError(_VARIABLE)
        self._out.append(r"\$" * len(signs) if following else "$")

    def _reference(self, sign: str, at: int) -> None:
        """``@name{`` is a function, ``&{`` and ``@{`` are looked up; alone they are signs as any other."""
        if re.compile(r"\{" if sign == "&" else r"\w*\{").match(self._text, at):
            raise NotCarriedError(_VARIABLE)
        self._out.append(sign)


def translate_groups(source: str) -> int:
    """How many groups a Python pattern has; 0 where it does not compile (that is found out later)."""
    try:
        return compiled_of(Pattern(source)).groups
    except NotCarriedError:
        return 0
