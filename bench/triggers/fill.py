"""Patterns and lines from shapes with slots: ``@item@`` is a word that the trigger is about, ``<who>`` any name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from bench.triggers import words

_ABOUT = re.compile(r"@(\w+)@")
_ANY = re.compile(r"<(\w+)>")


@dataclass(frozen=True, slots=True)
class Shape:
    """How authors write a trigger of one sort, and a line that sets it off."""

    pattern: str
    example: str
    flags: int = 0
    """Those of ``re``: IGNORECASE or none."""


@dataclass(frozen=True, slots=True)
class Spec:
    """One trigger of a set."""

    pattern: str
    flags: int
    shape: Shape
    number: int

    def example(self, random: Random, anything: Callable[[str, Random], str]) -> str:
        """A line that sets it off; case is as it comes where it does not count."""
        text = about(self.shape.example, self.number)
        text = _ANY.sub(lambda slot: anything(slot[1], random), text)
        return mixed_case(text, random) if self.flags & re.IGNORECASE else text


def about(text: str, number: int) -> str:
    """*text* about the words of that *number*."""
    return _ABOUT.sub(lambda slot: words.KINDS[slot[1]][number], text)


def fill(text: str, random: Random, numbers: Sequence[int]) -> str:
    """*text* about words of any of *numbers*, one for each slot, with anything in the other slots."""
    text = _ABOUT.sub(lambda slot: words.KINDS[slot[1]][random.choice(numbers)], text)
    return _ANY.sub(lambda slot: anything(slot[1], random), text)


def mixed_case(text: str, random: Random) -> str:
    """As it is, all in capitals, all small, or with some words in capitals."""
    match random.randrange(4):
        case 0:
            return text
        case 1:
            return text.upper()
        case 2:
            return text.lower()
    return " ".join(word.upper() if random.random() < 0.3 else word for word in text.split(" "))


_CHOICES: dict[str, Sequence[str]] = {
    "who": words.WHO,
    "谁": words.WHO_ZH,
    "part": words.PARTS,
    "way": words.WAYS,
    "channel": words.CHANNELS,
    "频道": words.CHANNELS_ZH,
    "power": words.POWERS,
    "how": words.HOW,
    "gold": words.GOLD,
    "his": ("his", "her", "its"),
    "向": "东南西北",
}


def anything(slot: str, random: Random) -> str:
    """What may stand in a slot for anything."""
    if slot == "n":
        return str(random.randrange(1, 60))
    if slot == "big":
        return str(random.randrange(100, 3000))
    return random.choice(_CHOICES[slot])


def specs(shapes: Sequence[Shape], count: int) -> list[Spec]:
    """So many triggers: each of the shapes about the first words, then each about the second ones, and so on."""
    assert count <= len(shapes) * words.TRIGGERED
    found = []
    for i in range(count):
        number, which = divmod(i, len(shapes))
        shape = shapes[which]
        found.append(Spec(about(shape.pattern, number), shape.flags, shape, number))
    return found
