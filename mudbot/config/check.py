"""Plain data to a model or dataclass, every problem with its place."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, SecretStr, TypeAdapter, ValidationError

from mudbot.config.fields import example, known_keys
from mudbot.config.messages import OURS, message, unknown_key
from mudbot.config.positions import Key, Positions
from mudbot.errors import ConfigError, Problem

T = TypeVar("T")

MAX_PROBLEMS = 100
"""Nobody reads more at once; a hostile file could have 100,000, each with a search for the nearest name."""

# Not the owner's mistake but the shadow of another one, which is reported.
_SHADOWS = {"default_factory_not_called"}
_MISSING = {"missing", "missing_argument", "missing_keyword_only_argument"}
_UNKNOWN = {"extra_forbidden", "unexpected_keyword_argument"}
# pydantic's lax mode reads yes, on and 1 as true, true as 1, and "4000" as 4000.
_STRICT = {"bool_type", "int_type", "float_type"}


def validate(model: type[T], data: Mapping[str, Any], where: Positions) -> T:
    """*data* as an instance of *model*, a pydantic model or a dataclass.

    Raises ConfigError with every problem: unknown keys (unless the model itself says ``extra="allow"``), missing ones,
    wrong types.  ``yes`` is no boolean, ``true`` no number and ``"5"`` no number either, except for what came from the
    environment, which is always text.  *where* is ``Positions()`` when nothing is known of places.
    """
    instance, problems = check(model, data, where)
    if problems or instance is None:
        raise ConfigError(*in_order(problems))
    return instance


def check(model: type[T], data: Mapping[str, Any], where: Positions) -> tuple[T | None, list[Problem]]:
    """The instance, or None and why.  Problems of values that are spoiled already are left out."""
    # As JSON, because then a list does for a tuple and a text for a path or an enum even in strict mode.
    text = json.dumps(data, default=str)
    try:
        instance, strict = _attempt(model, text, strict=True)
        if instance is not None:
            return instance, []
        instance, lax = _attempt(model, text, strict=False)
    except _BrokenCheckError as error:
        return None, [Problem(where.where(), f"{_subject(where, ())} {error}")]
    found = [_Found.of(error, data) for error in lax]
    seen = {item.path for item in found}
    stricter = [_Found.of(error, data) for error in strict if error["type"] in _STRICT]
    found += [item for item in stricter if item.path not in seen and not where.foreign(*item.path)]
    if not found:
        return instance, []
    return None, _report(found, model, data, where)


def in_order(problems: list[Problem]) -> list[Problem]:
    """*problems* by file and line, those of options and variables behind; no more than MAX_PROBLEMS are listed."""
    files = {file: number for number, file in enumerate(dict.fromkeys(_file(problem.where) for problem in problems))}

    def place(problem: Problem) -> tuple[bool, int, float]:
        line = _line(problem.where)
        return math.isinf(line), 0 if math.isinf(line) else files[_file(problem.where)], line

    ordered = sorted(dict.fromkeys(problems), key=place)
    if len(ordered) <= MAX_PROBLEMS:
        return ordered
    return [
        *ordered[:MAX_PROBLEMS],
        Problem(ordered[MAX_PROBLEMS].where, "more problems from here on: mend these first"),
    ]


def _file(where: str) -> str:
    return where.rpartition(":")[0]


def _line(where: str) -> float:
    number = re.search(r":(\d+)\Z", where)
    return int(number[1]) if number else float("inf")


def secrets_of(value: Any) -> tuple[str, ...]:
    """Every SecretStr in a model or dataclass, however deep, uncovered; empty ones left out.  For masking in logs."""
    if isinstance(value, SecretStr):
        return (value.get_secret_value(),) if value.get_secret_value() else ()
    inner: list[Any] = []
    if isinstance(value, BaseModel):
        inner = [getattr(value, name) for name in type(value).model_fields]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        inner = [getattr(value, item.name) for item in dataclasses.fields(value)]
    elif isinstance(value, Mapping):
        inner = list(value.values())
    elif isinstance(value, list | tuple | set | frozenset):
        inner = list(value)
    return tuple(dict.fromkeys(secret for item in inner for secret in secrets_of(item)))


class _BrokenCheckError(Exception):
    """The model cannot check anything; the message says why."""


def _attempt(model: type[T], text: str, *, strict: bool) -> tuple[T | None, list[Any]]:
    settings = getattr(model, "model_config", None) or getattr(model, "__pydantic_config__", None) or {}
    try:
        adapter = TypeAdapter(model)
        return adapter.validate_json(text, strict=strict, extra=None if "extra" in settings else "forbid"), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_input=False)
    except Exception as error:  # noqa: BLE001 - code of a plugin's author; what it says may print a secret
        kind = type(error).__name__
        raise _BrokenCheckError(f"cannot be checked: {model.__name__} raised {kind}, its author's mistake") from None


@dataclasses.dataclass(frozen=True, slots=True)
class _Found:
    """One of pydantic's errors at its place in the data."""

    path: Key
    value: Any
    error: Mapping[str, Any]
    branch: bool
    """Whether it is about one alternative of a union."""

    @property
    def minor(self) -> bool:
        return self.branch or self.error["type"] == "too_short"

    @classmethod
    def of(cls, error: Mapping[str, Any], data: Any) -> _Found:
        """Follow pydantic's location as far as it is in *data*; it also names alternatives, which are not."""
        path: list[str | int] = []
        node, branch = data, False
        for part in error["loc"]:
            index = isinstance(node, list) and isinstance(part, int) and part < len(node)
            if index or (isinstance(node, Mapping) and part in node):
                node = node[part]
                path.append(part)
            else:
                branch = True
        if error["type"] in _MISSING:
            path.append(error["loc"][-1])
        return cls(tuple(path), node, error, branch)


def _report(found: list[_Found], model: Any, data: Any, where: Positions) -> list[Problem]:
    above = {item.path[:length] for item in found for length in range(len(item.path))}
    groups: dict[Key, list[_Found]] = {}
    for item in found:
        if item.error["type"] not in _SHADOWS and not where.spoiled(*item.path):
            groups.setdefault(item.path, []).append(item)
    # Where one alternative of a union came closer, its problem is inside and the others are noise; and a list whose
    # entries are wrong has not too few of them.
    noise = {path for path in above & groups.keys() if all(item.minor for item in groups[path])}
    paths = [path for path in groups if path not in noise]
    paths.sort(key=lambda path: _line(where.where(*path)))
    words = _Words(model, where, where.foreign_values(data))
    return [Problem(where.where(*path), words.of(groups[path])) for path in paths[: MAX_PROBLEMS + 1]]


@dataclasses.dataclass(frozen=True, slots=True)
class _Words:
    """Says in one line all that is wrong at one place."""

    model: Any
    where: Positions
    foreign: list[str]

    def of(self, group: list[_Found]) -> str:
        path, kind = group[0].path, group[0].error["type"]
        if kind in _UNKNOWN:
            above = self.where.name(*path[:-1])
            return (f"{above}: " if above else "") + unknown_key(str(path[-1]), known_keys(self.model, path[:-1]))
        if kind in _MISSING:
            return f"{_subject(self.where, path)} is missing: write '{path[-1]}: {example(self.model, path)}'"
        said = list(dict.fromkeys(map(self._predicate, group)))
        if len(said) > 1 and all(text.startswith("must be ") for text in said):
            said = ["must be " + " or ".join(text.partition(":")[0].removeprefix("must be ") for text in said)]
        joint = " " if kind in OURS else ": "  # an author's message is a sentence of its own
        return f"{_subject(self.where, path)}{joint}{said[0]}"

    def _predicate(self, item: _Found) -> str:
        text = message(item.error, item.value, foreign=self.where.foreign(*item.path))
        if item.error["type"] in OURS:
            return text
        for value in self.foreign:  # an author's own message may print the value it refuses
            if len(value) > 2:  # shorter ones are in every sentence, and guard nothing
                text = text.replace(value, "…")
        return text


def _subject(where: Positions, path: Key) -> str:
    return where.name(*path) or "the configuration"
