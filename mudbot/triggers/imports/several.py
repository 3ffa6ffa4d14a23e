"""Patterns on several lines: their groups told apart by names, for numbers are each pattern's own."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from mudbot.triggers.imports.found import NotCarriedError
from mudbot.triggers.imports.pcre import Regex, keys_of, name_groups

_OURS = re.compile(r"\(\?P<(p\d+_\d+)>")
_BACK = re.compile(r"\\[1-9]|\(\?P=|\(\?\(")


@dataclass(slots=True)
class Several:
    """Patterns for ``all_of``."""

    sources: list[str]
    """With a name for each group: ``p2_1`` is the first of the second pattern."""
    names: list[dict[int, str]]
    """For each pattern the number of a group to its name."""
    running: dict[str, str] = field(default_factory=dict)
    """The groups counted through all patterns, and those that had names, to their names."""

    def running_group(self, name: str) -> str:
        """The placeholder for a group that is counted through all patterns.  Raises NotCarriedError."""
        if name not in self.running:
            raise NotCarriedError(f"its patterns have no %{name}")
        return f"{{{self.running[name]}}}"

    def entries(self, wanted: Collection[str]) -> list[object]:
        """The value of ``all_of``: names that nobody asks for are taken off, and what is plain is said plainly."""
        found: list[object] = []
        for source in self.sources:
            bare = _OURS.sub(lambda group: group[0] if group[1] in wanted else "(", source)
            keys = keys_of(Regex(bare))
            found.append(keys.get("pattern", keys))
        return found


def several(sources: Sequence[str]) -> Several:
    """Name the groups of *sources*, regular expressions of Python that are not verbose."""
    found = Several([], [])
    for number, source in enumerate(sources, 1):
        named, names = name_groups(source, {n: f"p{number}_{n}" for n in range(1, 100)})
        found.sources.append(named)
        found.names.append(names)
        for name in names.values():
            found.running[str(len(found.running) + 1)] = name
    found.running |= {name: name for name in [*found.running.values()] if not re.fullmatch(r"p\d+_\d+", name)}
    return found


def refers_back(source: str) -> bool:
    """Whether a pattern asks for one of its own groups: put together with others that may be another one."""
    return bool(_BACK.search(source))
