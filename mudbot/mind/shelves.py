"""Facts and their vectors in memory, by who may hear them, as much as fits.

Vectors are searched with numpy over the few hundred facts that an asker may hear at all.  Measured on one core with
384 numbers each, 500 facts take 0.02 ms, 5,000 take 0.3 ms; sqlite-vec takes 0.26 and 6.2 ms, does not ask who may
hear what before it picks the nearest, and cannot be loaded where Python's sqlite3 was built without extensions, as it
often is.  Without numpy, which only the extra ``local`` brings, Python does the same: 10 ms for 500 facts, 25 ms with
1,536 numbers each, and of more facts only the newest are searched by meaning.
"""

from __future__ import annotations

import json
import math
import struct
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import mul
from typing import Any

from mudbot.mind.recall import by_meaning, is_wide
from mudbot.mind.remembered import Fact

MOST_BYTES = 32 * 1024 * 1024
"""Of vectors and texts that a character has in memory; what was not asked for longest goes first."""
MOST_ON_ONE = 2000
"""Facts under one key that are looked through: the newest."""


MOST_WITHOUT_NUMPY = 500
"""Vectors on one shelf, the newest, where Python searches them itself: the event loop waits for it."""


def numpy() -> Any:
    """The module, or None where it is not installed."""
    try:
        import numpy as np
    except ImportError:
        return None
    return np


def packed(vector: Sequence[float]) -> bytes | None:
    """*vector*, made one long, as little-endian 16-bit floats; None where it is no vector."""
    length = math.sqrt(sum(number * number for number in vector))
    if not length or not math.isfinite(length):
        return None
    return struct.pack(f"<{len(vector)}e", *(number / length for number in vector))


class Rows:
    """Vectors of one length."""

    def __init__(self, data: Sequence[bytes]) -> None:
        """*data* as ``packed`` makes them; at least one."""
        self.width = len(data[0]) // 2
        self.common: list[float]
        """How near each is to the average of all."""
        if (np := numpy()) is not None:
            matrix = np.frombuffer(b"".join(data), dtype="<f2").reshape(-1, self.width).astype(np.float32)
            self._rows: Any = matrix
            self.common = (matrix @ matrix.mean(axis=0)).tolist()
        else:
            self._rows = [array("f", struct.unpack(f"<{self.width}e", each)) for each in data]
            average = [sum(column) / len(data) for column in zip(*self._rows, strict=True)]
            self.common = [sum(map(mul, row, average)) for row in self._rows]

    def __repr__(self) -> str:
        return f"<Rows {len(self.common)} of {self.width}>"

    @property
    def size(self) -> int:
        """Bytes, about."""
        return len(self.common) * self.width * 4

    def near(self, vector: Sequence[float], which: Sequence[int]) -> list[float]:
        """How near those in the places *which* are to *vector*."""
        if (np := numpy()) is None or isinstance(self._rows, list):
            return [sum(map(mul, self._rows[at], vector)) for at in which]
        matrix = self._rows if len(which) == len(self._rows) else self._rows[list(which)]
        found: list[float] = (matrix @ np.asarray(vector, dtype=np.float32)).tolist()
        return found


@dataclass(slots=True)
class Shelf:
    """The facts under one key."""

    mark: Any
    """What the store said of them when they were read."""
    facts: list[Fact]
    model: str
    """By which model the vectors are that count."""
    numbers: list[int] = field(default_factory=list)
    """Of the facts that have a vector, in the order of the rows."""
    rows: Rows | None = None
    size: int = 0

    @classmethod
    def of(cls, mark: Any, rows: Sequence[Any], model: str) -> Shelf:
        """From *rows* of the store's table of facts."""
        made = cls(mark, [fact_of(row) for row in rows], model)
        with_vectors = [row for row in rows if row.vector is not None and row.model == model]
        made._stack([(row.id, row.vector) for row in with_vectors])
        made.size += sum(300 + 4 * len(row.text) for row in rows)
        return made

    def _stack(self, vectors: list[tuple[int, bytes]]) -> None:
        if not vectors:
            return
        wide = len(vectors[-1][1])  # of the newest: a model may have changed its mind under the same name
        alike = [(number, vector) for number, vector in vectors if len(vector) == wide]
        if numpy() is None:
            alike = alike[-MOST_WITHOUT_NUMPY:]
        self.numbers = [number for number, _ in alike]
        self.rows = Rows([vector for _, vector in alike])
        self.size += self.rows.size

    def nearness(self, vector: Sequence[float], among: Sequence[Fact]) -> tuple[list[int], list[float]]:
        """The numbers of those of *among* that have vectors, and how near to *vector* they are."""
        if self.rows is None or len(vector) != self.rows.width:
            return [], []
        wanted = {fact.id: is_wide(fact.text) for fact in among}
        places = [at for at, number in enumerate(self.numbers) if number in wanted]
        if not places:
            return [], []
        numbers = [self.numbers[at] for at in places]
        common = [self.rows.common[at] for at in places]
        return numbers, by_meaning(self.rows.near(vector, places), common, [wanted[number] for number in numbers])


def fact_of(row: Any) -> Fact:
    """A row of the store's table of facts as a value."""
    return Fact(
        row.id,
        row.at,
        row.speaker,
        row.name,
        row.text,
        row.private,
        row.place,
        frozenset(json.loads(row.heard)),
        row.source,
        row.importance,
    )


class Shelves:
    """Those that were asked for lately, of one character."""

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._kept: OrderedDict[str, Shelf] = OrderedDict()
        self.size = 0
        """Bytes, about."""

    def __repr__(self) -> str:
        return f"<Shelves {len(self._kept)} of {self.size / 1e6:.1f} MB>"

    def get(self, key: str) -> Shelf | None:
        """That of *key*, if it is here."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: str, shelf: Shelf) -> None:
        """Have *shelf* from now on, and let go of others where it gets too much."""
        self.drop(key)
        self._kept[key] = shelf
        self.size += shelf.size
        while self.size > self._most and len(self._kept) > 1:
            self.drop(next(iter(self._kept)))

    def drop(self, key: str) -> None:
        """Have that of *key* read again when it is asked for."""
        old = self._kept.pop(key, None)
        self.size -= old.size if old else 0

    def clear(self) -> None:
        """Have all read again."""
        self._kept.clear()
        self.size = 0
