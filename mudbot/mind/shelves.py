"""Facts and their vectors in memory, by who may hear them, as much as fits.

Vectors are searched with numpy over the few hundred facts that an asker may hear at all.  Measured on one core with
384 numbers each, 500 facts take 0.02 ms, 5,000 take 0.3 ms; sqlite-vec takes 0.26 and 6.2 ms, does not ask who may
hear what before it picks the nearest, and cannot be loaded where Python's sqlite3 was built without extensions, as it
often is.  Without numpy facts are found by their words alone.
"""

from __future__ import annotations

import json
import logging
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mudbot.mind.recall import by_meaning, is_wide
from mudbot.mind.remembered import Fact

log = logging.getLogger(__name__)

MOST_BYTES = 32 * 1024 * 1024
"""Of vectors and texts that a character has in memory; what was not asked for longest goes first."""
MOST_ON_ONE = 2000
"""Facts under one key that are looked through: the newest."""


def numpy() -> Any:
    """The module, or None where it is not installed."""
    try:
        import numpy as np
    except ImportError:
        return None
    return np


def packed(vector: Sequence[float]) -> bytes | None:
    """*vector*, made one long, as little-endian 16-bit floats; None where it is no vector, or without numpy."""
    np = numpy()
    if np is None:
        return None
    row = np.asarray(vector, dtype="<f4")
    length = float(np.linalg.norm(row)) if row.size else 0.0
    if not length or not np.isfinite(length):
        return None
    return bytes((row / length).astype("<f2").tobytes())


@dataclass(slots=True)
class Shelf:
    """The facts under one key."""

    mark: Any
    """What the store said of them when they were read."""
    facts: list[Fact]
    model: str
    """By which model the vectors are that count."""
    numbers: list[int] = field(default_factory=list)
    """Of the facts that have a vector, in the order of the matrix' rows."""
    matrix: Any = None
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
        np = numpy()
        if np is None or not vectors:
            return
        wide = len(vectors[-1][1])  # of the newest: a model may have changed its mind under the same name
        alike = [(number, vector) for number, vector in vectors if len(vector) == wide]
        self.numbers = [number for number, _ in alike]
        self.matrix = np.frombuffer(b"".join(vector for _, vector in alike), dtype="<f2").reshape(-1, wide // 2)
        self.matrix = self.matrix.astype(np.float32)
        self.size += int(self.matrix.nbytes)

    def nearness(self, vector: Sequence[float], among: Sequence[Fact]) -> tuple[list[int], list[float]]:
        """The numbers of those of *among* that have vectors, and how near to *vector* they are."""
        np = numpy()
        if np is None or self.matrix is None or len(vector) != self.matrix.shape[1]:
            return [], []
        wanted = {fact.id for fact in among}
        rows = [at for at, number in enumerate(self.numbers) if number in wanted]
        if not rows:
            return [], []
        matrix = self.matrix if len(rows) == len(self.numbers) else self.matrix[rows]
        wide = {fact.id for fact in among if is_wide(fact.text)}
        numbers = [self.numbers[at] for at in rows]
        query = np.asarray(vector, dtype=np.float32)
        return numbers, by_meaning(query, matrix, np.array([number in wide for number in numbers]))


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
