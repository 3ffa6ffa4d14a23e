"""Triggers as they are documented, in the plainest way: a loop over ``re.search``, slow and easy to believe.

Nothing of the engine is used but its values: ``Trigger``, ``Pattern.compiled`` and ``Color.shows``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from mudbot.events import Line
from mudbot.triggers.trigger import Trigger

Asked = Callable[[Mapping[str, Any], Mapping[str, str]], bool]
"""What a condition asks of values and groups; a KeyError where something is not known."""
Spans = tuple[tuple[tuple[int, int], ...], ...]
"""For each pattern where its match and all of its groups are."""


@dataclass(eq=False)
class Held:
    """A trigger and what is remembered of it."""

    trigger: Trigger
    data: int
    order: int
    fired: int = 0
    begun: int = 0
    """How often it had fired when it was switched on by itself: then it is counted anew."""
    removed: bool = False
    resting: bool = False
    fired_at: dict[str, float] = field(default_factory=dict)
    chains: dict[int, tuple[re.Match[str], ...]] = field(default_factory=dict)
    """Consecutive lines: for each pattern that was found on line ``chained`` what led up to it."""
    chained: int = -1
    latest: dict[int, tuple[int, re.Match[str]]] = field(default_factory=dict)
    """Lines in any order: where each pattern was found last."""


@dataclass(frozen=True)
class Fired:
    """A trigger fires: which one, on which line, counted from the first ever, and what it found."""

    data: int
    line: int
    matches: tuple[re.Match[str], ...]

    @property
    def spans(self) -> Spans:
        return tuple(tuple(match.span(n) for n in range(match.re.groups + 1)) for match in self.matches)


class Naive:
    """For each line, in the order of priority, each trigger that is on: search, then colours, condition, cooldown."""

    def __init__(self, asked: Mapping[str, Asked] | None = None) -> None:
        self.asked = asked or {}
        self.values: dict[str, Any] = {}
        self.held: list[Held] = []
        self.off: set[str] = set()
        self.lines = 0
        self.made = 0

    def add(self, trigger: Trigger, data: int) -> Held:
        held = Held(trigger, data, self.made)
        self.made += 1
        self.held.append(held)
        return held

    def remove(self, held: Held) -> None:
        held.removed = True
        if held in self.held:
            self.held.remove(held)

    def rest(self, held: Held, *, on: bool) -> None:
        held.resting = not on
        if on:
            held.begun = held.fired

    def switch(self, group: str, *, on: bool) -> None:
        (self.off.discard if on else self.off.add)(group)

    def feed(self, lines: Iterable[Line], fire: Callable[[Fired], None], now: float = 0.0) -> None:
        for line in lines:
            number, self.lines = self.lines, self.lines + 1
            self._line(line, "line", number, fire, now)

    def feed_prompt(self, text: str, fire: Callable[[Fired], None], now: float = 0.0) -> None:
        """An empty prompt is none: it only marks the end of a message."""
        if text:
            self._line(Line(text), "prompt", -1, fire, now)

    # -- one line --------------------------------------------------------------------------------------------------

    def _line(self, line: Line, on: str, number: int, fire: Callable[[Fired], None], now: float) -> None:
        turns = sorted(self.held, key=lambda held: (-held.trigger.priority, held.order))
        for held in turns:
            trigger = held.trigger
            if trigger.on != on or held.removed or held.resting or self._is_off(trigger.group):
                continue
            if trigger.count is not None and held.fired - held.begun >= trigger.count:
                continue
            matches = found(held, line.text, number)
            if matches is None or not self._may(held, matches, line, now):
                continue
            held.fired += 1
            held.fired_at[_value(trigger.per, matches)] = now
            fire(Fired(held.data, number, matches))
            if trigger.stop:
                return

    def _is_off(self, group: str) -> bool:
        return any(group == off or group.startswith(f"{off}/") for off in self.off)

    def _may(self, held: Held, matches: tuple[re.Match[str], ...], line: Line, now: float) -> bool:
        trigger = held.trigger
        for group, color in trigger.colors:
            start, end = matches[-1].span(int(group) if group.isdecimal() else group or 0)
            letters = [at for at in range(start, end) if not line.text[at].isspace()]
            if start < 0 or not all(color.shows(_style(line, at)) for at in letters):
                return False
        if trigger.when:
            try:
                if not self.asked[trigger.when](self.values, _groups(matches)):
                    return False
            except KeyError:
                return False
        last = held.fired_at.get(_value(trigger.per, matches))
        return not trigger.cooldown or last is None or now - last >= trigger.cooldown


def found(held: Held, text: str, number: int) -> tuple[re.Match[str], ...] | None:
    """The matches of all patterns, if line *number* is the one that completes them."""
    patterns = [pattern.compiled() for pattern in held.trigger.patterns]
    hits = {index: match for index, pattern in enumerate(patterns) if (match := pattern.search(text))}
    if len(patterns) == 1:
        return (hits[0],) if hits else None
    if held.trigger.lines is None:
        before = held.chains if held.chained == number - 1 else {}
        held.chains = {
            index: (*before.get(index - 1, ()), match)
            for index, match in hits.items()
            if not index or index - 1 in before
        }
        held.chained = number
        return held.chains.get(len(patterns) - 1)
    held.latest |= {index: (number, match) for index, match in hits.items()}
    near = [
        held.latest[n] for n in range(len(patterns)) if held.latest.get(n, (-1000,))[0] > number - held.trigger.lines
    ]
    if not hits or len(near) < len(patterns):
        return None
    held.latest = {}
    return tuple(match for _, match in near)


def _style(line: Line, at: int) -> Any:
    return next((span.style for span in line.spans if span.start <= at < span.end), None)


def _groups(matches: tuple[re.Match[str], ...]) -> dict[str, str]:
    groups: dict[str, str] = {}
    for match in matches:
        for number in range(match.re.groups + 1):
            if (value := match[number]) is not None:
                groups[str(number)] = value
        groups.update({name: match[name] for name in match.re.groupindex if match[name] is not None})
    return groups


def _value(per: str, matches: tuple[re.Match[str], ...]) -> str:
    return _groups(matches).get(per, "") if per else ""
