"""Answers as values: what a model is told of a type, and what it wrote read as one.  Pure.

Imports pydantic, so it is imported where an answer is asked for as a value.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any, Generic, TypeVar, get_args

from pydantic import PydanticUserError, TypeAdapter, ValidationError
from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation

from mudbot.errors import PluginError

T = TypeVar("T")

MAX_MISTAKES = 10
"""Mistakes that are named; a model that makes more has not understood the first."""
MAX_TRIED = 50
"""Places in an answer at which JSON is looked for."""
MAX_LENGTH = 200_000
"""Characters of an answer that are read."""
VALUE = "value"
"""The key under which what is no object is asked for: servers that take a schema want an object."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_FENCE = re.compile(r"```[\w-]*[ \t]*\n?(.*?)(?:```|\Z)", re.DOTALL)
_TRAILING = re.compile(r'("(?:\\.|[^"\\])*")|,(?=\s*[}\]])')


class Mistakes(ValueError):  # noqa: N818  # of the model's
    """What a model wrote is not what was asked for; the message says why, a line each, without what it wrote."""


class Form(Generic[T]):
    """A type that a model is asked to answer with: a dataclass, a pydantic model, an Enum, a list of them."""

    def __init__(self, kind: type[T]) -> None:
        """Raises PluginError for a type that JSON cannot be read as."""
        try:
            self._adapter: TypeAdapter[T] = TypeAdapter(kind)
            schema = self._adapter.json_schema()
        except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError) as exc:
            said = str(exc).partition("\n")[0]
            raise PluginError(f"into={_name(kind)}: a model's answer cannot be read as that: {said}") from exc
        self.name = _name(kind)
        self.schema, self.wrapped = _rooted(schema)
        self.strict = _tighten(self.schema)
        """Whether the schema is one that a server can hold a model to, letter by letter."""

    def __repr__(self) -> str:
        return f"<Form {self.name}>"

    @property
    def response_format(self) -> dict[str, Any]:
        """The parameter of a chat by which a server holds the model to it."""
        name = re.sub(r"\W+", "_", self.name)[:64].strip("_") or "answer"
        return {"type": "json_schema", "json_schema": {"name": name, "schema": self.schema, "strict": self.strict}}

    @property
    def words(self) -> str:
        """The same, asked for in words."""
        schema = json.dumps(self.schema, ensure_ascii=False, separators=(",", ":"))
        return f"Answer with one JSON object and nothing else. It must fit this JSON Schema: {schema}"

    def read(self, text: str) -> T:
        """The value in *text*, whatever stands around it.  Raises Mistakes."""
        first: Mistakes | None = None
        for found in found_json(text):
            try:
                return self._value(found)
            except Mistakes as exc:
                first = first or exc
        if self.wrapped:  # a word of an Enum, without the quotes
            with contextlib.suppress(Mistakes):
                return self._value(text.strip().strip("\"'`.。"))
        raise first or Mistakes("there is no JSON in it")

    def _value(self, found: Any) -> T:
        """*found* as it was asked for, or without the object around it that some models leave out."""
        if self.wrapped and isinstance(found, dict) and found.keys() == {VALUE}:
            found = found[VALUE]
        try:
            return self._adapter.validate_python(found)
        except ValidationError as exc:
            raise Mistakes("\n".join(_told(exc))) from None
        except RecursionError:
            raise Mistakes("it is nested too deeply") from None


# -- reading -----------------------------------------------------------------------------------------------------------


def found_json(text: str) -> Iterator[Any]:
    """Every JSON value in *text*, the likeliest first: all of it, what stands in fences, what stands between words."""
    text = _THOUGHT.sub("", text[:MAX_LENGTH]).strip()
    for part in (text, *(found[1].strip() for found in _FENCE.finditer(text))):
        for written in (part, _TRAILING.sub(lambda found: found[1] or "", part)):
            try:
                yield json.loads(written)
            except (ValueError, RecursionError):
                continue
            break
    yield from _embedded(text)


def _embedded(text: str) -> Iterator[Any]:
    """Objects and lists in the midst of words, the outermost of each."""
    reader, at, tried = json.JSONDecoder(), 0, 0
    while (found := re.compile(r"[{\[]").search(text, at)) is not None and tried < MAX_TRIED:
        tried += 1
        try:
            value, at = reader.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            at = found.start() + 1
        else:
            yield value


def _told(exc: ValidationError) -> Iterator[str]:
    errors = exc.errors(include_url=False, include_input=False, include_context=False)
    for error in errors[:MAX_MISTAKES]:
        place = ".".join(str(part) for part in error["loc"])
        yield f"{place}: {error['msg']}" if place else error["msg"]
    if len(errors) > MAX_MISTAKES:
        yield f"and {len(errors) - MAX_MISTAKES} more"


# -- asking ------------------------------------------------------------------------------------------------------------


def _name(kind: Any) -> str:
    """``Quest``, ``list[Quest]``: without the modules."""
    if isinstance(kind, type) and not get_args(kind):
        return kind.__name__
    return re.sub(r"[\w.]*\.(?=\w)", "", str(kind))


def _rooted(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """*schema* with an object at its root, and whether it took one around it.

    What has its root among its definitions, a type that holds itself, is written out once more at the root.
    """
    definitions = schema.get("$defs", {})
    root = schema
    if "$ref" in schema:
        root = {**definitions[schema["$ref"].rpartition("/")[2]]}
    if root.get("type") == "object":
        return {**root, **({"$defs": definitions} if definitions else {})}, False
    inner = {key: value for key, value in schema.items() if key != "$defs"}
    made: dict[str, Any] = {"type": "object", "properties": {VALUE: inner}, "required": [VALUE]}
    return made | ({"$defs": definitions} if definitions else {}), True


def _tighten(schema: Any) -> bool:
    """Have every object of *schema* hold its properties, all of them and no others, as strict servers want it.

    Returns whether that can be: a table with any keys has no such schema.  Defaults are left out, which servers refuse.
    """
    strict = True
    if isinstance(schema, list):
        return _all_tight(schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object":
        if "properties" in schema and not schema.get("additionalProperties"):
            schema["additionalProperties"] = False
            schema["required"] = list(schema["properties"])
        else:
            strict = False
    schema.pop("default", None)
    schema.pop("title", None)
    for key, inner in schema.items():
        if key in ("properties", "$defs"):  # names of the author's, which may be title or default
            strict = _all_tight(inner.values()) and strict
        elif key not in ("enum", "const", "required", "examples"):
            strict = _tighten(inner) and strict
    return strict


def _all_tight(schemas: Iterable[Any]) -> bool:
    tight = [_tighten(each) for each in schemas]  # every one, whatever the first is
    return all(tight)
