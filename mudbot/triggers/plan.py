"""How each of many patterns is looked for: by texts that it needs, by a coarse pattern, or in every line.

Texts are cheap to look for and to prepare; a coarse pattern is exacter and takes a millisecond to prepare.  So a
pattern gets the latter where its texts are short, or where many other patterns need the same ones.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mudbot.triggers.needs import Choice, Need, coarse_of, need_of

RARE = 18.0
"""Bits from which on texts are rare enough by themselves: about four and a half letters."""
CROWD = 8
"""Patterns that may share a text before they are told apart by coarse patterns."""
MAX_COARSE = 3000
"""Coarse patterns in one plan: they take hyperscan about a millisecond each."""

Source = tuple[str, int]
"""A regular expression and its flags."""


@dataclass(slots=True)
class Plan:
    """What to look for, and whose it is: numbers of patterns, in order."""

    size: int
    texts: dict[tuple[str, bool], list[int]] = field(default_factory=dict)
    """A text, and whether its ASCII letters (written small) ignore case, to the patterns that need it."""
    coarse: dict[bytes, list[int]] = field(default_factory=dict)
    always: list[int] = field(default_factory=list)
    """Patterns that may be found in any line."""
    caseless: list[int] = field(default_factory=list)
    """Patterns that may be found wherever one of NON_ASCII_CASES is."""
    broken: dict[int, str] = field(default_factory=dict)
    """Patterns that are none, and why."""

    def look_everywhere(self, numbers: Iterable[int]) -> None:
        """Search for those in any line, and so for no other reason."""
        self.always = sorted({*self.always, *numbers})
        everywhere = set(self.always)
        self.caseless = [number for number in self.caseless if number not in everywhere]

    def __repr__(self) -> str:
        return f"<Plan for {self.size}: {len(self.texts)} texts, {len(self.coarse)} coarse, {len(self.always)} always>"


def plan(sources: Sequence[Source], *, anchored: bool = True, exact: bool = True) -> Plan:
    """The plan for *sources*.

    Without *anchored* their ``^`` and ``$`` stand for nothing; without *exact* no coarse patterns are made, for those
    who cannot look for them.
    """
    made = Plan(len(sources))
    needs = [_need(number, source, made) for number, source in enumerate(sources)]
    crowds = Counter(text for need in needs if need for text in {t for c in need.choices for t in c.texts})
    everywhere: list[int] = []
    for number, need in enumerate(needs):
        if need is None:
            continue
        if need.caseless:
            made.caseless.append(number)
        choice = _best(need.choices, crowds)
        rare = choice is not None and choice.bits >= RARE and _crowd(choice, crowds) <= CROWD
        if exact and not rare and len(made.coarse) < MAX_COARSE:
            found = coarse_of(*sources[number], anchored=anchored)
            if found is not None:
                made.coarse.setdefault(found, []).append(number)
                continue
        if choice is None:
            everywhere.append(number)
        else:
            for text in choice.texts:
                made.texts.setdefault((text, choice.caseless), []).append(number)
    made.look_everywhere(everywhere)
    return made


def _need(number: int, source: Source, made: Plan) -> Need | None:
    """What *source* needs; where that cannot be told it is put where it belongs in *made*."""
    try:
        return need_of(*source)
    except (re.error, ValueError, OverflowError, RecursionError) as exc:
        why = str(exc)
    try:
        re.compile(*source)
    except (re.error, ValueError, OverflowError, RecursionError):
        made.broken[number] = why
    else:
        made.always.append(number)  # it is nested too deeply to be thought about
    return None


def _best(choices: Iterable[Choice], crowds: Counter[str]) -> Choice | None:
    return max(choices, key=lambda choice: choice.bits - 3 * math.log2(_crowd(choice, crowds)), default=None)


def _crowd(choice: Choice, crowds: Counter[str]) -> int:
    return max(crowds[text] for text in choice.texts)
