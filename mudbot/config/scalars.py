"""What a plain (unquoted) YAML scalar means.  Pure.

YAML 1.1 reads ``010`` as 8, ``12:30`` as 750, ``no`` as false and ``2024-01-01`` as a date; YAML 1.2 reads them
otherwise, and an owner means neither.  So: null, true, false and decimal numbers are what they look like, whatever the
two versions read differently from its look is refused, and all the rest is text.
"""

from __future__ import annotations

import math
import re

Scalar = None | bool | int | float | str

_WORDS: dict[str, Scalar] = dict.fromkeys(["", "~", "null", "Null", "NULL"])
_WORDS |= dict.fromkeys(["true", "True", "TRUE"], True) | dict.fromkeys(["false", "False", "FALSE"], False)

_NUMBER_START = re.compile(r"[-+.0-9]")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_OCTAL = re.compile(r"[-+]?0[0-9_]+")
_BASED = re.compile(r"[-+]?0(?:x[0-9a-fA-F_]+|o[0-7_]+|b[01_]+)")
_SEXAGESIMAL = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-9]+)+(?:\.[0-9_]*)?")

_LONGEST = 30
"""Digits of the longest number taken: no setting needs more, and Python takes quadratic time to read long ones."""


class TrapError(ValueError):
    """A scalar that YAML reads as something else than it looks like; the message is the remedy."""


def plain(text: str) -> Scalar:
    """The value of the unquoted scalar *text*.  Raises TrapError where it is a trap."""
    if text in _WORDS:
        return _WORDS[text]
    if not _NUMBER_START.match(text):
        return text
    if _OCTAL.fullmatch(text):
        raise TrapError("some readers take a number with a leading zero as octal: "
                        "write it in quotes or without the leading zero")  # fmt: skip
    if _BASED.fullmatch(text):
        raise TrapError("a number in base 2, 8 or 16: write it in quotes if it is text, in decimal if it is a number")
    if _SEXAGESIMAL.fullmatch(text):
        raise TrapError("some readers take numbers with colons as base 60: "
                        "write it in quotes, or a length of time as 1h30m")  # fmt: skip
    return _number(text)


def _number(text: str) -> Scalar:
    if not _FLOAT.fullmatch(text):
        return text
    if len(text) > _LONGEST:
        raise TrapError("a number as long as this loses digits: write it in quotes")
    if _INTEGER.fullmatch(text):
        return int(text)
    value = float(text)
    if math.isinf(value):
        raise TrapError("the number is too large: write it in quotes if it is text")
    return value
