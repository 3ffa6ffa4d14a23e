"""``@trigger``: a method for what is found in a line."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, Unpack

from mudbot.errors import PatternError, PluginError, nearest
from mudbot.events import Line, Lines, Page, Prompt, Speech
from mudbot.host.arguments import MISSING, Slot, parameters_of, slot_of
from mudbot.host.marks.base import F, given, method_of, place_of, put, refuse_unfit, refuse_unknown, seconds
from mudbot.host.marks.patterns import KINDS, colors_of, patterns_of
from mudbot.triggers.trigger import Pattern, Trigger

log = logging.getLogger(__name__)


class TriggerOptions(TypedDict, total=False):
    """What any trigger may have besides its pattern."""

    cooldown: float | str
    """Seconds for which it does not fire again, or ``5m``."""
    per: str
    """The group for each value of which the cooldown is counted."""
    when: str
    """A condition on what the MUD told by GMCP or MSDP and on the groups: ``hp < 30``."""
    priority: int
    """The higher the earlier; equal ones go in the order of the plugins, and of the methods in their class."""
    stop: bool
    """Where it fires, no trigger behind it does on this line, whichever plugin it is of."""
    count: int
    """How often it fires at most."""
    group: str
    """What it is switched on and off with: ``combat/heal`` is off with ``combat``."""


_NAMED = (*KINDS, "all_of", "lines", "ignore_case", "prompt", "color", "session", "example")
_KNOWN = (*_NAMED, *TriggerOptions.__annotations__)
_UNFIT: dict[str, tuple[Any, str]] = {
    "per": (str, "the name of a group"),
    "when": (str, "a condition in quotes"),
    "priority": (int, "a whole number"),
    "stop": (bool, "True or False"),
    "count": (int, "a whole number"),
    "group": (str, "a name in quotes"),
    "lines": (int | None, "a whole number"),
    "ignore_case": (bool, "True or False"),
    "prompt": (bool, "True or False"),
    "color": (str | Mapping, "a colour in quotes, or one for each of some groups"),
    "session": (str | Sequence, "a session's name, or a list of them"),
    "example": (str | Sequence, "a line, or a list of them"),
}
_ASKED: dict[str, tuple[tuple[object, ...], str]] = {
    "line": ((MISSING, Any, object, Line, Line | None), "line: Line"),
    "prompt": ((MISSING, Any, object, Prompt, Prompt | None), "prompt: Prompt"),
    "speech": ((MISSING, Any, object, Speech | None), "speech: Speech | None"),
    "groups": ((MISSING, Any, object, Mapping[str, str], dict[str, str], Mapping, dict), "groups: Mapping[str, str]"),
}
"""What a method may ask for besides groups: how it may be annotated, and how it is written best."""


@dataclass(slots=True)
class _Plan:
    """How a method is called."""

    slots: dict[str, Slot] = field(default_factory=dict)
    """By group."""
    asked: frozenset[str] = frozenset()
    others: bool = False
    """Whether it takes all other groups: ``**others``."""


@dataclass(frozen=True, slots=True)
class TriggerMark:
    """A method of a plugin's, or another function, is called when *trigger* fires."""

    trigger: Trigger
    sessions: frozenset[str] = frozenset()
    """The sessions in which it is looked for; empty for all."""
    examples: tuple[str, ...] = ()
    """Lines that it must find."""
    plan: _Plan = field(default_factory=_Plan, repr=False, compare=False)

    def check(self, cls: type, name: str) -> None:
        """Raise PluginError where the method of *cls* cannot be called with what the pattern finds."""
        _, place, takes = method_of(cls, name)
        self._plan(takes, place)

    def bind(self, func: Callable[..., Any], place: str) -> None:
        """The same for a function, or a method of an instance, at its *place*."""
        self._plan(parameters_of(func, place), place)

    def _plan(self, takes: list[inspect.Parameter], place: str) -> None:
        groups = {name for pattern in self.trigger.patterns for name in pattern.compiled().groupindex}
        self.plan.others = any(each.kind is each.VAR_KEYWORD for each in takes)
        takes = [each for each in takes if each.kind is not each.VAR_KEYWORD]
        asked = [each for each in takes if each.name in _ASKED and each.name not in groups]
        named = [each for each in takes if each not in asked]
        wanting = [each.name for each in named if each.default is MISSING and each.name not in groups]
        left = sorted(groups - {each.name for each in named}) if not self.plan.others else []
        if wanting or left:
            raise PluginError(_mismatch(place, sorted(each.name for each in named), sorted(groups), wanting))
        for each in takes:
            if each.kind in (each.POSITIONAL_ONLY, each.VAR_POSITIONAL):
                raise PluginError(
                    f"{place}: groups arrive by name, {each.name} cannot: leave away its * or the / behind it"
                )
        for each in asked:
            self._check_asked(each, place)
        self.plan.asked = frozenset(each.name for each in asked)
        self.plan.slots = {each.name: slot_of(each, place) for each in named if each.name in groups}
        for example in self.examples:
            self._try(example, place)

    def _check_asked(self, parameter: inspect.Parameter, place: str) -> None:
        name = parameter.name
        absent = {"line": "prompt", "prompt": "line"}.get(name)
        if absent == self.trigger.on:
            raise PluginError(f"{place} is called for a {absent}: take {absent}, not {name}")
        fitting, written = _ASKED[name]
        if parameter.annotation not in fitting:
            raise PluginError(f"{place}: no group is called {name}, so it is {written}: annotate it so, or rename it")

    # -- calling ---------------------------------------------------------------------------------------------------

    def arguments(self, groups: Mapping[str, str]) -> dict[str, Any]:
        """Named groups as the handler wants them: ``gold: int`` arrives as a number.

        One that took no part is the parameter's default, or else None.  Raises ValueError, naming the group, for a text
        that is not what the handler is annotated with.
        """
        found: dict[str, Any] = {}
        for name, slot in self.plan.slots.items():
            text = groups.get(name)
            if text is not None:
                try:
                    found[name] = slot.kind.read(text)
                except ValueError as exc:
                    raise ValueError(f"{name} is {text[:60]!r}: {exc}; it wants {slot.kind.name}") from None
            elif slot.default is MISSING:
                found[name] = None
        if self.plan.others:
            names = {name for pattern in self.trigger.patterns for name in pattern.compiled().groupindex}
            found |= {name: groups.get(name) for name in names - self.plan.slots.keys()}
        return found

    async def call(
        self,
        method: Callable[..., Any],
        groups: Mapping[str, str],
        event: Line | Prompt | None = None,
        speech: Speech | None = None,
    ) -> None:
        """Call *method* with what was found in *event*, and the *speech* that this is, if it is somebody's.

        Where a group is not what the method is annotated with, it is not called; the log says so at debug level.
        """
        try:
            arguments = self.arguments(groups)
        except ValueError as exc:
            log.debug("%s is not called: %s", place_of(method), exc)
            return
        asked = {"line": event, "prompt": event, "speech": speech, "groups": groups}
        await method(**arguments, **{name: asked[name] for name in self.plan.asked})

    # -- examples --------------------------------------------------------------------------------------------------

    def _try(self, example: str, place: str) -> None:
        """Raise PluginError where *example* is not found, or its groups are not what the method wants."""
        found = self._search(example)
        if found is None:
            patterns = " / ".join(map(str, self.trigger.patterns))
            raise PluginError(
                f"{place}: its pattern {patterns} does not find its example {example!r}: mend one of them"
            )
        try:
            self.arguments(found)
        except ValueError as exc:
            raise PluginError(f"{place}: example {example!r}: {exc}") from None

    def _search(self, example: str) -> Mapping[str, str] | None:
        """The groups that are found in *example*, a line or several; colours, conditions and counts apart."""
        from mudbot.triggers.engine import Engine

        engine: Engine[None] = Engine(backend="auto")
        engine.add(replace(self.trigger, on="line", when="", colors=(), cooldown=0.0, count=None, group=""), None)
        fired: list[Mapping[str, str]] = []
        lines = [Line(text) for text in example.split("\n")]
        engine.feed(Lines(Page.of(lines)), lambda firing: fired.append(firing.groups), 0.0)
        return fired[0] if fired else None


def _mismatch(place: str, takes: list[str], groups: list[str], wanting: list[str]) -> str:
    hint = nearest(wanting[0], [*groups, *_ASKED]) if wanting else ""
    if "match" in wanting:
        hint = "; for all that was found, numbered groups too, take groups: Mapping[str, str]"
    remedy = "write a group (?P<name>...) for each parameter, and a parameter for each group"
    return f"{place} takes {takes} but its pattern names {groups}{hint or '; ' + remedy}"


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
    example: str | Sequence[str] = (),
    **options: Unpack[TriggerOptions],
) -> Callable[[F], F]:
    """Run the method when something is found in a line: *pattern*, a Python regular expression, or one of

    - *text* that the line contains, *exact*: the whole line, *glob*: the whole line, ``*`` standing for anything;
    - *all_of*: several patterns, found on consecutive lines in this order, or with *lines* all within so many lines.

    Named groups become arguments, converted to what they are annotated with: ``int``, ``float``, ``bool`` (on, off), an
    Enum, a Literal, each ``| None`` for a group that need not be there; where a text cannot be converted, the method is
    not called.  A method may also ask for ``line: Line`` (``prompt: Prompt`` with *prompt*), ``speech: Speech | None``:
    what the line is, if somebody said it, and ``groups: Mapping[str, str]``: all groups by name and by number.

    With *prompt* it looks at prompts, not at lines.  *color* is what the match looks like (``bright green``), or each
    of some groups.  *session* names the sessions in which it is looked for.  *example* is a line that it must find, or
    a list of them (lines of one example with ``\\n`` between): checked when the class is made.  See ``TriggerOptions``
    for the rest.
    """
    if pattern is not None:
        given("trigger", pattern, str, "a pattern")
    single = {"pattern": pattern, "text": text, "glob": glob, "exact": exact}

    def decorate(func: F) -> F:
        refuse_unknown("trigger", func, options, _KNOWN)
        named = {"lines": lines, "ignore_case": ignore_case, "prompt": prompt}
        refuse_unfit(
            "trigger", func, {**options, **named, "color": color, "session": session, "example": example}, _UNFIT
        )
        rest: dict[str, Any] = {name: value for name, value in options.items() if name != "cooldown"}
        try:
            made = Trigger(
                patterns=patterns_of(single, all_of, ignore_case=ignore_case),
                lines=lines,
                on="prompt" if prompt else "line",
                colors=colors_of(color),
                cooldown=_cooldown(options.get("cooldown", 0.0)),
                **rest,
            )
            made.check()
            mark = TriggerMark(made, frozenset(_texts("session", session)), _texts("example", example))
        except (PatternError, TypeError) as exc:
            raise PluginError(f"@trigger on {place_of(func)}: {exc}") from exc
        return put("trigger", func, mark)

    return decorate


def _cooldown(value: object) -> float:
    try:
        return seconds(value)
    except ValueError as exc:
        raise PatternError(f"cooldown={value!r}: {exc}") from None


def _texts(option: str, given_: str | Sequence[str]) -> tuple[str, ...]:
    """What an author gave: one text, or several."""
    texts = [given_] if isinstance(given_, str) else given_
    for each in texts:
        if not isinstance(each, str):
            raise PatternError(f"{option}= wants {_UNFIT[option][1]}, not {each!r}")
    return tuple(filter(None, texts))
