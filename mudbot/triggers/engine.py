"""Thousands of triggers at the speed of ten: a sieve says what may be where, ``re`` decides.

What fires is what a plain loop would fire: for each line, in the order of priority, each trigger that is on when its
turn comes.  Handlers may change triggers meanwhile: one that is removed or switched off does not fire any more, one
that is switched on does if its turn has not been, and one that is added is looked for from the next line on.

Lines come as they were read, a page at a time.  The page is sieved once, whatever part of it is fed when; only lines
in which something may be found are looked at.  What was added since the sieve was made is searched for in every line,
until a new sieve is there: ``rebuilding`` makes it, in any thread, and ``adopt`` takes it.
"""

from __future__ import annotations

import gc
import logging
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from pathlib import Path
from time import perf_counter
from typing import Generic, Literal, TypeVar

from mudbot.errors import PatternError
from mudbot.events import Line, Lines, Page, Prompt
from mudbot.triggers.condition import Values
from mudbot.triggers.entry import Entry, Firing
from mudbot.triggers.guard import Guard, Runaway
from mudbot.triggers.show import changes_looks, shown
from mudbot.triggers.sieve import Backend, Hit, Sieve, sieve
from mudbot.triggers.trigger import Trigger, parents

log = logging.getLogger(__name__)

T = TypeVar("T")

FRESH = 24
"""Triggers that may be new before a new sieve is worth its making: each costs every line a fifth of a microsecond."""
RUNAWAY = "it took too long on {0!r}: write it so that no two repeats can share a letter, then switch it on again"


_TURN = attrgetter("turn")


class Part(Generic[T]):
    """One of the patterns of a trigger."""

    __slots__ = ("compiled", "entry", "index", "pattern", "turn")

    def __init__(self, entry: Entry[T], index: int) -> None:
        self.entry, self.index = entry, index
        self.pattern = entry.trigger.patterns[index]
        self.turn = (*entry.rank, index)
        """When it is asked, among those of one line."""
        self.compiled: re.Pattern[str] | None = None
        """Made when it is needed: most of thousands never are."""


class Rebuilding(Generic[T]):
    """A sieve that is to be made: ``work`` takes seconds and may run in another thread."""

    def __init__(self, side: _Side[T], parts: list[Part[T]], make: Callable[[list[Part[T]]], Sieve]) -> None:
        self.side, self.parts, self._make = side, parts, make
        self.made: Sieve | None = None

    def work(self) -> None:
        """Make it."""
        # It makes so much that the collector comes to look through all that there is, which holds every thread.
        gc.freeze()
        try:
            self.made = self._make(self.parts)
        finally:
            gc.unfreeze()


def _parts(entry: Entry[T]) -> list[Part[T]]:
    return [Part(entry, index) for index in range(len(entry.trigger.patterns))]


def _rest(entry: Entry[T], why: str) -> None:
    entry.runaway = why
    entry.settle()
    log.warning("trigger %s is switched off: %s", entry.trigger, why)


class _Side(Generic[T]):
    """The triggers that look at one kind of text: lines or prompts."""

    def __init__(self) -> None:
        self.entries: dict[int, Entry[T]] = {}
        self.version = 0
        """Counted up where a line must be looked at that did not have to be before."""
        self._parts: list[Part[T]] = []
        self._sieve: Sieve | None = None
        self._everywhere: list[Part[T]] = []
        self.fresh: list[Part[T]] = []
        self.removed = 0
        self._page: Page | None = None
        self._hits: list[Hit] = []

    def add(self, entry: Entry[T]) -> None:
        self.entries[entry.order] = entry
        self.fresh += _parts(entry)
        self.version += 1

    def remove(self, entry: Entry[T]) -> None:
        if self.entries.pop(entry.order, None) is not None:
            fresh = len(self.fresh)
            self.fresh = [part for part in self.fresh if part.entry is not entry]
            self.removed += len(self.fresh) == fresh  # what came and went needs no new sieve

    @property
    def stale(self) -> bool:
        """Whether a new sieve is worth its making."""
        return len(self.fresh) > FRESH or self.removed > max(FRESH, len(self._parts) // 4)

    def parts(self) -> list[Part[T]]:
        return [part for entry in self.entries.values() for part in _parts(entry)]

    def take(self, parts: list[Part[T]], made: Sieve) -> list[Part[T]]:
        """Look for *parts* by *made* from now on; what is broken of them is returned."""
        sieved = {part.entry.order for part in parts}
        self._parts, self._sieve = parts, made
        broken = [parts[number] for number in made.broken]
        self._everywhere = [parts[number] for number in made.always]
        # Not only of the fresh: an older sieve may come after a newer one.
        self.fresh = [part for entry in self.entries.values() if entry.order not in sieved for part in _parts(entry)]
        self.removed = 0
        self._page = None
        self.version += 1
        return broken

    def rows(self, page: Page, start: int, stop: int) -> Iterator[tuple[int, list[Part[T]]]]:
        """Each row that must be looked at, and what may be found there, in the order of its turn."""
        everywhere = [*self._everywhere, *self.fresh]
        hits = self._between(page, start, stop)
        at, parts = 0, self._parts
        if not everywhere:
            while at < len(hits):
                row = hits[at][0]
                found = []
                while at < len(hits) and hits[at][0] == row:
                    found.append(parts[hits[at][1]])
                    at += 1
                if len(found) > 1:
                    found.sort(key=_TURN)
                yield row, found
            return
        for row in range(start, stop):
            found = everywhere.copy()
            while at < len(hits) and hits[at][0] == row:
                found.append(parts[hits[at][1]])
                at += 1
            found.sort(key=_TURN)
            yield row, found

    def concerns(self, page: Page, start: int, stop: int) -> bool:
        """Whether there is a row among these that must be looked at."""
        return bool(self._everywhere or self.fresh or self._between(page, start, stop))

    def _between(self, page: Page, start: int, stop: int) -> list[Hit]:
        hits = self._sieved(page)
        if not hits or (start == 0 and stop == page.size):
            return hits
        low = bisect_left(hits, (start, -1))
        return hits[low : bisect_left(hits, (stop, -1), low)]

    def _sieved(self, page: Page) -> list[Hit]:
        if self._sieve is None:
            return []
        if page.size == 1:  # what is fed between two parts of a page
            return self._sieve.hits(page)
        if self._page is not page:
            self._page, self._hits = page, self._sieve.hits(page)
        return self._hits


class Engine(Generic[T]):
    """The triggers of one session, each with the data of whoever added it."""

    def __init__(self, *, backend: Backend = "auto", cache: Path | None = None) -> None:
        """With *cache*, a folder, what was prepared is kept for the next start."""
        self.values = Values()
        """What conditions are asked about."""
        self._backend, self._cache = backend, cache
        self._sides: dict[Literal["line", "prompt"], _Side[T]] = {"line": _Side(), "prompt": _Side()}
        self._order = 0
        self._number = 0  # of the next line
        self._looks: list[Entry[T]] = []  # those that change how a line is shown
        self._off: dict[str, None] = {}
        self._guard = Guard()
        self._prepared = False

    def __repr__(self) -> str:
        fresh = sum(len(side.fresh) for side in self._sides.values())
        off = f", off: {', '.join(self._off)}" if self._off else ""
        return f"<Engine of {len(self)} triggers, {fresh} of them new{off}>"

    def __len__(self) -> int:
        return sum(len(side.entries) for side in self._sides.values())

    @property
    def entries(self) -> Sequence[Entry[T]]:
        """All triggers, in the order of their turn."""
        return sorted((e for side in self._sides.values() for e in side.entries.values()), key=attrgetter("rank"))

    # -- changing --------------------------------------------------------------------------------------------------

    def add(self, trigger: Trigger, data: T, *, barred: str = "", place: float = 0) -> Entry[T]:
        """Look for *trigger* from the next line on.  *barred* says why it must not fire, if so.

        Of one priority the lower *place* comes first, then what was added first.
        Raises PatternError for a condition that is none; ``Trigger.check`` is for whoever made the trigger.
        """
        entry = Entry(trigger, data, self._order, barred, place)
        self._order += 1
        self._switch(entry)
        self._sides[trigger.on].add(entry)
        if changes_looks(trigger):
            self._looks = [*(each for each in self._looks if not each.removed), entry]
        return entry

    def remove(self, entry: Entry[T]) -> None:
        """Look for it no more; nothing happens if it was removed already."""
        entry.removed = True
        entry.settle()
        self._sides[entry.trigger.on].remove(entry)

    def switch(self, group: str, *, on: bool) -> int:
        """Switch a group and all within it on or off; how many triggers it has.

        A group that is on within one that is off rests as well, until the outer one is switched on again.
        """
        self._off.pop(group, None)
        if not on:
            self._off[group] = None
        members = [entry for entry in self.entries if group in parents(entry.trigger.group)]
        for entry in members:
            self._switch(entry)
            if on and entry.runaway:
                entry.runaway = ""
                entry.settle()
        if on:
            for side in self._sides.values():
                side.version += 1
        return len(members)

    def rest(self, entry: Entry[T], *, on: bool) -> None:
        """Switch one trigger on or off by itself; it rests as well while a group of its is off.

        Switched on it is counted anew.
        """
        entry.resting = not on
        if on:
            entry.runaway, entry.begun = "", entry.fired
            self._sides[entry.trigger.on].version += 1
        entry.settle()

    def bar(self, entry: Entry[T], why: str) -> None:
        """Keep *entry* from firing because of *why*; from the next line on it may fire again where that is empty."""
        entry.barred = why
        entry.settle()
        if not why:
            self._sides[entry.trigger.on].version += 1

    def _switch(self, entry: Entry[T]) -> None:
        off = next((group for group in parents(entry.trigger.group) if group in self._off), "")
        if off != entry.off:
            entry.off = off
            entry.settle()

    @property
    def groups(self) -> Mapping[str, bool]:
        """Every group that a trigger is in, and whether it is on."""
        names = {name for entry in self.entries for name in parents(entry.trigger.group)} | self._off.keys()
        return {name: not any(group in self._off for group in parents(name)) for name in sorted(names)}

    @property
    def stale(self) -> bool:
        """Whether enough changed since the last sieve was made that a new one is worth its making."""
        return self._sides["line"].stale or self._sides["prompt"].stale

    # -- preparing -------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """Make a sieve of all triggers now; it takes seconds for thousands that are not in the cache."""
        for work in self.rebuilding(always=True):
            work.work()
            self.adopt(work)

    def rebuilding(self, *, always: bool = False) -> list[Rebuilding[T]]:
        """What should be made anew, as enough was added or removed since it was made last."""
        self._prepared = True
        return [
            Rebuilding(side, side.parts(), self._make)
            for side in self._sides.values()
            if side.stale or (always and (side.fresh or side.removed))
        ]

    def adopt(self, work: Rebuilding[T]) -> None:
        """Use what ``work`` made; what was added meanwhile stays new, what was removed is not asked."""
        assert work.made is not None
        for part in work.side.take(work.parts, work.made):
            _rest(part.entry, f"it is not a regular expression: {part.pattern}")

    def _make(self, parts: list[Part[T]]) -> Sieve:
        sources = [(part.pattern.regex, part.pattern.re_flags) for part in parts]
        return sieve(sources, backend=self._backend, cache=self._cache)

    # -- showing ---------------------------------------------------------------------------------------------------

    def shown(self, line: Line) -> str | None:
        """What transcripts and the web show of *line*; None where it is left out."""
        entries = sorted((entry for entry in self._looks if not entry.removed), key=attrgetter("rank"))
        return shown(line, entries, self.values)

    # -- matching --------------------------------------------------------------------------------------------------

    def feed(self, lines: Lines, fire: Callable[[Firing[T]], None], now: float = 0.0) -> None:
        """Call *fire* for every trigger that fires on *lines*, line by line, each in its turn.

        *now* is in seconds of any clock, for cooldowns.
        """
        number = self._number - lines.start
        self._number += len(lines)
        if not self._prepared:
            self.prepare()
        self._run(self._sides["line"], lines, number, fire, now)

    def feed_prompt(self, prompt: Prompt, fire: Callable[[Firing[T]], None], now: float = 0.0) -> None:
        """The same for a prompt."""
        if not self._prepared:
            self.prepare()
        side = self._sides["prompt"]
        if side.entries and prompt.text:
            self._run(side, Lines(Page.of([Line(prompt.text)])), 0, fire, now)

    def _run(
        self, side: _Side[T], lines: Lines, number: int, fire: Callable[[Firing[T]], None], now: float
    ) -> None:  # fmt: skip
        page, row = lines.page, lines.start
        if not side.concerns(page, row, lines.stop):
            return  # the usual case for a few lines: without a timer set
        with self._guard:
            while row < lines.stop:
                version = side.version
                for at, parts in side.rows(page, row, lines.stop):
                    self._line(page, at, parts, number + at, fire, now)
                    row = at + 1
                    if side.version != version:  # a handler changed something: look anew from the next line on
                        break
                else:
                    return

    def _line(
        self, page: Page, row: int, parts: list[Part[T]], number: int, fire: Callable[[Firing[T]], None], now: float
    ) -> None:
        text = page.texts[row]
        last = None
        for part in parts:
            entry = part.entry
            if entry.idle or entry is last:  # its several patterns are asked together
                continue
            matches: tuple[re.Match[str], ...] | None
            if entry.alone:
                found = self._search(part, text)
                if found is None or entry.idle:
                    continue
                matches = (found,)
            else:
                last = entry
                matches = self._several([each for each in parts if each.entry is entry], number, text)
                if matches is None:
                    continue
            if entry.asks and entry.held_back(matches, page.line(row), self.values, now):
                continue
            entry.fired += 1
            entry.last = now
            if entry.counts:
                entry.note_fired(matches, now)
            fire(Firing(entry, row, matches, page))
            if entry.trigger.stop:
                return

    def _several(self, parts: list[Part[T]], number: int, text: str) -> tuple[re.Match[str], ...] | None:
        entry, found = parts[0].entry, {}
        for part in parts:
            if entry.awaits(part.index, number) and (match := self._search(part, text)):
                found[part.index] = match
        return entry.saw(number, found) if found and not entry.idle else None

    def _search(self, part: Part[T], text: str) -> re.Match[str] | None:
        entry = part.entry
        entry.tried += 1
        compiled = part.compiled
        if compiled is None:
            try:
                compiled = part.compiled = part.pattern.compiled()
            except PatternError as exc:
                _rest(entry, str(exc))
                return None
        begun = perf_counter()
        try:
            found = self._guard.search(compiled, text)
        except Runaway:
            found = None
            entry.runaway = RUNAWAY.format(text[:60])
            entry.settle()
            log.warning("trigger %s is switched off: %s", entry.trigger, entry.runaway)
        entry.spent += perf_counter() - begun
        return found
