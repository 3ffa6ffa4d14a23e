"""Which family of MUDs is this?  From MSSP, the banner, the questions of the login.  Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from mudbot.events import Line, Mssp, Prompt
from mudbot.mud import dialect as dialects

SURE = 2.0
"""Points from which a guess is acted upon, if no other family has as many."""
_MSSP, _TEXT = 5.0, 2.0
MAX_LINES = 400
"""Lines that are looked at; what was not shown by then will not be."""


@dataclass(frozen=True, slots=True)
class Guess:
    """A family and what speaks for it."""

    name: str
    points: float
    reasons: tuple[str, ...]

    @property
    def sure(self) -> bool:
        """Whether it is enough to act upon."""
        return self.points >= SURE


class Detector:
    """Collects what speaks for each of the shipped dialects."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, float]] = {}
        self._lines = 0

    def __repr__(self) -> str:
        return f"<Detector {self.guess}>"

    def hear(self, event: Line | Prompt | Mssp) -> None:
        """Take another sign."""
        if isinstance(event, Mssp):
            for name, key, pattern in _mssp_signs():
                values = event.variables.get(key, ())
                for value in [values] if isinstance(values, str) else values:
                    if pattern.search(value):
                        self._note(name, f"MSSP {key} is {value!r}", _MSSP)
        elif self._lines < MAX_LINES:
            self._lines += 1
            text = event.text[:500]
            for name, pattern in _text_signs():
                if found := pattern.search(text):
                    self._note(name, f"it shows {found[0] or text!r}", _TEXT, pattern.pattern)

    def _note(self, name: str, reason: str, points: float, key: str = "") -> None:
        signs = self._found.setdefault(name, {})
        if not any(known.startswith(f"{key}\0") for known in signs) or not key:
            signs[f"{key}\0{reason}"] = points

    @property
    def guesses(self) -> Sequence[Guess]:
        """Every family that something speaks for, the likeliest first."""
        found = (
            Guess(name, sum(signs.values()), tuple(key.partition("\0")[2] for key in signs))
            for name, signs in self._found.items()
        )
        return sorted(found, key=lambda guess: (-guess.points, guess.name))

    @property
    def guess(self) -> Guess | None:
        """The likeliest family; None where nothing or too little speaks for one, or as much for another."""
        first, second = [*self.guesses, None, None][:2]
        if first is None or not first.sure or (second is not None and second.points == first.points):
            return None
        return first


@functools.cache
def _text_signs() -> list[tuple[str, re.Pattern[str]]]:
    loaded = [dialects.load(name) for name in dialects.names()]
    return [(each.name, each.compile(pattern)) for each in loaded for pattern in each.detect.text]


@functools.cache
def _mssp_signs() -> list[tuple[str, str, re.Pattern[str]]]:
    loaded = [dialects.load(name) for name in dialects.names()]
    return [(each.name, key, each.compile(pattern)) for each in loaded for key, pattern in each.detect.mssp.items()]
