"""Which keys a model or dataclass knows, at any point below it: for "did you mean"."""

from __future__ import annotations

import dataclasses
import typing
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from mudbot.config.positions import Key


def known_keys(model: Any, path: Key) -> set[str]:
    """The keys that may stand in the mapping at *path* of a *model*; all alternatives where there are several."""
    kinds = _models(model)
    for part in path:
        below = [inner for kind in kinds for inner in _models(_fields(kind).get(str(part)))]
        kinds = below or kinds  # an index of a list, or a key of a dict: what is inside has the same kind
    return {name for kind in kinds for name in _fields(kind)}


def _models(annotation: Any) -> list[type]:
    """The models and dataclasses in *annotation*, looking through unions, lists and dictionaries."""
    if isinstance(annotation, type) and (issubclass(annotation, BaseModel) or dataclasses.is_dataclass(annotation)):
        return [annotation]
    return [found for inner in typing.get_args(annotation) for found in _models(inner)]


def _written(info: FieldInfo) -> str | None:
    alias = info.validation_alias
    return alias if isinstance(alias, str) else None


def _fields(kind: type) -> dict[str, Any]:
    """Key (the alias where there is one) to annotation."""
    if issubclass(kind, BaseModel):
        return {_written(info) or name: info.annotation for name, info in kind.model_fields.items()}
    if not dataclasses.is_dataclass(kind):
        return {}
    try:
        hints = typing.get_type_hints(kind)
    except (NameError, TypeError):  # an annotation that only exists for a type checker
        hints = {}
    return {item.name: hints.get(item.name) for item in dataclasses.fields(kind) if item.init}
