"""What a plugin author writes against: the Plugin class.

Everything that can be wrong with a declaration is found when the class is made, with the class and method named.
"""

from __future__ import annotations

import inspect
import logging
import re
import typing
from typing import TYPE_CHECKING, Any, ClassVar

from mudbot.errors import PluginError
from mudbot.host.marks import NAME, CommandMark, EveryMark, Mark, OnMark, ReviewMark, TriggerMark

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.host.ai import Ai
    from mudbot.host.bot import Bot, Notes
    from mudbot.host.mud import Mud


class Plugin:
    """Subclass this once a file.  One instance runs for each session; the host sets the attributes before ``start``."""

    name: str = ""
    config: Any = None
    """The plugin's settings: annotate it with a dataclass or pydantic model and they are checked when it loads."""
    language: str = "en"
    """Language of the texts that are said in game: ``en`` or ``zh``."""
    mud: Mud
    ai: Ai
    notes: Notes
    bot: Bot
    log: logging.Logger
    clock: Clock
    concurrency: ClassVar[int] = 1
    """How many events it works on at the same time."""
    handlers: ClassVar[tuple[tuple[Mark, str], ...]] = ()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.handlers = tuple(
            (mark, name)
            for name, func in inspect.getmembers(cls, inspect.isfunction)
            for mark in getattr(func, "__mudbot__", ())
        )
        for mark, name in cls.handlers:
            _check(cls, mark, name)
        _check_names(cls)

    def __repr__(self) -> str:
        return f"<plugin {self.name}>"

    @classmethod
    def config_type(cls) -> type | None:
        """The class of its settings, or None if it has none."""
        try:
            kind = typing.get_type_hints(cls, localns={"Mud": Any, "Ai": Any, "Notes": Any, "Bot": Any, "Clock": Any})[
                "config"
            ]
        except NameError as exc:
            raise PluginError(f"{cls.__name__}: an annotation names something unknown: {exc}") from exc
        return kind if isinstance(kind, type) and kind is not Any else None  # Any is a class as well

    async def start(self) -> None:
        """Called once before the first event; ``self.config`` is ready."""

    async def stop(self) -> None:
        """Called once after the last event."""


def _check(cls: type[Plugin], mark: Mark, name: str) -> None:
    func = getattr(cls, name)
    place = f"{cls.__name__}.{name}"
    if not inspect.iscoroutinefunction(func):
        raise PluginError(f"{place} must be 'async def'")
    takes = list(inspect.signature(func).parameters)[1:]
    if isinstance(mark, TriggerMark):
        mark.bind(func, place, set(takes))
    elif isinstance(mark, EveryMark):
        if not mark.seconds > 0:
            raise PluginError(f"{place} cannot run every {mark.seconds} seconds: write a number above 0")
        if takes:
            raise PluginError(f"{place} runs on a timer: it takes nothing but self, not {takes}")
    elif len(takes) != 1:
        wanted = {CommandMark: "command", OnMark: "event", ReviewMark: "text"}[type(mark)]
        raise PluginError(f"{place} must take self and one more argument, {wanted}; it takes {takes}")


def _check_names(cls: type[Plugin]) -> None:
    taken: dict[str, str] = {}
    for mark, method in cls.handlers:
        if not isinstance(mark, CommandMark):
            continue
        place = f"{cls.__name__}.{method}"
        if not mark.names:
            raise PluginError(f"{place} wants the command's name: @command({method!r})")
        for name in mark.names:
            if not re.fullmatch(NAME, name):
                raise PluginError(f"{place}: nobody can give the command {name!r}: use letters, digits, _ and -")
            if taken.setdefault(name, place) != place:
                raise PluginError(f"{place}: the command {name!r} is {taken[name]}'s already")
