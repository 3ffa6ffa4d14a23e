"""Plugin classes made from a text, as their author would write them."""

from __future__ import annotations

import enum
from typing import Annotated, Any, Literal

import pytest

import mudbot
from mudbot import Plugin, PluginError


class Way(enum.Enum):
    NORTH = "north"
    SOUTH_EAST = "southeast"


def declare(body: str, **names: Any) -> type[Plugin]:
    """A plugin class P with this body, in a module that has taken all of mudbot, and *names*."""
    space: dict[str, Any] = {name: getattr(mudbot, name) for name in mudbot.__all__}
    space |= {"Annotated": Annotated, "Any": Any, "Literal": Literal, "Way": Way, "enum": enum, **names}
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    exec(f"class P(Plugin):\n{indented}", space)
    kind: type[Plugin] = space["P"]
    return kind


def mark_of(body: str, **names: Any) -> Any:
    """The first mark of such a class."""
    return declare(body, **names).handlers[0][0]


def mistake(body: str, **names: Any) -> str:
    """What is wrong with such a class."""
    with pytest.raises(PluginError) as caught:
        declare(body, **names)
    return str(caught.value)
