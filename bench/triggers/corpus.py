"""What a server sends, as bytes, and how many triggers each part of it sets off."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from random import Random

STEP = 100
"""Lines between two places where a corpus can be cut."""
Regexes = Sequence[tuple[str, int]]
"""Patterns with their flags."""

_COLOURS = ("\x1b[1;32m", "\x1b[33m", "\x1b[0;36m", "\x1b[1;31m", "\x1b[38;5;120m", "\x1b[35m")
_OFF = ("\x1b[0m", "\x1b[m", "\x1b[37;0m")


@dataclass(frozen=True, slots=True)
class Corpus:
    """Lines, ready to send.  More lines than there are come round again."""

    data: bytes
    ends: Sequence[int]
    """Where each 100 lines end, in bytes."""
    fired: Sequence[int]
    """How many triggers were set off by then."""

    @property
    def lines(self) -> int:
        """How many there are."""
        return STEP * len(self.ends)

    def hits(self, count: int) -> int:
        """How often triggers fire in the first *count* lines."""
        times, rest = divmod(self._steps(count), len(self.ends))
        return times * self.fired[-1] + (self.fired[rest - 1] if rest else 0)

    def blocks(self, count: int) -> Iterator[bytes]:
        """The first *count* lines."""
        times, rest = divmod(self._steps(count), len(self.ends))
        for _ in range(times):
            yield self.data
        if rest:
            yield self.data[: self.ends[rest - 1]]

    @staticmethod
    def _steps(count: int) -> int:
        steps, rest = divmod(count, STEP)
        assert not rest, f"a corpus is cut at each {STEP} lines, not at {count}"
        return steps

    def save(self, path: Path) -> None:
        """Keep it in *path* and beside it."""
        path.write_bytes(self.data)
        path.with_suffix(".json").write_text(json.dumps([self.ends, self.fired]))

    @classmethod
    def load(cls, path: Path) -> Corpus:
        """What was saved there."""
        return cls(path.read_bytes(), *json.loads(path.with_suffix(".json").read_text()))


def make(lines: Iterable[tuple[str, int]], random: Random) -> Corpus:
    """Of texts with how many triggers each sets off: in colours, UTF-8, CRLF."""
    sizes, hits, raw = [], [], []
    for text, fired in lines:
        line = f"{coloured(text, random)}\r\n".encode()
        raw.append(line)
        sizes.append(len(line))
        hits.append(fired)
    assert len(raw) % STEP == 0
    ends, fired_by = list(accumulate(sizes)), list(accumulate(hits))
    return Corpus(b"".join(raw), ends[STEP - 1 :: STEP], fired_by[STEP - 1 :: STEP])


def coloured(text: str, random: Random) -> str:
    """*text* as MUDs colour it: not at all, from end to end, a word of it, or each of a few."""
    chance = random.random()
    if chance < 0.5 or not text:
        return text
    on, off = random.choice(_COLOURS), random.choice(_OFF)
    if chance < 0.7:
        return f"{on}{text}{off}"
    start = random.randrange(len(text))
    end = min(len(text), start + random.randrange(2, 16))
    marked = f"{text[:start]}{on}{text[start:end]}{off}{text[end:]}"
    return marked if chance < 0.9 else f"{random.choice(_COLOURS)}{marked}{off}"


def naive(regexes: Regexes, texts: Iterable[str]) -> Iterator[int]:
    """How many of *regexes* are found in each text: the loop that everything is measured by."""
    searches = [re.compile(pattern, flags).search for pattern, flags in regexes]
    for text in texts:
        yield sum(1 for search in searches if search(text))
