"""Where the quantifiers of a regular expression stand in its text.

The tree of ``re`` keeps no positions.  But each quantifier in the text is one repeat in the tree, and both come in the
same order if the tree is walked from the inside out, for a quantifier stands behind what it repeats.  So this reads
just enough of the text to find them: escapes, classes, comments, groups and their flags.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from mudbot.triggers.tree import MANY

Mode = Literal["greedy", "lazy", "possessive"]


@dataclass(frozen=True, slots=True)
class Place:
    """``regex[start:end]`` is repeated by ``regex[sign:end]``, so and so often."""

    start: int
    sign: int
    end: int
    least: int
    most: int
    mode: Mode


_BLANK = re.compile(r"[ \t\n\r\v\f]+|#[^\n]*\n?")
"""What means nothing under VERBOSE."""
_ESCAPE = re.compile(
    r"\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}"
    r"|N\{[^}]*\}|0[0-7]{0,2}|[1-3][0-7]{2}|[1-9][0-9]?|.)",
    re.DOTALL,
)
_CLASS = re.compile(r"\[\^?\]?(?:[^\]\\]|\\.)*\]", re.DOTALL)
_COUNT = re.compile(r"\{(?!\})([0-9]*)(?:(,)([0-9]*))?\}")
_OPENING = re.compile(
    r"\((?:\?(?:(?P<ref>P=\w+\))|P<\w+>|\(\w+\)|<[=!]|[:=!>]|(?P<on>[aiLmsux]*)(?:-(?P<off>[imsx]+))?(?P<close>[:)])))?"
)
_COMMENT = re.compile(r"\(\?#[^)]*\)")
_SIGNS = {"*": (0, MANY), "+": (1, MANY), "?": (0, 1)}


class Places:
    """All quantifiers of *regex* in their order, and its groups from bracket to bracket."""

    def __init__(self, regex: str, *, verbose: bool) -> None:
        """Read *regex*, which ``re`` must have accepted before."""
        self.regex = regex
        self.found: list[Place] = []
        self.groups: list[tuple[int, int]] = []
        self._open: list[tuple[int, bool]] = []
        self._verbose = verbose
        self._atom = 0
        at = 0
        while at < len(regex):
            at = self._read(at)

    def _read(self, at: int) -> int:
        """What stands at *at* is read; gives where the next thing stands."""
        sign = self.regex[at]
        if skipped := (self._verbose and _BLANK.match(self.regex, at)) or _COMMENT.match(self.regex, at):
            return skipped.end()
        if sign == "(":
            return self._opening(at)
        if sign == ")" and self._open:
            self._atom, self._verbose = self._open.pop()
            self.groups.append((self._atom, at + 1))
            return at + 1
        if bounds := self._bounds(at):
            return self._quantifier(at, *bounds)
        self._atom = at
        atom = _ESCAPE.match(self.regex, at) or _CLASS.match(self.regex, at)
        return atom.end() if atom else at + 1

    def _opening(self, at: int) -> int:
        opening = _OPENING.match(self.regex, at)
        assert opening is not None  # a bracket alone is one
        if opening["ref"]:
            self._atom = at
        elif opening["close"] != ")":  # (?i) opens nothing
            self._open.append((at, self._verbose))
            self._verbose = (self._verbose or "x" in (opening["on"] or "")) and "x" not in (opening["off"] or "")
        return opening.end()

    def _bounds(self, at: int) -> tuple[int, int, int] | None:
        """How often the quantifier at *at* repeats, and where it ends; None if none stands there."""
        if bounds := _SIGNS.get(self.regex[at]):
            return *bounds, at + 1
        if not (count := _COUNT.match(self.regex, at)):
            return None
        least = int(count[1] or 0)
        most = int(count[3]) if count[3] else MANY if count[2] or not count[1] else least
        return least, most, count.end()

    def _quantifier(self, at: int, least: int, most: int, end: int) -> int:
        follows = self.regex[end : end + 1]
        mode: Mode = "lazy" if follows == "?" else "possessive" if follows == "+" else "greedy"
        end += mode != "greedy"
        self.found.append(Place(self._atom, at, end, least, most, mode))
        return end

    def around(self, start: int, end: int) -> tuple[int, int]:
        """The least part of the text that holds *start* to *end* and no half of a group."""
        for first, last in self.groups:  # inner ones come first
            if (first < start < last) != (first < end < last) and not (start <= first and last <= end):
                start, end = min(start, first), max(end, last)
        return start, end
