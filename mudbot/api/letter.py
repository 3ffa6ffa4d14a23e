"""A call, written out: its body in bytes, once for all its attempts, and its name in messages."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any, Generic, TypeVar

from pydantic_core import to_json

from mudbot.api.calls import Call, Upload
from mudbot.api.types import Answer
from mudbot.api.ways import Way
from mudbot.api.wire.failures import Place
from mudbot.errors import BadRequestError

_A = TypeVar("_A", bound=Answer)

# For what the five times faster to_json does not take.
_write = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

_BY_ID = frozenset({"files", "models", "engines", "fine-tunes"})
"""Roots below which an id follows."""


@lru_cache(maxsize=1024)
def shape(method: str, path: str) -> str:
    """The endpoint, *path* without the ids in it: ``GET /files/{id}/content``.  Calls are counted and limited by it."""
    parts = path.split("/")
    at = 3 if path.startswith("/fine_tuning/jobs/") else 2 if parts[1] in _BY_ID and len(parts) > 2 else 0
    if at:
        parts[at] = "{id}"
    return f"{method} {'/'.join(parts)}"


class Letter(Generic[_A]):
    """*call* as it is sent.  Raises BadRequestError for parameters that cannot be written."""

    __slots__ = ("_bodies", "call", "endpoint", "lane")

    def __init__(self, call: Call[_A]) -> None:
        if call.model is not None and not isinstance(call.model, str):
            raise BadRequestError(f"{call.method} {call.path}: model must be a name, not {type(call.model).__name__}")
        self.call = call
        self.endpoint = shape(call.method, call.path)
        """Method and path without ids."""
        self.lane = f"{self.endpoint} {call.model}" if call.model else self.endpoint
        """The name of the limit at the server that it falls under: providers count by endpoint and model."""
        self._bodies: dict[str | None, bytes] = {}

    def __repr__(self) -> str:
        return f"<Letter {self.lane}>"

    def model_at(self, way: Way) -> str | None:
        """What the model is called there."""
        model, names = self.call.model, way.server.models
        return names.get(model, model) if model is not None and names else model

    def body(self, model: str | None) -> bytes | None:
        """The JSON of the parameters without those that are None.

        Half a surrogate pair, as broken MUD text may hold, becomes ``?``.
        """
        call = self.call
        if call.body is None:
            return None
        if model in self._bodies:
            return self._bodies[model]
        params = {name: value for name, value in call.body.items() if value is not None}
        if model is not None and "model" in params:
            params["model"] = model
        found = self._bodies[model] = self._written(params)
        return found

    def _written(self, params: dict[str, Any]) -> bytes:
        try:
            found = to_json(params)
            if b"NaN" not in found and b"Infinity" not in found:  # numbers that JSON has not, or text about them
                return found
        except ValueError:  # half a surrogate pair, or something that is no JSON
            pass
        try:
            return _write(params).encode("utf-8", "replace")
        except (TypeError, ValueError, RecursionError) as error:
            fault = str(error)
        raise BadRequestError(
            f"{self.endpoint}: its parameters cannot be written as JSON ({fault}): give text, numbers, lists and dicts"
        )

    def fields(self, model: str | None) -> tuple[tuple[str, str], ...]:
        """The parameters as fields of a form: ``a[b]`` for what is in a dict, ``a[]`` for what is in a list."""
        body: Mapping[str, Any] = self.call.body or {}
        given = {name: value for name, value in body.items() if value is not None}
        if model is not None and "model" in given:
            given["model"] = model
        return tuple(_fields(given))

    def uploads(self) -> tuple[tuple[str, Upload], ...]:
        """The files of a form; of several under one name each gets it with ``[]``."""
        found: list[tuple[str, Upload]] = []
        for name, given in (self.call.files or {}).items():
            if isinstance(given, list):
                found += [(f"{name}[]", upload) for upload in given]
            else:
                found.append((name, given))
        return tuple(found)

    def place(self, way: Way) -> Place:
        """Its name in messages."""
        call = self.call
        return way.place(call.method, call.path, self.model_at(way))


def _fields(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, value in given.items():
        if isinstance(value, Mapping):
            yield from _fields({f"{name}[{key}]": inner for key, inner in value.items()})
        elif isinstance(value, list | tuple):
            yield from ((f"{name}[]", _field(inner)) for inner in value)
        elif value is not None:
            yield name, _field(value)


def _field(value: Any) -> str:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    return _write(value)
