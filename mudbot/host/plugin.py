"""What a plugin author writes against: Plugin and the marks for its methods.

Everything that can be wrong with a declaration is found when the class is made, with the class and method named.
"""

from __future__ import annotations

import inspect
import logging
import re
import typing
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from mudbot.errors import PluginError
from mudbot.events import Disconnected, Gmcp, Line, LoggedIn, Prompt, Speech

if TYPE_CHECKING:
    from mudbot.host.services import Ai, Bot, Mud, Notes

F = TypeVar("F", bound=Callable[..., Any])

NAME = r"\w[\w-]*"
"""What a chat command may be called: the prefix goes before it and a blank, or nothing, behind."""
EVENTS = (Line, Prompt, Gmcp, Speech, LoggedIn, Disconnected)


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a reviewer judges: what somebody asked (``player``) or what a model answered (``model``)."""

    words: str
    source: Literal["player", "model"]
    speaker: str | None = None
    """Who spoke, or who is answered."""


@dataclass(frozen=True, slots=True)
class TriggerMark:
    pattern: re.Pattern[str]
    cooldown: float
    per: str | None
    converters: dict[str, type] = field(default_factory=dict)

    def arguments(self, groups: dict[str, str | None]) -> dict[str, Any]:
        """Groups as the handler wants them: ``gold: int`` arrives as a number."""
        return {k: self.converters[k](v) if k in self.converters and v is not None else v for k, v in groups.items()}


@dataclass(frozen=True, slots=True)
class CommandMark:
    names: tuple[str, ...]
    cooldown: float
    help: str
    """One line for ``!help``: the method's docstring."""
    zh: str = ""
    """The same in Chinese."""

    def described(self, language: str) -> str:
        """The line in *language*, or in English where it has none."""
        return (language == "zh" and self.zh) or self.help


@dataclass(frozen=True, slots=True)
class EveryMark:
    seconds: float


@dataclass(frozen=True, slots=True)
class OnMark:
    kind: type


@dataclass(frozen=True, slots=True)
class ReviewMark:
    pass


Mark = TriggerMark | CommandMark | EveryMark | OnMark | ReviewMark


def trigger(pattern: str, *, cooldown: float = 0, per: str | None = None) -> Callable[[F], F]:
    """Run the method when *pattern* (a Python regular expression) is found in a line.

    Named groups become arguments; one annotated ``int`` or ``float`` arrives as a number.  With *cooldown* (seconds) it
    fires at most that often, and with *per* (a group's name) that often for each value of the group.
    """
    _given("trigger", pattern, str, "a pattern")
    try:
        compiled = re.compile(pattern)
    except re.error as exc:
        raise PluginError(f"@trigger({pattern!r}): not a regular expression: {exc}") from exc
    return _mark(TriggerMark(compiled, cooldown, per))


def command(*names: str, cooldown: float = 0, zh: str = "") -> Callable[[F], F]:
    """Run the method when somebody gives the chat command ``!name``; further *names* are aliases.

    The method takes a Command; the first line of its docstring is its help, *zh* the same in Chinese.  With *cooldown*
    (seconds) each speaker may give it that often.
    """

    for name in names:
        _given("command", name, str, "its name")

    def decorate(func: F) -> F:
        summary = (inspect.getdoc(func) or "").partition("\n")[0]
        return _mark(CommandMark(tuple(n.casefold() for n in names), cooldown, summary, zh))(func)

    return decorate


def every(seconds: float) -> Callable[[F], F]:
    """Run the method every *seconds* while the plugin runs."""
    _given("every", seconds, (int, float), "seconds")
    return _mark(EveryMark(seconds))


def on(kind: type) -> Callable[[F], F]:
    """Run the method for each event of *kind*: Speech, Line, Prompt, Gmcp, LoggedIn or Disconnected.

    The character's own words are never among them.
    """
    if kind not in EVENTS:
        choices = ", ".join(event.__name__ for event in EVENTS)
        raise PluginError(f"@on({getattr(kind, '__name__', kind)}): choose one of {choices}")
    return _mark(OnMark(kind))


def review(func: F) -> F:
    """Let the method judge every text on its way to a model and every answer on its way back.

    It takes a Text and returns None to pass it, or the reason why it must not be sent or said.  Where it raises, the
    text is refused.
    """
    return _mark(ReviewMark())(func)


def _given(mark: str, value: object, kind: type | tuple[type, ...], what: str) -> None:
    # @command without parentheses gets the method itself, and the method would silently never run.
    if not isinstance(value, kind) or isinstance(value, bool):
        place = getattr(value, "__qualname__", repr(value))
        raise PluginError(f"@{mark} on {place} wants {what} in parentheses after it")


def _mark(mark: Mark) -> Callable[[F], F]:
    def decorate(func: F) -> F:
        func.__dict__.setdefault("__mudbot__", []).append(mark)
        return func

    return decorate


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
            kind = typing.get_type_hints(cls, localns={"Mud": Any, "Ai": Any, "Notes": Any, "Bot": Any})["config"]
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
        _check_trigger(mark, func, place, set(takes))
    elif isinstance(mark, EveryMark):
        if not mark.seconds > 0:
            raise PluginError(f"{place} cannot run every {mark.seconds} seconds: write a number above 0")
        if takes:
            raise PluginError(f"{place} runs on a timer: it takes nothing but self, not {takes}")
    elif len(takes) != 1:
        wanted = {CommandMark: "command", OnMark: "event", ReviewMark: "text"}[type(mark)]
        raise PluginError(f"{place} must take self and one more argument, {wanted}; it takes {takes}")


def _check_trigger(mark: TriggerMark, func: Callable[..., Any], place: str, takes: set[str]) -> None:
    groups = set(mark.pattern.groupindex)
    if takes != groups:
        raise PluginError(f"{place} takes {sorted(takes)} but its pattern names {sorted(groups)}")
    if mark.per and mark.per not in groups:
        raise PluginError(f"{place}: per={mark.per!r} is not a group of its pattern")
    try:
        hints = typing.get_type_hints(func)
    except NameError as exc:
        raise PluginError(f"{place}: an annotation names something unknown: {exc}") from exc
    # ``gold: int | None`` belongs to a group that need not be there; None is passed on as it is.
    numbers = {int: int, int | None: int, float: float, float | None: float}
    mark.converters.update({group: numbers[hints[group]] for group in groups if hints.get(group) in numbers})


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
