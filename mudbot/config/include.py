"""``triggers:`` with the files that it includes, as one list."""

from __future__ import annotations

import functools
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mudbot.config.check import check
from mudbot.config.files import text_of
from mudbot.config.positions import Key, Positions, printable, shown
from mudbot.config.triggers import TriggerConfig, TriggerFile
from mudbot.errors import ConfigError, Problem

MAX_BYTES = 16 << 20
"""Of an included file.  Ten thousand triggers, as clients' files that are imported have them, are two megabytes; the
configuration itself, which people write, keeps its own bound."""
MAX_NODES = 2_000_000
"""Values in it, aliases expanded: ten thousand triggers are a hundred and fifty thousand."""
MAX_TRIGGERS = 100_000
"""In all files together."""
MAX_DEEP = 8
"""Files that include each other in a row; more is a mistake."""

_KNOWN = frozenset(TriggerConfig.model_fields)
_STAND_IN = {"text": "-", "gag": True}
"""A sound trigger in the place of what is none, so that the others keep their numbers."""


@dataclass(slots=True)
class Source:
    """A list of triggers as it was written, and where."""

    items: list[Any]
    folder: Path
    places: Mapping[Key, str]
    """Keys begin with ``triggers`` and the number of the entry."""
    spoiled: Collection[Key] = ()
    foreign: Collection[Key] = ()

    @property
    def positions(self) -> Positions:
        """The places, for problems."""
        return Positions(self.places, foreign=self.foreign, spoiled=self.spoiled)


@dataclass(slots=True)
class Listing:
    """All triggers, in their order, and what is wrong."""

    root: Path
    """The configuration's folder: places in files within it are told from there."""
    salvage: bool = False
    """Whether the sound triggers of a file are wanted though others in it are not."""
    triggers: list[TriggerConfig] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _names: dict[str, str] = field(default_factory=dict)
    _files: dict[Path, str] = field(default_factory=dict)
    """Every file that was included, and where."""
    _open: list[Path] = field(default_factory=list)

    def take(self, source: Source) -> None:
        """Add the triggers of *source*, those of its files where it includes them."""
        made, places = self._made(source), _places_of(source)
        for index, item in enumerate(source.items):
            if _includes(item):
                self._include(source, index, item)
                continue
            if isinstance(item, dict) and isinstance(name := item.get("name"), str):
                self._called(name, places[index].get("name", ""))
            if made[index] is not None:
                self.triggers.append(made[index].placed(places[index]))
        if len(self.triggers) > MAX_TRIGGERS:
            where = self.triggers[MAX_TRIGGERS].where()
            self._problem(where, f"more than {MAX_TRIGGERS:,} triggers in all from here on: leave some out")
            del self.triggers[MAX_TRIGGERS:]

    def _called(self, name: str, where: str) -> None:
        if name in self._names:
            first = self._names[name]
            self._problem(where, f"two triggers have the name '{shown(name)}', the first at {first}: give each its own")
        self._names.setdefault(name, where)

    def _made(self, source: Source) -> list[Any]:
        items = [_STAND_IN if _includes(item) else _with_values(item) for item in source.items]
        made, found = check(TriggerFile, {"triggers": items}, source.positions)
        self.problems += found
        if made is not None:
            return list(made.triggers)
        if not self.salvage:
            return [None] * len(items)
        single = (check(TriggerFile, {"triggers": [item]}, Positions())[0] for item in items)
        return [one and one.triggers[0] for one in single]

    # -- files -----------------------------------------------------------------------------------------------------

    def _include(self, source: Source, index: int, item: dict[str, Any]) -> None:
        where = source.positions.where("triggers", index, "include")
        written = item["include"]
        if others := [key for key in item if key != "include"]:
            message = f"an include stands alone: take {printable(str(others[0]))[:40]} out, or write the trigger there"
            self._problem(source.positions.where("triggers", index, others[0]), message)
        elif not isinstance(written, str) or not written.strip():
            self._problem(where, "include must be the path of a file, such as combat.yaml")
        else:
            try:
                path = source.folder / Path(written).expanduser()
                self._read(path, path.resolve(), where)
            except (RuntimeError, OSError, ValueError):  # ~nobody, a circle of links, a path that none can be
                self._problem(where, "include: no file can have this name: check the path")

    def _read(self, path: Path, real: Path, where: str) -> None:
        name = self._shown(path)
        if real in self._open:
            way = " -> ".join(self._shown(each) for each in self._open[self._open.index(real) :])
            self._problem(where, f"include: {name} would be within itself ({way} -> {name}): take it out")
        elif real in self._files:
            self._problem(where, f"include: {name} is included already at {self._files[real]}: once is enough")
        elif len(self._open) >= MAX_DEEP:
            self._problem(where, f"include: more than {MAX_DEEP} files within each other: include {name} further up")
        else:
            self._files[real] = where
            self._open.append(real)
            if (inner := self._source(path, name, where)) is not None:
                self.take(inner)
            self._open.pop()

    def _source(self, path: Path, name: str, where: str) -> Source | None:
        from mudbot.config.document import parse

        missing = "its path starts from the folder of the file that includes it"
        try:
            text = text_of(path, missing, MAX_BYTES, example="triggers.yaml")
        except ConfigError as exc:
            for problem in exc.problems:
                in_it = problem.where.startswith(f"{printable(path.name)}:")  # with its line, or the whole file
                place = f"{name}:{problem.where.rpartition(':')[2]}" if in_it else where
                self._problem(place, problem.message if in_it else f"include: {name}: {problem.message}")
            return None
        document = parse(text, functools.lru_cache(maxsize=64)(lambda line: f"{name}:{line}"), MAX_NODES)
        self.problems += document.problems
        data, places, spoiled = document.data, document.places, document.spoiled
        if data is None:  # nothing but comments, or not to be read at all
            return None
        if isinstance(data, list):
            places = {("triggers", *key): place for key, place in places.items()}
            spoiled = {("triggers", *key) for key in spoiled}
            data = {"triggers": data}
        if not isinstance(data, dict) or not isinstance(data.get("triggers") or [], list) or len(data) != 1:
            self._not_a_list(data, Positions(places, spoiled=spoiled), name)
            return None
        return Source(data.get("triggers") or [], path.parent, places, spoiled)

    def _not_a_list(self, data: Any, positions: Positions, name: str) -> None:
        if isinstance(data, dict):
            found = check(TriggerFile, {**data, "triggers": []} if "triggers" not in data else data, positions)[1]
            self.problems += found
            if found:
                return
        self._problem(f"{name}:1", "must be a list of triggers (each begins with a dash), or have one under triggers:")

    def _shown(self, path: Path) -> str:
        """*path* as problems tell it: from the configuration's folder if it is in there."""
        plain, root = os.path.normpath(path.absolute()), os.path.normpath(self.root.absolute())
        inside = os.path.commonpath([plain, root]) == root
        return printable(os.path.relpath(plain, root) if inside else plain)

    def _problem(self, where: str, message: str) -> None:
        self.problems.append(Problem(where, message))


def _includes(item: Any) -> bool:
    return isinstance(item, dict) and "include" in item


def _with_values(item: Any) -> Any:
    """*item* without the keys that have nothing behind them: their owner means the default."""
    if not isinstance(item, dict):
        return item
    return {key: value for key, value in item.items() if value is not None or key not in _KNOWN}


def _places_of(source: Source) -> list[dict[str, str]]:
    """For each entry where it was written, under the empty key, and where each of its keys was."""
    found: list[dict[str, str]] = [{} for _ in source.items]
    for key, place in source.places.items():
        if 2 <= len(key) <= 3 and key[0] == "triggers" and isinstance(key[1], int) and key[1] < len(found):
            found[key[1]][str(key[2]) if len(key) == 3 else ""] = place
    return found
