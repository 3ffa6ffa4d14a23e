"""The marks that a plugin's methods carry: what calls them, and when."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from mudbot.errors import PluginError
from mudbot.events import Disconnected, Gmcp, Line, LoggedIn, Prompt, Speech

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
