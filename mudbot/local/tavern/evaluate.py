r"""PennMUSH evaluates what is said: ``[add(1,2)]`` becomes 3, ``%r`` a new line.  A small part of it, bounded.

As its parser has it (src/parse.c): a function's name is looked at at the beginning and after ``[``; braces group and
the outermost vanish; ``\x`` and ``%x`` stand for ``x`` where they mean nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

_LONGEST = 8192
_DEEPEST = 20
_CALL = re.compile(r"\s*([A-Za-z_][\w]*)\(")


def _number(text: str) -> int:
    return int(text) if re.fullmatch(r"\s*-?\d{1,9}\s*", text) else 0


FUNCTIONS: Mapping[str, Callable[[list[str]], str]] = {
    "add": lambda args: str(sum(_number(each) for each in args)),
    "sub": lambda args: str(_number(args[0]) - sum(_number(each) for each in args[1:])),
    "mul": lambda args: str(_number(args[0]) * _number(args[-1])),
    "strlen": lambda args: str(len(",".join(args))),
    "ucstr": lambda args: ",".join(args).upper(),
    "lcstr": lambda args: ",".join(args).lower(),
    "repeat": lambda args: (args[0] * min(_number(args[-1]), 100))[:_LONGEST],
    "lit": ",".join,
    "pemit": lambda _: "",
    "version": lambda _: "PennMUSH version 1.8.8",
}


def evaluate(text: str, name: str) -> str:
    """What *text* is after evaluation, as *name* said it."""
    return _Parser(text, name).run()[:_LONGEST]


class _Parser:
    def __init__(self, text: str, name: str) -> None:
        self._text, self._name = text, name
        self._at = 0

    def run(self) -> str:
        parts = []
        while self._at < len(self._text):  # a stray closing sign is literal
            parts.append(self._part("", 0, calls=self._at == 0))
            if self._at < len(self._text):
                parts.append(self._text[self._at])
                self._at += 1
        return "".join(parts)

    def _part(self, ends: str, depth: int, *, calls: bool) -> str:
        """Evaluate up to one of *ends*, which is not taken."""
        out: list[str] = []
        if calls and depth < _DEEPEST and (call := _CALL.match(self._text, self._at)):
            self._at = call.end()
            out.append(self._call(call[1], depth + 1))
        while self._at < len(self._text) and self._text[self._at] not in ends:
            out.append(self._one(depth))
        return "".join(out)

    def _one(self, depth: int) -> str:
        sign = self._text[self._at]
        self._at += 1
        if sign in "\\%" and self._at < len(self._text):
            following = self._text[self._at]
            self._at += 1
            return following if sign == "\\" else self._percent(following)
        if sign in "[{" and depth < _DEEPEST:
            closing = "]" if sign == "[" else "}"
            inner = self._part(closing, depth + 1, calls=sign == "[")
            self._at += 1
            return inner
        return sign

    def _percent(self, letter: str) -> str:
        known = {"r": "\n", "b": " ", "t": "    ", "n": self._name, "N": self._name, "#": "#7", "%": "%"}
        return known.get(letter, letter)

    def _call(self, function: str, depth: int) -> str:
        args = []
        while self._at <= len(self._text):
            args.append(self._part(",)", depth, calls=True))
            closing = self._text[self._at : self._at + 1]
            self._at += 1
            if closing != ",":
                break
        known = FUNCTIONS.get(function.lower())
        if known is None:
            return f"#-1 FUNCTION ({function.upper()}) NOT FOUND"
        return known(args)
