"""YAML text to plain data, with the place of every value and every trap refused.

PyYAML is used for its events only: what a scalar means, which keys are allowed and how far aliases may expand is
decided here, so nothing of YAML's tags, dates, octal numbers or bombs reaches the configuration.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from mudbot.config.draft import MAX_DEPTH
from mudbot.config.positions import Key, shown
from mudbot.config.scalars import Scalar, TrapError, plain
from mudbot.config.syntax import explain
from mudbot.errors import Problem

MAX_BYTES = 1 << 20
"""A thousand sessions with all their keys are a third of this."""
MAX_NODES = 100_000
"""Values after expansion of aliases; a "billion laughs" document has 10^9."""

# What YAML 1.1 calls printable; \ud800-\udfff, lone halves of characters, are out.
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HALF = re.compile("[\ud800-\udfff]")
_LOADER: type[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Namer = Callable[[int], str]
"""From a line, counted from 1, to what a problem calls it: ``config.yaml:12``."""


@dataclass(slots=True)
class Document:
    """What was read: ``data`` is None when nothing usable could be."""

    data: Any = None
    places: dict[Key, str] = field(default_factory=dict)
    spoiled: set[Key] = field(default_factory=set)
    """Values that a problem stands for already; the data have an empty text there."""
    problems: list[Problem] = field(default_factory=list)
    block: bool = False
    """Whether the whole is a collection in block style (over lines), not in brackets."""


def parse(text: str, namer: Namer, most: int = MAX_NODES, *, loader: type[Any] = _LOADER) -> Document:
    """Read *text*, one YAML document.  Never raises: ``problems`` says what is wrong, a syntax error last.

    *most* is how many values it may have.
    """
    document = Document()
    if found := _CONTROL.search(text):
        line = text.count("\n", 0, found.start()) + 1
        remedy = f"the character U+{ord(found[0]):04X} does not belong in a text file: delete it"
        document.problems.append(Problem(namer(line), remedy))
        return document
    reader = _Reader(namer, document.problems, most)
    try:
        root = reader.document(yaml.parse(text, Loader=loader))
    except _Stop:
        return document
    except yaml.YAMLError as error:
        line, message = explain(error, text)
        document.problems.append(Problem(namer(line), message))
        return document
    except (ValueError, OverflowError):  # the pure Python scanner on \UFFFFFFFF and on %YAML 1.<5000 digits>
        document.problems.append(Problem(namer(1), "holds a number or character code that is out of range"))
        return document
    document.block = root.block
    _flatten(root, (), namer, document)
    return document


@dataclass(slots=True)
class _Node:
    line: int
    value: Scalar | list[_Node] | dict[str, tuple[int, _Node]]
    size: int = 1
    """Values in it, itself included, aliases expanded."""
    height: int = 1
    block: bool = False
    spoiled: bool = False


class _Stop(Exception):  # noqa: N818 - a signal, not an error: the problem has been noted
    """The rest of the document cannot be read."""


def _flatten(node: _Node, key: Key, namer: Namer, into: Document) -> None:
    """Turn nodes into data; an alias becomes a copy, so that each use of it has its own place."""
    into.places.setdefault(key, namer(node.line))
    into.data = _plain_data(node, key, namer, into)


def _plain_data(node: _Node, key: Key, namer: Namer, into: Document) -> Any:
    if node.spoiled:
        into.spoiled.add(key)
    if isinstance(node.value, dict):
        mapping = {}
        for name, (line, child) in node.value.items():
            into.places[*key, name] = namer(line)
            mapping[name] = _plain_data(child, (*key, name), namer, into)
        return mapping
    if isinstance(node.value, list):
        items = []
        for index, child in enumerate(node.value):
            into.places[*key, index] = namer(child.line)
            items.append(_plain_data(child, (*key, index), namer, into))
        return items
    return node.value


class _Reader:
    """Builds nodes from events, noting problems as it goes."""

    def __init__(self, namer: Namer, problems: list[Problem], most: int) -> None:
        self._namer, self._most = namer, most
        self._problems = problems
        self._anchors: dict[str, _Node] = {}
        self._total = 0

    def document(self, events: Iterator[yaml.Event]) -> _Node:
        """The one document of a stream."""
        self._events = events
        root: _Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._stop(event, "a second document starts here (---): keep one")
                root = self._node(next(events), 1)
        return root or _Node(1, None)

    def _node(self, event: yaml.Event, depth: int) -> _Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        if depth > MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels")
        before = self._total
        self._count(event, 1)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._mapping(event, depth)
        node.size = self._total - before
        tag = getattr(event, "tag", None)
        if tag not in (None, "!", "tag:yaml.org,2002:str"):
            node.spoiled |= self._problem(event, "tags (!name) have no meaning here: write the value alone")
        if anchor := getattr(event, "anchor", None):
            self._anchors[anchor] = node
        return node

    def _alias(self, event: yaml.Event, depth: int) -> _Node:
        node = self._anchors.get(getattr(event, "anchor", ""))
        if node is None:
            self._problem(event, "this alias (*name) names no complete value above it: check its anchor (&name)")
            return _Node(_line(event), "", spoiled=True)
        self._count(event, node.size)
        if depth + node.height > MAX_DEPTH:
            self._stop(event, f"nested deeper than {MAX_DEPTH} levels through aliases")
        return _Node(_line(event), node.value, node.size, node.height, node.block, node.spoiled)

    def _scalar(self, event: yaml.ScalarEvent) -> _Node:
        text = str(event.value)
        if event.style or event.tag or not event.implicit[0]:  # quoted, a block of text, or tagged as text
            if _HALF.search(text):
                self._problem(event, "half of a character (\\ud800 to \\udfff): write the character itself")
                return _Node(_line(event), "", spoiled=True)
            return _Node(_line(event), text)
        try:
            return _Node(_line(event), plain(text))
        except TrapError as trap:
            self._problem(event, str(trap))
            return _Node(_line(event), "", spoiled=True)

    def _sequence(self, event: yaml.Event, depth: int) -> _Node:
        items: list[_Node] = []
        node = _Node(_line(event), items, block=not getattr(event, "flow_style", False))
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._node(event, depth + 1))
        node.height = 1 + max((item.height for item in items), default=0)
        return node

    def _mapping(self, event: yaml.Event, depth: int) -> _Node:
        entries: dict[str, tuple[int, _Node]] = {}
        node = _Node(_line(event), entries, block=not getattr(event, "flow_style", False))
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            name = self._key(event, self._node(event, depth + 1), entries)
            value = self._node(next(self._events), depth + 1)
            node.height = max(node.height, 1 + value.height)
            if name is not None:
                entries[name] = (_line(event), value)
        return node

    def _key(self, event: yaml.Event, node: _Node, taken: dict[str, tuple[int, _Node]]) -> str | None:
        """The key, or None where it is refused: a problem is noted then."""
        name = node.value
        if node.spoiled:
            return None
        if not isinstance(name, str):
            self._problem(event, "a key must be text: put it in quotes")
        elif name == "<<":
            self._problem(event, "merge keys (<<) are not read here: write the keys out")
        elif name in taken:
            first = self._namer(taken[name][0])
            self._problem(event, f"the key '{shown(name)}' is here twice, first at {first}: delete one of them")
        else:
            return name
        return None

    def _count(self, event: yaml.Event, more: int) -> None:
        self._total += more
        if self._total > self._most:
            self._stop(event, f"more than {self._most:,} values, aliases expanded: make it smaller")

    def _problem(self, event: yaml.Event, message: str) -> bool:
        self._problems.append(Problem(self._namer(_line(event)), message))
        return True

    def _stop(self, event: yaml.Event, message: str) -> None:
        self._problem(event, message)
        raise _Stop


def _line(event: yaml.Event) -> int:
    mark = event.start_mark
    return int(mark.line) + 1 if mark else 1
