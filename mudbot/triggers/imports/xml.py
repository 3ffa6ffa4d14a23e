"""XML into a small tree, with line numbers, and without what XML can be made to do.

expat reads it.  A document type with declarations of its own is refused before anything in it takes effect: no
entities, so nothing is fetched and nothing grows.  A bare ``<!DOCTYPE MudletPackage>``, as Mudlet writes it, says
nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from mudbot.errors import ConfigError, Problem

MAX_DEPTH = 100
"""Elements in one another; folders in folders of real files come to ten."""


@dataclass(slots=True)
class Element:
    """A tag, what is in it, and where it starts."""

    tag: str
    line: int
    attributes: dict[str, str] = field(default_factory=dict)
    children: list[Element] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text directly in it."""
        return "".join(self.parts)

    def child(self, tag: str) -> str:
        """The text of its first child of that tag; empty if there is none."""
        return next((child.text for child in self.children if child.tag == tag), "")

    def all(self, tag: str) -> Iterator[Element]:
        """Every element of that tag below it, and itself."""
        waiting = [self]
        while waiting:
            element = waiting.pop()
            if element.tag == tag:
                yield element
            waiting += reversed(element.children)


def parse(text: str) -> Element:
    """The root of *text*.  Raises ConfigError with the line where it is no XML, or more than is read here."""
    reader = _Reader()
    try:
        reader.parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as exc:
        why = expat.ErrorString(exc.code) or "it is not well formed"
        raise _error(exc.lineno, f"it cannot be read as XML from here on: {why}") from None
    except ValueError as exc:  # an encoding of several bytes that expat was told of
        raise _error(1, f"it cannot be read as XML: {exc}") from None
    assert reader.root is not None  # expat wants one
    return reader.root


def _error(line: int, message: str) -> ConfigError:
    return ConfigError(Problem(f"line {line}", message))


class _Reader:
    def __init__(self) -> None:
        self.root: Element | None = None
        self._open: list[Element] = []
        # The text was decoded already: what the file says of its encoding does not count any more.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._doctype
        self.parser.EntityDeclHandler = self._entity
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text

    def _doctype(self, _name: str, _system: str | None, _public: str | None, internal: int) -> None:
        if internal:
            self._refuse("a document type with declarations of its own is not read: take out <!DOCTYPE ... [ ... ]>")

    def _entity(self, *_: object) -> None:
        self._refuse("entities are not read: take out <!ENTITY ...>")

    def _refuse(self, message: str) -> None:
        raise _error(self.parser.CurrentLineNumber, message)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            self._refuse(f"more than {MAX_DEPTH} elements in one another: this is no trigger file")
        element = Element(tag, self.parser.CurrentLineNumber, attributes)
        if self._open:
            self._open[-1].children.append(element)
        else:
            self.root = element
        self._open.append(element)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        if self._open:
            self._open[-1].parts.append(text)
