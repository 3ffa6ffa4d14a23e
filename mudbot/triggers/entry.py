"""One trigger at work: whether it is on, how often it fired, what it waits for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Generic, Literal, NamedTuple, TypeVar

from mudbot.errors import PatternError
from mudbot.triggers.condition import Condition, UnknownNameError
from mudbot.triggers.trigger import Trigger, groups_of

if TYPE_CHECKING:
    from mudbot.events import Line, Page, Span
    from mudbot.triggers.trigger import Color

T = TypeVar("T")

MAX_COOLING = 10_000
"""Values of ``per`` that are remembered for cooldowns: players choose them."""


class Reason(NamedTuple):
    """Why a trigger does not fire, though its pattern is there."""

    kind: Literal["removed", "off", "spent", "runaway", "permission", "color", "condition", "cooldown", "stopped"]
    text: str
    """The same for people."""


class Firing(NamedTuple, Generic[T]):
    """A trigger fires on a line."""

    entry: Entry[T]
    row: int
    """Of the line on its page; with several patterns, of the one that completed them."""
    matches: tuple[re.Match[str], ...]
    """The match of each pattern."""
    page: Page
    """The page that the row is on; a prompt is a page of one."""

    @property
    def line(self) -> Line:
        """The line, with its colours; for a prompt a line of its text."""
        return self.page.line(self.row)

    @property
    def found(self) -> re.Match[str]:
        """The match; with several patterns, that of the last."""
        return self.matches[-1]

    @property
    def groups(self) -> Mapping[str, str]:
        """All groups that took part, by name and by number."""
        return groups_of(*self.matches)


class Entry(Generic[T]):
    """A trigger that was added to an engine, and what became of it."""

    __slots__ = (
        "_last_at",
        "_seen",
        "alone",
        "asks",
        "barred",
        "begun",
        "condition",
        "counts",
        "data",
        "fired",
        "idle",
        "last",
        "off",
        "order",
        "rank",
        "removed",
        "resting",
        "runaway",
        "spent",
        "tried",
        "trigger",
    )  # fmt: skip

    def __init__(self, trigger: Trigger, data: T, order: int, barred: str = "", place: float = 0) -> None:
        self.trigger, self.data, self.order, self.barred = trigger, data, order, barred
        self.rank = (-trigger.priority, place, order)
        self.off: str = ""
        """The group by which it is switched off."""
        self.runaway = ""
        """Why it is not searched for any more."""
        self.resting = False
        """Whether it is switched off by itself, whatever its groups are."""
        self.removed = False
        self.tried = self.fired = 0
        """How often its patterns were searched for, and how often it fired."""
        self.last: float | None = None
        """When it fired last, in seconds of the engine's clock."""
        self.begun = 0
        """How often it had fired when its count began, as it does whenever it is switched on by itself."""
        self.spent = 0.0
        """Seconds that searching for it took."""
        self.condition = Condition(trigger.when) if trigger.when else None
        self.alone = len(trigger.patterns) == 1
        self.asks = bool(trigger.colors or trigger.when or trigger.cooldown)
        """Whether more than the pattern is asked."""
        self.counts = bool(trigger.cooldown) or trigger.count is not None
        """Whether that it fires changes what it does next."""
        self._last_at: dict[str, float] = {}
        # The line on which each of its several patterns was seen last, and the match with those that led up to it.
        self._seen: list[tuple[int, tuple[re.Match[str], ...]] | None] = [None] * len(trigger.patterns)
        self.idle = False
        """Whether nothing of it is to be searched for."""
        self.settle()

    def __repr__(self) -> str:
        why = self.why_idle()
        return f"<trigger {self.trigger} fired {self.fired} times{f', {why.text}' if why else ''}>"

    def inherit(self, old: Entry[T]) -> None:
        """Go on where *old*, of the same name, stood: cooldowns, counts, whether it is switched off."""
        self.tried, self.fired, self.begun, self.last, self.spent = old.tried, old.fired, old.begun, old.last, old.spent
        self.resting = old.resting
        if self.trigger.per == old.trigger.per:
            self._last_at = dict(old._last_at)  # of the same class
        if self.trigger.patterns == old.trigger.patterns:
            self.runaway = old.runaway
        self.settle()

    def settle(self) -> None:
        """Find out anew whether it is idle."""
        self.idle = self.why_idle() is not None

    def why_idle(self) -> Reason | None:
        """Why it is not searched for; None if it is."""
        count = self.trigger.count
        if self.removed:
            return Reason("removed", "it was removed")
        if self.barred:
            return Reason("permission", self.barred)
        if self.off or self.resting:
            return Reason("off", f"group {self.off} is off" if self.off else "it is switched off")
        if self.runaway:
            return Reason("runaway", self.runaway)
        if count is not None and self.fired - self.begun >= count:
            return Reason("spent", f"it has fired {count} times, which is all it may")
        return None

    # -- several patterns ------------------------------------------------------------------------------------------

    def awaits(self, index: int, number: int) -> bool:
        """Whether pattern *index* could count on line *number*: what must stand right before it does."""
        if self.trigger.lines is not None or not index:
            return True
        before = self._seen[index - 1]
        return before is not None and before[0] == number - 1

    def saw(self, number: int, found: Mapping[int, re.Match[str]]) -> tuple[re.Match[str], ...] | None:
        """Its patterns by index, as they were *found* on line *number*; the matches of all if that completes them."""
        within, seen = self.trigger.lines, self._seen
        if within is None:
            # From the last one on: each goes by what stood on the line before, not on this one.
            for index in sorted(found, reverse=True):
                before = seen[index - 1] if index else None
                seen[index] = (number, (*before[1], found[index]) if before else (found[index],))
            whole = seen[-1]
            return whole[1] if whole is not None and whole[0] == number else None
        for index, match in found.items():
            seen[index] = (number, (match,))
        if any(each is None or each[0] <= number - within for each in seen):
            return None
        matches = tuple(each[1][0] for each in seen if each is not None)
        self._seen = [None] * len(seen)
        return matches

    # -- what is asked of a match ----------------------------------------------------------------------------------

    def held_back(
        self, matches: tuple[re.Match[str], ...], line: Line | None, values: Mapping[str, Any], now: float
    ) -> Reason | None:
        """Why it does not fire for *matches*, found on *line*; None if it does.  Nothing is changed by asking."""
        trigger = self.trigger
        for group, color in trigger.colors:
            if not _looks(matches[-1], group, color, line.spans if line is not None else ()):
                part = f"group {group}" if group else "the match"
                return Reason("color", f"{part} is not {_shown(color)}")
        if self.condition is not None:
            try:
                if not self.condition.holds(values, groups_of(*matches)):
                    return Reason("condition", f"not so: {trigger.when}")
            except UnknownNameError as exc:
                return Reason("condition", f"nothing is known of {exc} yet: {trigger.when}")
            except PatternError as exc:
                return Reason("condition", str(exc))
        if trigger.cooldown:
            last = self._last_at.get(self._per(matches))
            if last is not None and now - last < trigger.cooldown:
                return Reason("cooldown", f"again in {trigger.cooldown - (now - last):.1f} s")
        return None

    def note_fired(self, matches: tuple[re.Match[str], ...], now: float) -> None:
        """It fired once more; what follows from that for the next time."""
        if self.trigger.cooldown:
            if len(self._last_at) >= MAX_COOLING:
                self._last_at.clear()
            self._last_at[self._per(matches)] = now
        if self.trigger.count is not None:
            self.settle()

    def _per(self, matches: tuple[re.Match[str], ...]) -> str:
        return groups_of(*matches).get(self.trigger.per, "") if self.trigger.per else ""


def _looks(match: re.Match[str], group: str, color: Color, spans: tuple[Span, ...]) -> bool:
    """Whether every letter of *group* looks so; a group that took no part does not."""
    name = int(group) if group.isdecimal() else group or 0
    start, end = match.span(name)
    if start < 0:
        return False
    places = [at for at in range(start, end) if not match.string[at].isspace()]
    styles: dict[int, Any] = {}
    for span in spans:
        if span.start < end and span.end > start:
            styles.update(dict.fromkeys(range(max(span.start, start), min(span.end, end)), span.style))
    return all(color.shows(styles.get(at)) for at in places)


def _shown(color: Color) -> str:
    return " on ".join(part for part in (color.fg or "any colour", color.bg) if part)
