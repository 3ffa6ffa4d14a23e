"""The marks that a plugin's methods carry: what calls them, and when."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict, TypeVar, Unpack, get_args

from mudbot.errors import PatternError, PluginError, nearest
from mudbot.events import Disconnected, Gmcp, Line, LoggedIn, Prompt, Speech
from mudbot.triggers.trigger import Color, Kind, Pattern, Trigger

F = TypeVar("F", bound=Callable[..., Any])

NAME = r"\w[\w-]*"
"""What a chat command may be called: the prefix goes before it and a blank, or nothing, behind."""
EVENTS = (Line, Prompt, Gmcp, Speech, LoggedIn, Disconnected)


_KINDS: dict[str, Kind] = {"pattern": "regex", "text": "text", "glob": "glob", "exact": "exact"}


class TriggerOptions(TypedDict, total=False):
    """What any trigger may have besides its pattern."""

    cooldown: float
    """Seconds for which it does not fire again."""
    per: str
    """The group for each value of which the cooldown is counted."""
    when: str
    """A condition on what the MUD told by GMCP or MSDP and on the groups: ``hp < 30``."""
    priority: int
    """The higher the earlier; equal ones go in the order of the plugins, and of the names of their methods."""
    stop: bool
    """Where it fires, no trigger behind it does on this line, whichever plugin it is of."""
    count: int
    """How often it fires at most."""
    group: str
    """What it is switched on and off with: ``combat/heal`` is off with ``combat``."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that a reviewer judges: what somebody asked (``player``) or what a model answered (``model``)."""

    words: str
    source: Literal["player", "model"]
    speaker: str | None = None
    """Who spoke, or who is answered."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What a trigger of the configuration is to do now, groups filled in.  The commands are safe to send."""

    trigger: str
    """Its name."""
    commands: tuple[str, ...] = ()
    reply: str | None = None
    prompt: str | None = None
    """To ask the model."""
    speech: Speech | None = None
    """What it was found in, where that is somebody's speech."""


Role = Literal["anyone", "owner"]


@dataclass(frozen=True, slots=True)
class TriggerMark:
    trigger: Trigger
    sessions: frozenset[str] = frozenset()
    """The sessions in which it is looked for; empty for all."""
    converters: dict[str, type] = field(default_factory=dict)

    def bind(self, func: Callable[..., Any], place: str, takes: set[str]) -> None:
        """Note how *func*, which *takes* these arguments, wants numbers.

        Raises PluginError naming its *place* where it does not take what the pattern finds.
        """
        groups = {name for pattern in self.trigger.patterns for name in pattern.compiled().groupindex}
        if takes != groups:
            raise PluginError(f"{place} takes {sorted(takes)} but its pattern names {sorted(groups)}")
        try:
            hints = typing.get_type_hints(func)
        except NameError as exc:
            raise PluginError(f"{place}: an annotation names something unknown: {exc}") from exc
        # ``gold: int | None`` belongs to a group that need not be there; None is passed on as it is.
        numbers = {int: int, int | None: int, float: float, float | None: float}
        self.converters.update({group: numbers[hints[group]] for group in groups if hints.get(group) in numbers})

    def arguments(self, groups: Mapping[str, str]) -> dict[str, Any]:
        """Named groups as the handler wants them: ``gold: int`` arrives as a number, one that took no part as None."""
        names = [name for pattern in self.trigger.patterns for name in pattern.compiled().groupindex]
        found = {name: groups.get(name) for name in names}
        return {k: self.converters[k](v) if k in self.converters and v is not None else v for k, v in found.items()}


@dataclass(frozen=True, slots=True)
class CommandMark:
    names: tuple[str, ...]
    cooldown: float
    help: str
    """One line for ``!help``: the method's docstring."""
    zh: str = ""
    """The same in Chinese."""
    role: Role = "anyone"
    """Who may give it."""

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


def trigger(  # noqa: PLR0913  # keywords of a decorator: each is one thing that an author may say
    pattern: str | None = None,
    *,
    text: str | None = None,
    glob: str | None = None,
    exact: str | None = None,
    all_of: Sequence[str | Mapping[str, str] | Pattern] = (),
    lines: int | None = None,
    ignore_case: bool = False,
    prompt: bool = False,
    color: str | Mapping[str, str] = "",
    session: str | Sequence[str] = (),
    **options: Unpack[TriggerOptions],
) -> Callable[[F], F]:
    """Run the method when something is found in a line: *pattern*, a Python regular expression, or one of

    - *text* that the line contains, *exact*: the whole line, *glob*: the whole line, ``*`` standing for anything;
    - *all_of*: several patterns, found on consecutive lines in this order, or with *lines* all within so many lines.

    Named groups become arguments; one annotated ``int`` or ``float`` arrives as a number.  With *prompt* it looks at
    prompts, not at lines.  *color* is what the match looks like (``bright green``), or each of some groups.  *session*
    names the sessions in which it is looked for.  See ``TriggerOptions`` for the rest.
    """
    given = {"pattern": pattern, "text": text, "glob": glob, "exact": exact}
    chosen = {name: value for name, value in given.items() if value is not None}
    if len(chosen) + bool(all_of) != 1:
        raise PluginError("@trigger wants one of a pattern, text=, glob=, exact= and all_of= in parentheses after it")
    for value in chosen.values():
        _given("trigger", value, str, "a pattern")
    flags = int(re.IGNORECASE) if ignore_case else 0
    single = [Pattern(value, _KINDS[name], flags) for name, value in chosen.items()]
    several = [_one_of(each, flags) for each in all_of]
    colors = {"": color} if isinstance(color, str) else color

    def decorate(func: F) -> F:
        try:
            made = Trigger(
                patterns=(*single, *several),
                lines=lines,
                on="prompt" if prompt else "line",
                colors=tuple((group, Color.of(value)) for group, value in colors.items() if value),
                **options,
            )
            made.check()
        except (PatternError, TypeError) as exc:
            raise PluginError(f"@trigger on {func.__qualname__}: {_said(exc, options)}") from exc
        return _mark(TriggerMark(made, frozenset([session] if isinstance(session, str) else session)))(func)

    return decorate


def _one_of(given: str | Mapping[str, str] | Pattern, flags: int) -> Pattern:
    """An entry of ``all_of``: a regular expression, or one of text, glob and exact."""
    if isinstance(given, Mapping):
        if len(given) != 1 or not given.keys() <= _KINDS.keys():
            raise PluginError(f"@trigger: all_of: write a pattern or one of {', '.join(_KINDS)}, not {dict(given)}")
        ((kind, text),) = given.items()
        return Pattern(text, _KINDS[kind], flags)
    return given if isinstance(given, Pattern) else Pattern(given, flags=flags)


def _said(exc: Exception, options: Mapping[str, Any]) -> str:
    known = TriggerOptions.__annotations__.keys()
    wrong = next((name for name in options if name not in known), None)
    return f"there is no {wrong}={nearest(wrong, known)}" if wrong else str(exc)


def command(*names: str, cooldown: float = 0, zh: str = "", role: Role = "anyone") -> Callable[[F], F]:
    """Run the method when somebody gives the chat command ``!name``; further *names* are aliases.

    The method takes a Command; the first line of its docstring is its help, *zh* the same in Chinese.  With *cooldown*
    (seconds) each speaker may give it that often.  A command with the *role* ``owner`` exists only for those whose
    login ids are in ``sessions[].owners``, and only in private.
    """
    if role not in get_args(Role):
        raise PluginError(f"@command: role {role!r} is none: choose one of {', '.join(get_args(Role))}")

    for name in names:
        _given("command", name, str, "its name")

    def decorate(func: F) -> F:
        summary = (inspect.getdoc(func) or "").partition("\n")[0]
        return _mark(CommandMark(tuple(n.casefold() for n in names), cooldown, summary, zh, role))(func)

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
