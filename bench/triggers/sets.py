"""What is measured: triggers, and lines of which so many set one off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import zip_longest
from random import Random
from typing import Literal

from bench.triggers import extras, set_a, set_b
from bench.triggers.corpus import Corpus, Regexes, make, naive
from bench.triggers.fill import Spec, anything, fill, specs
from bench.triggers.words import OTHERS

SHARE = 50
"""One line of so many is to set a trigger off: 2 %."""
NEAR = 12
"""One line of so many is about what a trigger is about, and sets none off."""


Family = Literal["A", "B"]


@dataclass(frozen=True)
class Case:
    """A set of triggers, and what is sent to it."""

    family: Family
    count: int
    """Triggers, the added ones not among them."""
    extra: extras.Extra | Literal[""] = ""
    every_line: bool = False
    """Whether each line sets one off, in place of 2 % of them."""
    lines: int = 100_000

    @property
    def name(self) -> str:
        """What its files are called."""
        return f"{self.family}-{self.count}{'-' if self.extra else ''}{self.extra}{'-all' if self.every_line else ''}"

    @property
    def added(self) -> Regexes:
        """The triggers that are added to the usual ones."""
        if not self.extra:
            return []
        return extras.literal_less() if self.extra == "literal-less" else extras.sharing()

    @cached_property
    def specs(self) -> list[Spec]:
        """The usual triggers."""
        return specs(set_a.SHAPES if self.family == "A" else set_b.SHAPES, self.count)

    @property
    def regexes(self) -> Regexes:
        """All triggers, in their order; those that were added are spread among the others."""
        usual = [(spec.pattern, spec.flags) for spec in self.specs]
        added, each = list(self.added), max(1, self.count // max(1, len(self.added)))
        groups = [usual[i : i + each] for i in range(0, len(usual), each)]
        return [
            one for group, more in zip_longest(groups, added) for one in (*(group or ()), *([more] if more else []))
        ]

    def texts(self) -> Iterator[tuple[str, bool]]:
        """Its lines, and whether each sets off one of the usual triggers: no line sets off two."""
        random = Random(set_a.SEED if self.family == "A" else set_b.SEED)
        near = range(max(1, self.count // len(set_a.SHAPES)))
        hit = 0
        for number in range(self.lines):
            if number % SHARE == 0:
                hit = number + random.randrange(SHARE)
            if self.every_line or number == hit:
                yield self._hit(random), True
            elif self.family == "A":
                yield _noise(random, near), False
            else:
                yield set_b.paragraph(random, near), False

    def _hit(self, random: Random) -> str:
        spec = random.choice(self.specs)
        text = spec.example(random, anything)
        if self.family == "A":
            return text
        # An anchor says where in the paragraph it has to stand.
        place: set_b.Place = "first" if spec.pattern[0] == "^" else "last" if spec.pattern[-1] == "$" else "amid"
        return set_b.paragraph(random, hit=text, place=place)

    def corpus(self) -> Corpus:
        """Its lines as they are sent."""
        lines = list(self.texts())
        found = [int(hit) for _, hit in lines]
        if self.extra:
            # All that share a text are found by it; nothing else about them is taken for granted.
            needed = extras.SHARED if self.extra == "sharing" else ""
            places = [i for i, (text, _) in enumerate(lines) if needed in text]
            for i, more in zip(places, naive(self.added, (lines[i][0] for i in places)), strict=True):
                found[i] += more
        return make(((text, hits) for (text, _), hits in zip(lines, found, strict=True)), Random(self.count))


def _noise(random: Random, near: range) -> str:
    if random.randrange(NEAR) == 0:
        return fill(random.choice(set_a.NEAR), random, near)
    [shape] = random.choices(_TEXTS, _WEIGHTS)
    return fill(shape, random, OTHERS)


_WEIGHTS, _TEXTS = zip(*set_a.NOISE, strict=True)
