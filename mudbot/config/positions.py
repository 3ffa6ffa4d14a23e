"""Where each value of a configuration was written: file and line, option, or environment variable."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Key = tuple[str | int, ...]
"""The way from the root to a value: ``("sessions", 0, "port")``."""


class Positions:
    """Names the place of every value below one point of the configuration.

    ``where("port")`` is ``config.yaml:12``, or the nearest place above when the value was not written at all;
    ``name("port")`` is its full name, ``sessions.0.port``; ``below("plugins", "scenes")`` is the same for a part.
    """

    def __init__(
        self,
        places: Mapping[Key, str] | None = None,
        *,
        prefix: Key = (),
        foreign: Collection[Key] = (),
        spoiled: Collection[Key] = (),
    ) -> None:
        """*places* gives where each full key was written, ``()`` being the whole.

        *foreign* are the keys whose values came from the environment: no message may print those, and they are text
        whatever they should become.  *spoiled* are keys whose problem is reported already.
        """
        self._places = places or {}
        self._prefix = prefix
        self._foreign = foreign
        self._spoiled = spoiled

    def where(self, *path: str | int) -> str:
        """The place of *path*, or of the nearest part of the configuration that holds it."""
        key = self._prefix + path
        for length in range(len(key), -1, -1):
            if place := self._places.get(key[:length]):
                return place
        return "configuration"

    def name(self, *path: str | int) -> str:
        """The full name of *path*, as ``--set`` takes it; empty for the root."""
        return ".".join(str(part) if isinstance(part, int) else shown(part) for part in self._prefix + path)

    def below(self, *path: str | int) -> Positions:
        """The positions of the part at *path*."""
        return Positions(self._places, prefix=self._prefix + path, foreign=self._foreign, spoiled=self._spoiled)

    def foreign(self, *path: str | int) -> bool:
        """Whether the value at *path* came from the environment."""
        return self._prefix + path in self._foreign

    def spoiled(self, *path: str | int) -> bool:
        """Whether a problem of the value at *path* has been reported already."""
        return self._prefix + path in self._spoiled

    def foreign_values(self, data: Any) -> list[str]:
        """The texts that came from the environment in *data*, the values that stand here."""
        if isinstance(data, Mapping):
            return [text for key, value in data.items() for text in self.below(key).foreign_values(value)]
        if isinstance(data, list):
            return [text for index, value in enumerate(data) for text in self.below(index).foreign_values(value)]
        return [data] if isinstance(data, str) and self.foreign() else []

    # Two configurations that say the same on other lines are equal: a reload compares them to see what changed.
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Positions)

    def __hash__(self) -> int:
        return hash(Positions)

    def __repr__(self) -> str:
        return f"<Positions of {self.name() or 'the whole'}: {self.where()}>"


def shown(key: str) -> str:
    """*key* as a message may print it: short, in one line, and without what may be a value by a slip.

    ``api_key:sk-123`` without the space is one long key to YAML; only what stands before the colon is shown.
    """
    head = printable(key.partition(":")[0])
    return head if len(head) <= 40 else head[:39] + "…"


def printable(text: str) -> str:
    """*text* with a sign for every character that could do something to a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
