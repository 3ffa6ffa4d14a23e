"""Why triggers do not fire on a line.  Pure, and asking changes nothing.

``looks`` is asked before the line is fed to the engine, ``reasons`` afterwards, with what fired; ``Nearest`` says of a
line on which nothing is found how far the pattern gets that comes nearest.
"""

from __future__ import annotations

import ast
import contextlib
import functools
import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from mudbot.errors import PatternError
from mudbot.triggers.condition import Values
from mudbot.triggers.entry import Entry, Reason
from mudbot.triggers.guard import Guard, Runaway
from mudbot.triggers.trigger import Pattern, groups_of

if TYPE_CHECKING:
    from mudbot.events import Line, Style
    from mudbot.triggers.engine import Engine

T = TypeVar("T")

MAX_SOURCE = 300
"""Characters of a pattern of which it is told how far it gets."""
NEAR = 5
"""Patterns that are tried piece by piece for one line."""
_EMPTY = re.compile(r"(?:\||\((?:\?(?:[:=!>]|<[=!]|P<\w+>|[a-zA-Z-]*:))?)$")
"""What a pattern ends with whose last alternative or group is empty."""
_ELSEWHERE = {"prompt": "it looks at prompts: try --prompt", "line": "it looks at lines: try without --prompt"}
_WORD = re.compile(r"[A-Za-z0-9]{2,}|[^\W_A-Za-z0-9]+")


class Look(NamedTuple, Generic[T]):
    """A trigger whose pattern is in a line."""

    entry: Entry[T]
    reason: Reason | None
    """Why it does not fire, as far as it does not depend on the others."""
    elsewhere: bool = False
    """Whether it looks at prompts and this is a line, or the other way round."""


class Miss(NamedTuple, Generic[T]):
    """A trigger that does not fire though its pattern is there."""

    entry: Entry[T]
    kind: str
    """Of the reason; ``waits`` for one that has not seen all of its patterns yet, ``prompt`` or ``line`` for one that
    looks at those instead."""
    text: str


def looks(engine: Engine[T], line: Line, now: float, *, on: str = "line") -> list[Look[T]]:
    """Every trigger whose pattern is in *line*, or one of its patterns, in the order of their turn.

    Those that do not look at what *line* is, a ``line`` or a ``prompt``, come last.
    """
    guard, found = Guard(), []
    number = engine._number  # noqa: SLF001 - of the line to come
    with guard:
        for entry in sorted(engine.entries, key=lambda entry: entry.trigger.on != on):
            matches = {
                index: match
                for index, pattern in enumerate(entry.trigger.patterns)
                if (match := _search(guard, pattern, line.text)) is not None
            }
            if matches and entry.trigger.on != on:
                found.append(Look(entry, None, elsewhere=True))
            elif matches:
                found.append(Look(entry, _why_not(entry, matches, line, engine.values, now, number)))
    return found


def reasons(looked: Iterable[Look[T]], fired: Sequence[Entry[T]]) -> list[Miss[T]]:
    """Why the triggers of *looked* did not fire that are not among *fired*."""
    by = {id(entry) for entry in fired}
    stopper = next((entry for entry in fired if entry.trigger.stop), None)
    found: list[Miss[T]] = []
    for entry, own, elsewhere in looked:
        if id(entry) in by:
            continue
        if elsewhere:
            found.append(Miss(entry, entry.trigger.on, _ELSEWHERE[entry.trigger.on]))
            continue
        reason = own
        if stopper is not None and entry.rank > stopper.rank and not entry.idle:
            reason = Reason("stopped", f"{stopper.trigger} stops the line before it")
        if reason is not None:
            found.append(Miss(entry, reason.kind, reason.text))
        elif not entry.alone:
            found.append(Miss(entry, "waits", _awaited(entry)))
    return found


def _search(guard: Guard, pattern: Pattern, text: str) -> re.Match[str] | None:
    try:
        return guard.search(pattern.compiled(), text)
    except (Runaway, PatternError):
        return None


def _why_not(
    entry: Entry[Any],
    found: Mapping[int, re.Match[str]],
    line: Line,
    values: Values,
    now: float,
    number: int,
) -> Reason | None:
    if idle := entry.why_idle():
        return idle
    matches = (found[0],) if entry.alone else _completed(entry, found, number)
    if matches is None:
        return None  # it only waits: see _awaited
    reason = entry.held_back(matches, line, values, now)
    if reason is not None and reason.kind == "color":
        return Reason("color", f"{reason.text}: {_colours(entry, matches[-1], line)}")
    if reason is not None and reason.kind == "condition":
        return Reason("condition", f"{reason.text}{_values(entry, values, groups_of(*matches))}")
    return reason


def _completed(entry: Entry[Any], found: Mapping[int, re.Match[str]], number: int) -> tuple[re.Match[str], ...] | None:
    """The matches of all of several patterns, if *found* on this line complete them."""
    kept = list(entry._seen)  # noqa: SLF001 - what it has seen is as before afterwards
    try:
        return entry.saw(number, {index: match for index, match in found.items() if entry.awaits(index, number)})
    finally:
        entry._seen = kept  # noqa: SLF001


def _awaited(entry: Entry[Any]) -> str:
    """What a trigger with several patterns wants next, after a line was fed."""
    patterns, seen = entry.trigger.patterns, entry._seen  # noqa: SLF001
    if entry.trigger.lines is not None:
        lacking = [str(pattern) for pattern, each in zip(patterns, seen, strict=True) if each is None]
        within = f"within {entry.trigger.lines} lines"
        return f"{within} it wants {' and '.join(lacking)} as well" if lacking else f"not all of it is {within}"
    last = max((each[0], index) if each else (-1, -1) for index, each in enumerate(seen))[1]
    if last < 0:
        return f"its first line is not there: {patterns[0]}"
    return f"{last + 1} of {len(patterns)} lines are there; the next wants {patterns[min(last + 1, len(patterns) - 1)]}"


# -- what there is instead ---------------------------------------------------------------------------------------------


def _colours(entry: Entry[Any], match: re.Match[str], line: Line) -> str:
    """How the groups really look whose colour is asked for."""
    told = []
    for group, _ in entry.trigger.colors:
        start, end = match.span(int(group) if group.isdecimal() else group or 0)
        if start < 0:
            told.append(f"group {group} took no part")
            continue
        styles: dict[int, Style] = {}
        for span in line.spans:
            styles.update(dict.fromkeys(range(max(span.start, start), min(span.end, end)), span.style))
        kinds = dict.fromkeys(_shown(styles.get(at)) for at in range(start, end) if not match.string[at].isspace())
        told.append(f"{match.string[start:end][:40]!r} is {' and '.join(kinds) or 'empty'}")
    return ", ".join(told)


def _shown(style: Style | None) -> str:
    colour = (style and style.fg) or "plain"
    return f"{colour} on {style.bg}" if style and style.bg else colour


def _values(entry: Entry[Any], values: Values, groups: Mapping[str, str]) -> str:
    """What the names in a condition stand for."""
    try:
        tree = ast.parse(entry.trigger.when.strip(), mode="eval")
    except SyntaxError:
        return ""
    told = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in groups:
            told[node.id] = repr(groups[node.id])
        elif isinstance(node, ast.Name | ast.Attribute) and (value := _value(node, values)) is not None:
            told[ast.unparse(node)] = value
    return f" ({', '.join(f'{name} is {value}' for name, value in told.items())})" if told else ""


def _value(node: ast.expr, values: Values) -> str | None:
    """The value of a name or a path in a condition, if it is no table."""
    try:
        parts = ast.unparse(node).split(".")
        value: Any = values[parts[0]]
        for part in parts[1:]:
            value = value[part.casefold()]
    except (KeyError, TypeError):
        return None
    return None if isinstance(value, Mapping) else repr(value)


# -- what comes nearest ------------------------------------------------------------------------------------------------


class Near(NamedTuple, Generic[T]):
    """A pattern that is not in a line, and how far it gets."""

    entry: Entry[T]
    there: str
    """The part of the pattern that is there."""
    wanted: str
    """The rest of it."""
    rest: str
    """What the line has in its place."""


class Nearest(Generic[T]):
    """Knows which of many patterns come near a line: by the words that they share."""

    def __init__(self, entries: Iterable[Entry[T]], *, on: str = "line") -> None:
        self._patterns = [
            (entry, pattern, _words(pattern.source))
            for entry in entries
            if entry.trigger.on == on
            for pattern in entry.trigger.patterns
        ]
        self._guard = Guard()

    def of(self, text: str) -> Near[T] | None:
        """The trigger that comes nearest to *text*; None where no pattern has anything in common with it."""
        words = _words(text)
        scored = [
            (sum(map(len, common)), -number)
            for number, (_, _, own) in enumerate(self._patterns)
            if (common := words & own)
        ]
        best: tuple[float, Near[T]] | None = None
        for _, number in sorted(scored, reverse=True)[:NEAR]:
            entry, pattern, _ = self._patterns[-number]
            near = self._how_far(entry, pattern, text)
            share = len(near.there) / len(pattern.source) if near else 0.0
            if near is not None and (best is None or share > best[0]):
                best = share, near
        return best[1] if best else None

    def _how_far(self, entry: Entry[T], pattern: Pattern, text: str) -> Near[T] | None:
        with self._guard:
            for cut, compiled in _cuts(pattern):
                try:
                    found = self._guard.search(compiled, text)
                except Runaway:
                    continue
                if found and found[0].strip():
                    return Near(entry, pattern.source[:cut], pattern.source[cut:], text[found.end() :])
        return None


def _words(text: str) -> frozenset[str]:
    """The words of a text or a pattern; of scripts without spaces, each character, and every two together."""
    found: set[str] = set()
    for word in _WORD.findall(text.casefold()):
        found.update([word] if word.isascii() else (*word, *(word[at : at + 2] for at in range(len(word) - 1))))
    return frozenset(found)


@functools.lru_cache(maxsize=256)
def _cuts(pattern: Pattern) -> list[tuple[int, re.Pattern[str]]]:
    """What *pattern* begins with, from the longest beginning that is a pattern itself to the shortest."""
    found = []
    source = pattern.source[:MAX_SOURCE]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what a piece of a pattern may look like
        for cut in range(len(source), 1, -1):
            whole = Pattern(source[:cut], pattern.kind, pattern.flags).regex
            with contextlib.suppress(re.error, ValueError, OverflowError, RecursionError):
                regex = _closed(whole) if pattern.kind == "regex" else whole.removesuffix(r"\Z")
                if regex is not None:
                    found.append((cut, re.compile(regex, pattern.re_flags)))
    return found


def _closed(regex: str) -> str | None:
    """*regex* with its open groups closed; None where the last of them would be empty, and so be there always."""
    for _ in range(9):
        if _EMPTY.search(regex):
            return None
        try:
            re.compile(regex)
        except re.error as exc:
            if "unterminated subpattern" not in str(exc):
                return None
            regex += ")"
        else:
            return regex
    return None
