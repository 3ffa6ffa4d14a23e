"""Which keys a model or dataclass knows, at any point below it: for "did you mean", and for an example of one."""

from __future__ import annotations

import dataclasses
import typing
from enum import Enum
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from mudbot.config.positions import Key
from mudbot.config.units import Duration


def known_keys(model: Any, path: Key) -> set[str]:
    """The keys that may stand in the mapping at *path* of a *model*; all alternatives where there are several."""
    return {name for kind in _at(model, path) for name in _fields(kind)}


def example(model: Any, path: Key) -> str:
    """Something that could stand at *path* of a *model*, as YAML in one line; ``...`` where any text may."""
    found = [_fields(kind).get(str(path[-1])) for kind in _at(model, path[:-1])]
    return next((_sample(annotation, 0) for annotation in found if annotation is not None), "...")


def _at(model: Any, path: Key) -> list[type]:
    """What the mapping at *path* may be made of."""
    kinds = _models(model)
    for part in path:
        below = [inner for kind in kinds for inner in _models(_fields(kind).get(str(part)))]
        kinds = below or kinds  # an index of a list, or a key of a dict: what is inside has the same kind
    return kinds


_SAMPLES = {bool: "true", int: "5", float: "0.5", SecretStr: "${NAME}"}
_DURATION = typing.get_args(Duration)[1]
"""What makes a number a time, whatever else stands beside it."""
_LISTS = (list, tuple, set, frozenset)
_DEEPEST = 5
"""Settings within settings that an example shows: one line must hold it."""


def _sample(annotation: Any, depth: int) -> str:
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if _DURATION in inner:
        return "20s"
    if depth > _DEEPEST or not (inner or isinstance(annotation, type)):
        return "..."
    if origin is typing.Literal:
        return _yaml(inner[0])
    if inner:
        shape = "[{}]" if origin in _LISTS else "{{name: {}}}" if origin is dict else "{}"
        return shape.format(_sample(inner[-1] if origin is dict else inner[0], depth + 1))
    return _sample_of(annotation, depth)


def _sample_of(kind: type, depth: int) -> str:
    if issubclass(kind, Enum):
        return _yaml(next(iter(kind)).value)
    keys = _fields(kind)
    if not keys:
        return _SAMPLES.get(kind, "...")
    wanted = _required(kind) or list(keys)[:1]
    return f"{{{', '.join(f'{key}: {_sample(keys[key], depth + 1)}' for key in wanted)}}}"


def _yaml(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _required(kind: type) -> list[str]:
    if issubclass(kind, BaseModel):
        return [_written(info) or name for name, info in kind.model_fields.items() if info.is_required()]
    assert dataclasses.is_dataclass(kind)
    missing, given = dataclasses.MISSING, [item for item in dataclasses.fields(kind) if item.init]
    return [item.name for item in given if item.default is missing and item.default_factory is missing]


def _models(annotation: Any) -> list[type]:
    """The models and dataclasses in *annotation*, looking through unions, lists and dictionaries."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or dataclasses.is_dataclass(annotation)):
        return [annotation]
    return [found for inner in typing.get_args(annotation) for found in _models(inner)]


def _written(info: FieldInfo) -> str | None:
    alias = info.validation_alias
    return alias if isinstance(alias, str) else None


def _whole(info: FieldInfo) -> Any:
    """The annotation as it was written: pydantic takes what is behind it apart."""
    return typing.Annotated[(info.annotation, *info.metadata)] if info.metadata else info.annotation


def _fields(kind: type) -> dict[str, Any]:
    """Key (the alias where there is one) to annotation."""
    if issubclass(kind, BaseModel):
        return {_written(info) or name: _whole(info) for name, info in kind.model_fields.items()}
    if not dataclasses.is_dataclass(kind):
        return {}
    try:
        hints = typing.get_type_hints(kind, include_extras=True)
    except (NameError, TypeError):  # an annotation that only exists for a type checker
        hints = {}
    return {item.name: hints.get(item.name) for item in dataclasses.fields(kind) if item.init}
