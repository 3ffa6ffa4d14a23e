"""The configuration while its layers are put together: plain data, and where each value came from."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from mudbot.config.positions import Key, Positions, printable, shown
from mudbot.errors import Problem

MAX_DEPTH = 50
"""Nesting, in a file or by a key path; the deepest key of the configuration itself has six levels."""

Fold = Callable[[str], str]


class PathError(LookupError):
    """A key path leads nowhere; the message is the remedy."""


class Draft:
    """Data that later layers change.  A layer that is higher comes later and wins."""

    def __init__(self, data: dict[str, Any], places: dict[Key, str]) -> None:
        self.data = data
        self.places = places
        self.foreign: set[Key] = set()
        """Values from the environment: text, never read as anything else, never printed."""
        self.spoiled: set[Key] = set()
        self.problems: list[Problem] = []

    def put(self, key: Key, value: Any, where: str) -> None:
        """Replace what stands at *key*, which ``locate`` gave.  Raises PathError where nothing can stand."""
        target: Any = self.data
        for length in range(1, len(key)):
            target = self._enter(target, key[:length], where)
        target[key[-1]] = value
        for known in (self.places, self.foreign, self.spoiled):
            for old in [old for old in known if old[: len(key)] == key]:
                known.pop(old) if isinstance(known, dict) else known.discard(old)
        self.places[key] = where

    def positions(self) -> Positions:
        """The places as they stand now."""
        return Positions(self.places, foreign=self.foreign, spoiled=self.spoiled)

    def problem(self, key: Key, message: str) -> None:
        """Note a problem of the value at *key*."""
        self.problems.append(Problem(self.positions().where(*key), message))
        self.spoiled.add(key)

    def _enter(self, target: Any, key: Key, where: str) -> Any:
        """What is at the end of *key* in *target*, a mapping made for it where there is nothing."""
        part = key[-1]
        if isinstance(part, str) and target.get(part) is None:
            target[part] = {}
            self.places[key] = where
        inner = target[part]
        if isinstance(inner, str) and key[:2] == ("api", "models") and len(key) == 3:
            target[part] = {"name": inner}  # the short form; now its endpoint can be set beside it
            if key in self.foreign:
                self.foreign.add((*key, "name"))
        elif not isinstance(inner, dict | list):
            name = ".".join(map(str, key))
            raise PathError(f"{name} has no keys below it: it is one value")
        return target[part]


def locate(draft: Draft, parts: Sequence[str], *, folded: bool = False) -> Key:
    """The key that *parts* of a path lead to, existing or not.

    Under ``sessions`` a part is an index or a session's name, which may hold dots and so be several parts.  *folded*
    is for environment variables: existing keys match in upper case with ``_`` for every sign, new ones are lower case.
    Raises PathError where a list has no such entry.
    """
    if len(parts) > MAX_DEPTH or not all(printable(part) == part for part in parts):
        raise PathError("this is no key path: write names with dots between them, such as web.port")
    key: Key = ()
    node: Any = draft.data
    rest = list(parts)
    while rest:
        if isinstance(node, list):
            index, used = _entry(draft, key, node, rest, _fold if folded else str)
            key, node, rest = (*key, index), node[index], rest[used:]
        else:
            name = _name(node, rest[0], folded=folded)
            key, node, rest = (*key, name), node.get(name) if isinstance(node, dict) else None, rest[1:]
    return key


def _name(node: Any, part: str, *, folded: bool) -> str:
    if not folded:
        return part
    known: dict[str, str] = {_fold(name): name for name in node} if isinstance(node, dict) else {}
    return known.get(part, part.lower())


def _entry(draft: Draft, key: Key, node: list[Any], rest: list[str], fold: Fold) -> tuple[int, int]:
    """The index in the list *node* at *key*, and how many parts of *rest* said it."""
    if re.fullmatch(r"[0-9]{1,6}", rest[0]):
        if int(rest[0]) < len(node):
            return int(rest[0]), 1
        raise PathError(f"{'.'.join(map(str, key))} has no entry {rest[0]}: there are {len(node)}, counted from 0")
    if key != ("sessions",):
        raise PathError(f"{'.'.join(map(str, key))} is a list: name its entry by number, the first is 0")
    names = {name: index for index, item in enumerate(node) if (name := session_name(item)) is not None}
    spoken = {fold(name): index for name, index in names.items()}
    for used in range(len(rest), 0, -1):
        if (index := spoken.get(".".join(rest[:used]))) is not None:
            return index, used
    told = [shown(name) for name, i in names.items() if not draft.foreign & {(*key, i, "name"), (*key, i, "host")}]
    listed = f"there are {', '.join(told[:10])}; " if told else ""
    raise PathError(f"there is no session '{shown(rest[0])}': {listed}a number does as well, the first is 0")


def session_name(item: Any) -> str | None:
    """What a session that was written as *item* is called, if that can be told."""
    if not isinstance(item, dict):
        return None
    name, host = item.get("name"), item.get("host")
    if isinstance(name, str):
        return name
    return default_name(host) if isinstance(host, str) and name is None else None


def default_name(host: str) -> str:
    """A session's name when none is given: its host, with ``-`` for signs that no name may have."""
    return "".join(c if c.isalnum() or c in "._-" else "-" for c in host)


def _fold(name: str) -> str:
    return re.sub(r"\W", "_", name).upper()
