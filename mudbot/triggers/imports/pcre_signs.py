r"""Escapes and character classes of PCRE, and what Python's ``re`` writes for them.

What differs is from pcrepattern(3) and pcre2pattern(3): ``\h`` ``\v`` ``\N`` ``\R`` ``\e`` ``\c`` ``\o{}`` ``\x{}``
``\g`` ``\k`` ``\p`` ``\Q...\E`` ``\z``, POSIX names in classes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mudbot.triggers.imports.found import NotCarriedError

_BLANK = r" \t\xa0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_VERTICAL = r"\n-\r\x85\u2028\u2029"
_HAN = (
    r"\u2e80-\u2e99\u2e9b-\u2ef3\u2f00-\u2fd5\u3005\u3007\u3021-\u3029\u3038-\u303b\u3400-\u4dbf\u4e00-\u9fff"
    r"\uf900-\ufa6d\ufa70-\ufad9\U00020000-\U000323af"
)

_OUTSIDE = {
    "h": f"[{_BLANK}]", "H": f"[^{_BLANK}]", "v": f"[{_VERTICAL}]", "V": f"[^{_VERTICAL}]", "N": r"[^\n]",
    "R": rf"(?:\r\n|[{_VERTICAL}])", "z": r"\Z", "Z": r"(?=\n?\Z)", "A": r"\A", "e": r"\x1b",
}  # fmt: skip
_INSIDE = {"h": _BLANK, "v": _VERTICAL, "e": r"\x1b", "b": r"\b"}
_SAME = "afnrt"
_KINDS = "dDwWsS"
_PROPERTIES = {("L", False): r"[^\W\d_]", ("L", True): r"[\W\d_]", ("Nd", False): r"\d", ("Nd", True): r"\D",
               ("Han", False): f"[{_HAN}]", ("Han", True): f"[^{_HAN}]"}  # fmt: skip
_REFUSED = {
    "K": "Python's re has no \\K: put what stands before it into (?<=...), or use a group",
    "G": "Python's re has no \\G",
    "C": "Python's re has no \\C: it reads characters, not bytes",
    "X": "Python's re has no \\X",
}
_POSIX = {
    "alpha": "a-zA-Z", "digit": "0-9", "alnum": "a-zA-Z0-9", "upper": "A-Z", "lower": "a-z", "blank": r" \t",
    "space": r" \t-\r", "punct": r"!-/:-@\[-`{-~", "xdigit": "0-9A-Fa-f", "word": "a-zA-Z0-9_",
    "cntrl": r"\x00-\x1f\x7f", "print": " -~", "graph": "!-~", "ascii": r"\x00-\x7f",
}  # fmt: skip
_NOT_POSIX = {"digit": r"\D", "space": r"\S", "word": r"\W"}

_NUMBER = re.compile(
    r"\\(?:x\{(?P<braced>[0-9A-Fa-f]{1,6})\}|x(?P<hex>[0-9A-Fa-f]{0,2})|o\{(?P<octal>[0-7]{1,7})\}|0(?P<zero>[0-7]{0,2}))"
)
_PROPERTY = re.compile(r"\\([pP])(?:\{(\^?)(\w+)\}|(\w))")
_REFERENCE = re.compile(
    r"\\(?:g\{?(?P<number>[+-]?\d{1,3})\}?|(?P<plain>[1-9]\d{0,2})|g\{(?P<name>[A-Za-z_]\w*)\}"
    r"|k(?:\{(?P<k1>\w+)\}|<(?P<k2>\w+)>|'(?P<k3>\w+)'))"
)
_POSIX_NAME = re.compile(r"\[:(\^?)(\w+):\]")
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]|()]")


def plain(text: str) -> str:
    """A regular expression for just *text*: what ``re.escape`` makes, but without a backslash that is not needed."""
    return _SPECIAL.sub(r"\\\g<0>", text)


@dataclass(slots=True)
class Signs:
    """Translates one sign at a time."""

    text: str
    bytewise: bool
    """The client compares bytes and knows the letters of ASCII only."""
    kinds: bool = False
    r"""Whether a sign was met whose meaning depends on that: ``\w``, ``\b`` ..."""

    def escape(self, at: int, groups: int) -> tuple[str, int]:
        """What stands for the escape at *at*, and where it ends; *groups* were opened before."""
        sign = self.text[at + 1 : at + 2]
        if not sign:
            raise NotCarriedError("its pattern ends with a lone backslash")
        if sign in _REFUSED:
            raise NotCarriedError(_REFUSED[sign])
        if sign in _KINDS + "bB":
            self.kinds = True
            return "\\" + sign, at + 2
        if sign in _OUTSIDE:
            return _OUTSIDE[sign], at + 2
        if found := _REFERENCE.match(self.text, at):
            return self._reference(found, groups)
        return self._either(at, inside=False)

    def _either(self, at: int, *, inside: bool) -> tuple[str, int]:
        """An escape that is the same in a class and outside."""
        sign = self.text[at + 1]
        if sign == "Q":
            return self._quoted(at, inside=inside)
        if sign == "E":
            return "", at + 2
        return self._property(at, inside=inside) if sign in "pP" else self._character(at, inside=inside)

    def _quoted(self, at: int, *, inside: bool) -> tuple[str, int]:
        r"""What stands between ``\Q`` and ``\E``."""
        end = self.text.find(r"\E", at)
        inner = self.text[at + 2 : end if end >= 0 else None]
        return re.escape(inner) if inside else plain(inner), end + 2 if end >= 0 else len(self.text)

    def _character(self, at: int, *, inside: bool) -> tuple[str, int]:
        """An escape that stands for one character."""
        text, sign = self.text, self.text[at + 1]
        if found := _NUMBER.match(text, at):
            digits = found["braced"] or found["hex"]
            code = int(digits or "0", 16) if digits is not None else int(found["octal"] or found["zero"] or "0", 8)
            if self.bytewise and code > 127:
                raise NotCarriedError(f"{found[0]} is a byte of an encoding: write the character itself")
            if code > 0x10FFFF or 0xD800 <= code < 0xE000:
                raise NotCarriedError(f"{found[0]} is no character")
            return _as_escape(code), found.end()
        if sign == "c" and at + 2 < len(text) and text[at + 2].isascii():
            return _as_escape(ord(text[at + 2].upper()) ^ 64), at + 3
        if sign in _SAME:
            return "\\" + sign, at + 2
        if sign.isascii() and sign.isalnum():
            raise NotCarriedError(f"PCRE has no \\{sign} that Python's re could do")
        return re.escape(sign) if inside else plain(sign), at + 2

    def _reference(self, found: re.Match[str], groups: int) -> tuple[str, int]:
        if name := found["name"] or found["k1"] or found["k2"] or found["k3"]:
            return f"(?P={name})", found.end()
        written = found["number"] or found["plain"]
        number = int(written)
        if written[0] in "+-":
            number = groups + 1 + number if number < 0 else groups + number
        if number < 1 or (found["plain"] and number > max(9, self.text.count("("))):
            raise NotCarriedError(f"{found[0]} is no group of its pattern")
        digit_follows = self.text[found.end() : found.end() + 1].isdigit()
        return f"(?:\\{number})" if digit_follows else f"\\{number}", found.end()

    def _property(self, at: int, *, inside: bool) -> tuple[str, int]:
        found = _PROPERTY.match(self.text, at)
        name = (found[3] or found[4]) if found else ""
        no = bool(found and found[1] == "P") != bool(found and found[2])
        known = _PROPERTIES.get((name, no))
        if found is None or known is None or self.bytewise or (inside and (name == "L" or (no and name == "Han"))):
            shown = found[0] if found else "\\p"
            raise NotCarriedError(f"Python's re has no {shown}: write the characters, such as [\\u4e00-\\u9fff]")
        return (known[1:-1] if inside and name == "Han" else known), found.end()

    def group(self, at: int) -> tuple[str, int]:
        """The character class that starts at *at*, and where it ends."""
        text, found, start = self.text, ["["], at
        at += 1
        if text[at : at + 1] == "^":
            found.append("^")
            at += 1
        if text[at : at + 1] == "]":
            found.append(r"\]")
            at += 1
        while at < len(text) and text[at] != "]":
            sign, at = self._member(at)
            found.append(sign)
        if at >= len(text):
            raise NotCarriedError(f"a [ is not closed: {text[start : start + 20]}")
        if not any(found[1 + (found[1:2] == ["^"]) :]):
            raise NotCarriedError("a [ ] is empty")
        return "".join([*found, "]"]), at + 1

    def _member(self, at: int) -> tuple[str, int]:
        text, sign = self.text, self.text[at]
        if sign == "[":
            return self._posix(at)
        if sign != "\\":
            return ("\\" + sign if sign in "&~|" else sign), at + 1
        letter = text[at + 1 : at + 2] or "\\"
        if letter in _KINDS:
            self.kinds = True
            return "\\" + letter, at + 2
        if letter in _INSIDE:
            return _INSIDE[letter], at + 2
        if letter in "123456789":
            raise NotCarriedError(f"\\{letter} in [ ] is an octal number: write \\x and two digits")
        return self._either(at, inside=True) if at + 1 < len(text) else (r"\\", at + 1)

    def _posix(self, at: int) -> tuple[str, int]:
        found = _POSIX_NAME.match(self.text, at)
        if found is None:
            if self.text[at : at + 2] in ("[.", "[=") and "]" in self.text[at + 2 :]:
                raise NotCarriedError("PCRE has no collating elements ([. and [=)")
            return r"\[", at + 1
        table = _NOT_POSIX if found[1] else _POSIX
        if found[2] not in table:
            raise NotCarriedError(f"Python's re has no {found[0]}: write the characters")
        self.kinds |= bool(found[1])
        return table[found[2]], found.end()


def _as_escape(code: int) -> str:
    sign = chr(code)
    return re.escape(sign) if sign.isprintable() else f"\\x{code:02x}" if code < 256 else f"\\U{code:08x}"
