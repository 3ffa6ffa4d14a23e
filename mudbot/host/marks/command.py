"""``@command``: a method for a chat command such as ``!roll 2d6``."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Never, get_args

from mudbot.errors import PluginError, UsageError, nearest
from mudbot.events import Command
from mudbot.host.arguments import MISSING, Slot, slot_of
from mudbot.host.marks.base import F, given, method_of, place_of, put, refuse_unfit, refuse_unknown, seconds
from mudbot.host.marks.usage import answer as told
from mudbot.host.marks.usage import arguments, usage_of

NAME = r"\w[\w-]*"
"""What a chat command may be called: the prefix goes before it and a blank, or nothing, behind."""
Role = Literal["anyone", "trusted", "owner"]
"""Who may give a command, from the least to the most: an owner is trusted too."""

_KNOWN = ("cooldown", "zh", "role", "usage")
_UNFIT: dict[str, tuple[Any, str]] = {
    "zh": (str, "a text in quotes"),
    "usage": (str | Mapping, "a text in quotes, or one for each language: {'en': ..., 'zh': ...}"),
}


@dataclass(slots=True)
class _Plan:
    """How a method is called."""

    command: bool = False
    """Whether the Command comes first."""
    slots: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class CommandMark:
    """A method is called when somebody gives a chat command."""

    names: tuple[str, ...]
    cooldown: float
    help: str
    """One line for ``!help``: the method's docstring."""
    zh: str = ""
    """The same in Chinese."""
    role: Role = "anyone"
    """Who may give it."""
    written: Mapping[str, str] = field(default_factory=dict, repr=False)
    """What its author says of its arguments in place of what is made of the signature, by language."""
    plan: _Plan = field(default_factory=_Plan, repr=False, compare=False)

    def described(self, language: str) -> str:
        """The line in *language*, or in English where it has none."""
        return (language == "zh" and self.zh) or self.help

    def usage(self, language: str = "en", prefix: str = "!", name: str = "") -> str:
        """How it is given: ``!roll [dice] [times=1]``, by *name* or by the first there is, in Chinese the last."""
        own = self.names[-1] if language == "zh" else self.names[0]
        behind = self.written.get(language) or self.written.get("en") or usage_of(self.plan.slots, language)
        return f"{prefix}{name or own} {behind}".rstrip()

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where nobody can give it, or the method of *cls* cannot be called with words."""
        _, place, takes = method_of(cls, name)
        if not self.names:
            raise PluginError(f"{place} wants the command's name: @command({name!r})")
        for alias in self.names:
            if not re.fullmatch(NAME, alias):
                raise PluginError(f"{place}: nobody can give the command {alias!r}: use letters, digits, _ and -")
        self.plan.command = bool(takes) and _is_command(takes[0])
        wordy = takes[1:] if self.plan.command else takes
        for each in wordy:
            _check_kind(each, place)
        self.plan.slots = tuple(slot_of(each, place) for each in wordy if each.kind is not each.KEYWORD_ONLY)
        for slot in self.plan.slots[:-1]:
            if slot.kind.rest:
                raise PluginError(f"{place}: {slot.name} takes all that is left: move it behind the others")

    def arguments(self, command: Command, *, language: str = "en", prefix: str = "!") -> list[Any]:
        """What the method is called with.  Raises UsageError where the words do not fit, in *language*."""
        if self.plan.command and not self.plan.slots:  # it reads ``command.rest`` itself
            return [command]
        usage = self.usage(language, prefix, command.name)
        values = arguments(self.plan.slots, command.rest, usage, language)
        return [command, *values] if self.plan.command else values

    async def call(self, method: Callable[..., Any], command: Command) -> None:
        """Call *method*, a plugin's, with what *command* says; a text that it returns is the answer, a list its lines.

        Raises UsageError, with what is to be answered, where the words do not fit.
        """
        plugin: Any = getattr(method, "__self__", None)
        language = getattr(plugin, "language", "en")
        prefix = getattr(getattr(plugin, "bot", None), "prefix", "!")
        try:
            answer = await method(*self.arguments(command, language=language, prefix=prefix))
        except UsageError as exc:
            if str(exc):
                raise
            usage = self.usage(language, prefix, command.name)
            raise UsageError(told(usage, "", language)) from None
        for line in answer if isinstance(answer, list | tuple) else [answer]:
            if inspect.isawaitable(line):
                raise PluginError(f"!{command.name} returned what it did not wait for: write await before the call")
            if not isinstance(line, str | None):
                raise PluginError(f"!{command.name} returned {line!r:.60}: return a text, a list of texts, or nothing")
            if line:
                await plugin.mud.reply(command, line)


def _is_command(parameter: inspect.Parameter) -> bool:
    return parameter.annotation is Command or (parameter.name == "command" and parameter.annotation is MISSING)


def _check_kind(parameter: inspect.Parameter, place: str) -> None:
    name = parameter.name
    if parameter.annotation is Command:
        raise PluginError(f"{place}: {name} is the Command: move it before the other arguments")
    if parameter.kind is parameter.VAR_KEYWORD:
        raise PluginError(f"{place}: words have no names, so nothing fills **{name}: leave it away, or take *{name}")
    if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is MISSING:
        raise PluginError(f"{place}: no word fills {name}, which stands behind a *: move it before, or give a default")


def command(
    *names: str,
    cooldown: float | str = 0,
    zh: str = "",
    role: Role = "anyone",
    usage: str | Mapping[str, str] = "",
    **unknown: Never,
) -> Callable[[F], F]:
    """Run the method when somebody gives the chat command ``!name``; further *names* are aliases.

    Its first argument is the Command, if it wants it; the others are the words behind the name, converted to what they
    are annotated with: ``str`` (quotation marks keep blanks together), ``int``, ``float``, ``bool`` (on, off), an Enum,
    a Literal, or a class of your own with ``parse(cls, text)``, which raises ValueError for a text that does not fit;
    the first line of its docstring is what players are told it is.  One with a default need not be given.
    ``*words: str`` takes all words that are left, ``text: Rest`` all that is left as it was typed.  Where the
    words do not fit, the player is told the usage, which is made from the signature unless *usage* says it.  A text
    that the method returns is the answer; so is a list of lines.  Where an ApiError or HttpError leaves it, the player
    is told that it cannot be found out just now, and nothing has failed.

    The first line of its docstring is its help, *zh* the same in Chinese.  With *cooldown* (seconds, or ``5m``) each
    speaker may give it that often, owners as often as they like.  A command with the *role* ``owner`` or ``trusted``
    exists only for those whose login ids are in ``sessions[].owners`` or ``.trusted``, and only in private.
    """
    for name in names:
        given("command", name, str, "its name")

    def decorate(func: F) -> F:
        refuse_unknown("command", func, unknown, _KNOWN)
        refuse_unfit("command", func, {"zh": zh, "usage": usage}, _UNFIT)
        place, roles = place_of(func), get_args(Role)
        if role not in roles:
            hint = nearest(str(role), roles)
            raise PluginError(f"@command on {place}: role {role!r} is none: choose one of {', '.join(roles)}{hint}")
        try:
            rest = seconds(cooldown)
        except ValueError as exc:
            raise PluginError(f"@command on {place}: cooldown={cooldown!r}: {exc}") from None
        if not 0 <= rest < float("inf"):
            raise PluginError(f"@command on {place}: cooldown={cooldown!r}: write a number above 0, or leave it away")
        summary = (inspect.getdoc(func) or "").partition("\n")[0]
        written = {"en": usage} if isinstance(usage, str) else dict(usage)
        called = tuple(dict.fromkeys(each.casefold() for each in names))
        shown = int(cooldown) if isinstance(cooldown, int) else rest
        return put("command", func, CommandMark(called, shown, summary, zh, role, written))

    return decorate
