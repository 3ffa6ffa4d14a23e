"""What is looked for in lines, and when it counts: values, checked when they are made."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

from mudbot.errors import PatternError

if TYPE_CHECKING:
    from mudbot.events import Style

Kind = Literal["regex", "text", "glob", "exact"]
FLAGS = re.IGNORECASE | re.VERBOSE | re.ASCII | re.DOTALL | re.MULTILINE
"""What a pattern may be compiled with; the rest is Python's own or for bytes."""
COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")

_STAR = re.compile(r"\\(.)|(\*)|(\?)", re.DOTALL)
_COLOR = re.compile(rf"(?:plain|(?:bright )?(?:{'|'.join(COLORS)})|#[0-9a-f]{{6}})")


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something to find in a line."""

    source: str
    """As its author wrote it."""
    kind: Kind = "regex"
    """``regex`` of Python; ``text`` that the line contains; ``exact``: the whole line; ``glob``: the whole line, ``*``
    standing for anything (a group, numbered from 1) and ``?`` for one character; a backslash takes that away."""
    flags: int = 0
    """Those of ``re``: IGNORECASE, VERBOSE, ASCII, DOTALL, MULTILINE."""

    @property
    def regex(self) -> str:
        """The Python regular expression that finds the same."""
        match self.kind:
            case "text":
                return re.escape(self.source)
            case "exact":
                return rf"\A{re.escape(self.source)}\Z"
            case "glob":
                return rf"\A{_glob(self.source)}\Z"
        return self.source

    @property
    def re_flags(self) -> int:
        """The flags that go with ``regex``."""
        # Verbose is for what an author wrote; what is made of a text is never spread over lines.
        return int(self.flags if self.kind == "regex" else self.flags & ~re.VERBOSE)

    def compiled(self) -> re.Pattern[str]:
        """It, ready to search with.  Raises PatternError that says what is wrong, and where."""
        return _compiled(self.regex, self.re_flags)

    def __str__(self) -> str:
        return self.source if self.kind == "regex" else f"{self.kind}: {self.source}"


def _glob(source: str) -> str:
    found, at = [], 0
    for sign in _STAR.finditer(source):
        found.append(re.escape(source[at : sign.start()]))
        found.append(re.escape(sign[1]) if sign[1] else "(.*?)" if sign[2] else ".")
        at = sign.end()
    return "".join([*found, re.escape(source[at:])])


@functools.lru_cache(maxsize=50_000)
def _compiled(regex: str, flags: int) -> re.Pattern[str]:
    if flags & ~int(FLAGS):
        raise PatternError(f"{regex!r}: these flags do not go with a trigger: {re.RegexFlag(flags & ~int(FLAGS))!r}")
    try:
        return re.compile(regex, flags)
    except (re.error, ValueError, OverflowError, RecursionError) as exc:
        raise PatternError(f"{regex!r} is not a regular expression: {exc}{_hint(regex)}") from None


def _hint(regex: str) -> str:
    """What those want to know who write for other clients' engines."""
    if re.search(r"\(\?<\w+>", regex):
        return "; in Python a named group is written (?P<name>...)"
    if re.search(r"\\[pPhRKX]", regex):
        return r"; Python has no \p, \h, \R, \K and \X: write \w, [^\W\d_], [ \t] or a group"
    return ""


@dataclass(frozen=True, slots=True)
class Color:
    """How text looks: the colour of its letters, and what it stands on; None is any."""

    fg: str | None
    bg: str | None

    @classmethod
    def of(cls, text: str) -> Self:
        """``bright green``, ``#ff8000``, ``plain``, ``red on white``.  Raises PatternError for what is no colour."""
        fg, on, bg = text.lower().strip().partition("on ")
        found = (fg.strip() or None, bg.strip() or None)
        if not text.strip() or (on and not bg) or not all(_COLOR.fullmatch(name) for name in found if name):
            raise PatternError(
                f"{text!r} is no colour: write one of {', '.join(COLORS)}, bright before it, #rrggbb or plain, "
                "and what it stands on behind it: red on white"
            )
        return cls(*found)

    def shows(self, style: Style | None) -> bool:
        """Whether text of *style* looks so; None is the usual look."""
        fg, bg = (style.fg, style.bg) if style else (None, None)
        return self.fg in (None, fg or "plain") and self.bg in (None, bg or "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """What to look for, and when it counts.  How often it fired is kept by the engine.

    For each line, in the order of priority, a trigger that is on is searched for, then its colours, its condition, its
    cooldown and its count are asked; what passes all fires.  That is the whole meaning, however it is computed.
    """

    patterns: tuple[Pattern, ...]
    """One, or several: on consecutive lines, in this order."""
    lines: int | None = None
    """With several patterns: all of them within so many lines, in any order, then begin anew."""
    name: str = ""
    """For people: ``Fighter.parry``, ``triggers.yaml:12``."""
    on: Literal["line", "prompt"] = "line"
    """A trigger on prompts looks at prompts alone, the others at complete lines alone."""
    group: str = ""
    """``combat/heal`` is switched off with ``combat``."""
    priority: int = 0
    """The higher the earlier; equal ones go in the order in which they were added."""
    stop: bool = False
    """Where it fires, nothing behind it does on this line, and triggers over several lines do not see the line."""
    count: int | None = None
    """How often it fires before it is spent."""
    when: str = ""
    """A condition, for example ``hp < 30``: see ``mudbot.triggers.condition``."""
    colors: tuple[tuple[str, Color], ...] = ()
    """What a group (its name or number; empty for the whole match) must look like; blanks look like anything."""
    cooldown: float = 0.0
    """Seconds for which it does not fire again."""
    per: str = ""
    """The group for each value of which the cooldown is counted."""
    gag: bool = False
    """Whether transcripts and the web leave the line out."""
    substitute: str | None = None
    """What transcripts and the web show for the match; ``{1}`` and ``{name}`` stand for its groups."""

    def check(self) -> None:
        """Raise PatternError where it cannot work: a pattern that does not compile, groups that there are not."""
        self._check_numbers()
        known = {""}
        for pattern in self.patterns:
            compiled = pattern.compiled()
            known |= {*compiled.groupindex, *map(str, range(compiled.groups + 1))}
        for what, group in (("per", self.per), *(("color", name) for name, _ in self.colors)):
            if group not in known:
                raise PatternError(f"{what}: no pattern has the group {group!r}: write (?P<{group}>...) around it")
        if self.when:
            from mudbot.triggers.condition import Condition

            Condition(self.when)

    def _check_numbers(self) -> None:
        if not self.patterns:
            raise PatternError("a trigger wants a pattern")
        if self.cooldown < 0 or (self.count is not None and self.count < 1):
            raise PatternError("cooldown and count are numbers above 0, or not given")
        if self.lines is not None and len(self.patterns) < 2:
            raise PatternError("lines goes with several patterns: all_of")
        if self.lines is not None and self.lines < 1:
            raise PatternError(f"lines: {self.lines}: all of the patterns within at least one line")
        if self.on == "prompt" and len(self.patterns) > 1:
            raise PatternError("a prompt is one line: a trigger on it has one pattern")
        if self.colors and len(self.patterns) > 1:
            raise PatternError("color goes with one pattern, not with several")

    def __str__(self) -> str:
        return self.name or " / ".join(map(str, self.patterns))


@functools.cache
def parents(group: str) -> tuple[str, ...]:
    """*group* and all that it stands in: ``combat/heal``, ``combat``."""
    parts = group.split("/")
    return tuple("/".join(parts[:n]) for n in range(len(parts), 0, -1)) if group else ()


def groups_of(*found: re.Match[str]) -> Mapping[str, str]:
    """All groups of *found* by name and number; where several patterns have one, the last counts, and 0 is the last."""
    groups: dict[str, str] = {}
    for match in found:
        groups |= {str(number): value for number, value in enumerate((match[0], *match.groups())) if value is not None}
        groups |= {name: value for name, value in match.groupdict().items() if value is not None}
    return groups
