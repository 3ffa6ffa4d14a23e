"""``triggers:`` of a configuration: what they look for, what they do, and how groups get into it.  Pure.

The value of a group is a player's or the MUD's text.  In a reply it is words, and passes the gate as words.  In a
command it could be a command of its own, so there only plain names and numbers may stand, and never where the MUD
looks for the command itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mudbot.config.triggers import PatternConfig, TriggerConfig
from mudbot.errors import GateError, PatternError, Problem, nearest
from mudbot.triggers.condition import Condition
from mudbot.triggers.tree import Node, parse
from mudbot.triggers.trigger import Color, Kind, Pattern, Trigger, groups_of

MAX_VALUE = 60
"""Characters of a group in a command: names of people and things have fewer."""
MOST, WITHIN, REST = 10, 10.0, 60.0
"""A trigger without a cooldown acts so often within so many seconds, then rests for so many: what it says may make the
MUD say what it looks for."""

_PLACE = re.compile(r"\{\{|\}\}|\{(\w+)\}|[{}]")
_KIND: dict[str, Kind] = {"pattern": "regex", "text": "text", "glob": "glob", "exact": "exact"}
_SEPARATORS = re.compile(r"[;|&^%\\]")
"""What parts two commands on one line, on some MUD."""


class Template:
    """A text with places for groups: ``Hello, {who}!``; ``{{`` and ``}}`` are braces."""

    __slots__ = ("_pieces", "groups", "text")

    def __init__(self, text: str) -> None:
        """Raises PatternError for a brace that is none of these."""
        self.text = text
        self._pieces: list[tuple[str, str | None]] = []  # a text, and the group behind it
        before, at = "", 0
        for place in _PLACE.finditer(text):
            before += text[at : place.start()]
            at = place.end()
            if place[1]:
                self._pieces.append((before, place[1]))
                before = ""
            elif len(place[0]) == 2:
                before += place[0][0]
            else:
                raise PatternError(f"{text!r}: the {place[0]} stands alone: write {place[0] * 2} for a brace")
        self._pieces.append((before + text[at:], None))
        self.groups = tuple(dict.fromkeys(group for _, group in self._pieces if group is not None))
        """The groups that it asks for."""

    def __repr__(self) -> str:
        return f"<Template {self.text!r}>"

    def fill(self, groups: Mapping[str, str]) -> str:
        """The text with *groups* put in; one that took no part is empty."""
        return "".join(text + (groups.get(group, "") if group else "") for text, group in self._pieces)

    def command(self, groups: Mapping[str, str]) -> str:
        """The same, as a command.  Raises GateError for a value that is no plain name or number."""
        for group in self.groups:
            if not harmless(value := groups.get(group, "")):
                raise GateError(f"{self.text!r}: {_unfit(group, value)}")
        return self.fill(groups)

    def verbs(self) -> Iterator[str]:
        """The groups that stand where a MUD may look for the command itself."""
        said = ""
        for text, group in self._pieces:
            said += text
            # Behind a separator a new command begins; its first word is its own.
            if group is not None and not re.search(r"\S\s", _SEPARATORS.split(said)[-1]):
                yield group
            said += "x" if group is not None else ""


def harmless(value: str) -> bool:
    """Whether *value* can be part of a command: letters, digits, ``_``, ``'``, ``-``, ``.`` and single blanks inside.

    It begins with a letter, a digit or ``_``, and has 60 characters at most.
    """
    if not 0 < len(value) <= MAX_VALUE or "  " in value or value != value.strip():
        return False
    return all(_plain(c) or c in " '-." for c in value) and _plain(value[0])


def _plain(char: str) -> bool:
    return char == "_" or unicodedata.category(char) in ("Lu", "Ll", "Lt", "Lm", "Lo", "Nd")


def _unfit(group: str, value: str) -> str:
    if not value:
        return f"nothing stands in the group {group}"
    if len(value) > MAX_VALUE:
        return f"the group {group} has {len(value)} characters, and {MAX_VALUE} may go into a command"
    return f"the group {group} is {value!r}: only letters, digits, _ ' - . and single blanks may go into a command"


class Throttle:
    """Lets something happen ten times within ten seconds; then it rests for a minute."""

    __slots__ = ("_times", "until")

    def __init__(self) -> None:
        self._times: deque[float] = deque(maxlen=MOST)
        self.until = float("-inf")
        """When the last rest ends."""

    def __repr__(self) -> str:
        return f"<Throttle {len(self._times)} of {MOST}, resting until {self.until:g}>"

    def resting(self, now: float) -> bool:
        """Whether it rests at *now*, in seconds of any clock."""
        return now < self.until

    def take(self, now: float) -> bool:
        """Whether it may happen, which counts as its happening; the first that may not begins a rest."""
        if self.resting(now):
            return False
        if len(self._times) == MOST and now - self._times[0] < WITHIN:
            self.until = now + REST
            return False
        self._times.append(now)
        return True


@dataclass(frozen=True, slots=True)
class Written:
    """A trigger of a configuration, ready for an engine."""

    trigger: Trigger
    """Its name is that which the owner gave it, or its place."""
    sessions: frozenset[str]
    """Empty for all."""
    enabled: bool
    named: bool
    """Whether the owner gave it a name."""
    reply: Template | None = None
    commands: tuple[Template, ...] = ()
    prompt: Template | None = None

    @property
    def acts(self) -> bool:
        """Whether it says or does anything."""
        return bool(self.reply or self.commands or self.prompt)

    @property
    def throttled(self) -> bool:
        """Whether nothing of its own says how often it may act."""
        return self.acts and not self.trigger.cooldown


# -- from a configuration ----------------------------------------------------------------------------------------------


def written(config: TriggerConfig) -> Written:
    """The trigger that *config* is.  Raises PatternError for the first thing that cannot be; ``problems`` tells all."""
    trigger = Trigger(
        patterns=patterns_of(config),
        lines=config.lines,
        name=config.name or config.where(),
        on=config.on,
        group=config.group or "",
        priority=config.priority,
        stop=config.stop,
        count=config.count,
        when=config.when or "",
        colors=tuple((group, Color.of(value)) for group, value in config.color.items()),
        cooldown=config.cooldown,
        per=config.per or "",
        gag=config.gag,
        substitute=config.substitute,
    )
    trigger.check()
    made = Written(
        trigger,
        frozenset(config.session),
        config.enabled,
        config.name is not None,
        Template(config.reply) if config.reply else None,
        tuple(map(Template, config.command)),
        Template(config.prompt) if config.prompt else None,
    )
    _check_templates(made)
    return made


def patterns_of(config: TriggerConfig) -> tuple[Pattern, ...]:
    """What *config* looks for, not compiled."""
    flags = int(re.IGNORECASE) if config.ignore_case else 0
    return tuple(_pattern(each, flags) for each in (config.all_of or (config,)))


def _pattern(config: PatternConfig, flags: int) -> Pattern:
    kind = config.given()[0]
    return Pattern(getattr(config, kind), _KIND[kind], flags)


def _check_templates(made: Written) -> None:
    patterns = made.trigger.patterns
    if made.trigger.substitute:
        _check_one(patterns, "substitute", Template(made.trigger.substitute))
    for template in (made.reply, made.prompt):
        if template:
            _check_one(patterns, "reply", template)
    for template in made.commands:
        _check_one(patterns, "command", template)


def _check_one(patterns: Sequence[Pattern], key: str, template: Template) -> None:
    """Raise PatternError where *template*, the value of *key*, asks for what no pattern has."""
    if not template.groups:
        return
    compiled = [pattern.compiled() for pattern in patterns]
    known = {str(number) for pattern in compiled for number in range(pattern.groups + 1)}
    known |= {name for pattern in compiled for name in pattern.groupindex}
    for group in template.groups:
        if group not in known:
            there = ", ".join(sorted(known, key=lambda name: (not name.isdecimal(), name)))
            guess = nearest(group, known)
            raise PatternError(f"{template.text!r}: no pattern has the group {group!r}{guess}; there are {there}")
    for group in template.verbs() if key == "command" else ():
        if not all(_of_fixed_words(pattern, group) for pattern in compiled):
            raise PatternError(
                f"{template.text!r}: the group {group} stands where the command does, so whoever chose that text would "
                "choose the command: write the command before it, or in the pattern the words it may be: (north|south)"
            )


def _of_fixed_words(pattern: re.Pattern[str], group: str) -> bool:
    """Whether *group* can only be one of the words that are written out in *pattern*; true if it has no such group."""
    number = int(group) if group.isdecimal() else pattern.groupindex.get(group, pattern.groups + 1)
    if number > pattern.groups:
        return True
    tree = _group_in(parse(pattern.pattern, pattern.flags)[0], number)
    return tree is not None and _fixed(tree)


def _group_in(tree: Any, number: int) -> Any:
    """The tree of what stands in group *number*, wherever it is within *tree*."""
    if isinstance(tree, tuple) and tree[:1] == ("SUBPATTERN",) and tree[1][0] == number:
        return tree[1][3]
    inner = tree if isinstance(tree, list | tuple) else ()
    return next((found for each in inner if (found := _group_in(each, number)) is not None), None)


def _fixed(tree: list[Node]) -> bool:
    for op, arg in tree:
        if op == "BRANCH" and all(map(_fixed, arg[1])):
            continue
        if op == "SUBPATTERN" and _fixed(arg[3]):
            continue
        if op == "IN" and all(kind == "LITERAL" for kind, _ in arg):
            continue
        if op != "LITERAL":
            return False
    return True


# -- what is wrong -----------------------------------------------------------------------------------------------------


def problems(config: TriggerConfig) -> list[Problem]:
    """All that is wrong with *config*, each with its place; none if ``written`` makes a trigger of it."""
    try:
        written(config)
    except PatternError as exc:
        return _each(config) or [Problem(config.where(), str(exc))]
    return []


def _each(config: TriggerConfig) -> list[Problem]:
    """What is wrong with each key."""
    found: list[Problem] = []

    def asked(key: str, ask: Callable[[], object]) -> bool:
        try:
            ask()
        except PatternError as exc:
            found.append(Problem(config.where(key), str(exc)))
            return False
        return True

    patterns = patterns_of(config)
    place = "all_of" if config.all_of else config.given()[0]
    sound = [asked(place, pattern.compiled) for pattern in patterns]
    for color in config.color.values():
        asked("color", lambda color=color: Color.of(color))  # type: ignore[misc]
    if config.when:
        asked("when", lambda: Condition(config.when or ""))
    texts = [("reply", config.reply), *(("command", each) for each in config.command), ("prompt", config.prompt)]
    for key, text in (*texts, ("substitute", config.substitute)):
        if text and asked(key, lambda text=text: Template(text)) and all(sound):  # type: ignore[misc]
            asked(key, lambda key=key, text=text: _check_one(patterns, key, Template(text)))  # type: ignore[misc]
    if all(sound) and config.per:
        asked("per", Trigger(patterns=patterns, per=config.per).check)
    if all(sound) and config.color:
        colors = tuple((group, Color(None, None)) for group in config.color)
        asked("color", Trigger(patterns=patterns, colors=colors).check)
    return found


# -- what is carried out -----------------------------------------------------------------------------------------------


def filled(made: Written, matches: tuple[re.Match[str], ...]) -> tuple[tuple[str, ...], str | None, str | None]:
    """The commands, the reply and the question of *made*.  Raises GateError where a group is unfit for a command."""
    groups = groups_of(*matches)
    commands = tuple(command.command(groups) for command in made.commands)
    return (
        commands,
        made.reply.fill(groups) if made.reply else None,
        made.prompt.fill(groups) if made.prompt else None,
    )
