"""Random lives of an engine: triggers come and go while lines arrive, in handlers too; the reference lives the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mudbot.events import Line, Lines, Page, Prompt, Span, Style
from mudbot.triggers.engine import Engine, Rebuilding
from mudbot.triggers.entry import Entry, Firing
from mudbot.triggers.guard import Guard
from mudbot.triggers.sieve import Backend
from mudbot.triggers.trigger import Color, Pattern, Trigger
from tests.triggers.reference import Asked, Fired, Held, Naive

Action = tuple[Any, ...]
"""What is done and with what: ("add", trigger), ("remove", which), ("switch", group, on), ("set", name, value), ..."""
Painted = list[tuple[str, tuple[Span, ...]]]

ASKED: Mapping[str, Asked] = {
    "hp < 30": lambda values, _: values["hp"] < 30,
    "not fighting": lambda values, _: not values["fighting"],
    "hp < 50 and fighting == 1": lambda values, _: values["hp"] < 50 and values["fighting"] == 1,
    "who == 'bob'": lambda values, groups: groups.get("who", values.get("who", KeyError)) == "bob",
    "sp > 5 or Char.Vitals.sp == 0": lambda values, _: values["sp"] > 5 or values["sp"] == 0,
}
"""Conditions, and what they ask, written by hand."""


class Colours:
    """How the lines of a page look."""

    def __init__(self, spans: Sequence[tuple[Span, ...]]) -> None:
        self._spans = spans

    def spans(self, row: int) -> tuple[Span, ...]:
        return self._spans[row]


class Life:
    """An engine or the reference, and the names that its triggers have in a program: the order in which they came."""

    def __init__(self, script: Sequence[Action]) -> None:
        self.script = script
        self.log: list[Any] = []
        self.born = 0

    def heard(self, what: Any) -> None:
        """A trigger fired: its handler does what the program says for the so many-th firing."""
        self.log.append(what)
        if len(self.log) <= len(self.script):
            self.do(self.script[len(self.log) - 1])

    def do(self, action: Action) -> None:
        getattr(self, action[0])(*action[1:])

    def nothing(self) -> None:
        """Most handlers change nothing."""


class ByHand(Life):
    def __init__(self, script: Sequence[Action]) -> None:
        super().__init__(script)
        self.naive = Naive(ASKED)
        self.all: list[Held] = []

    def add(self, trigger: Trigger) -> None:
        self.all.append(self.naive.add(trigger, len(self.all)))

    def remove(self, which: int) -> None:
        if self.all:
            self.naive.remove(self.all[which % len(self.all)])

    def switch(self, group: str, on: bool) -> None:
        self.naive.switch(group, on=on)

    def set(self, name: str, value: Any) -> None:
        self.naive.values[name] = value

    def rest(self, which: int, on: bool) -> None:
        if self.all:
            self.naive.rest(self.all[which % len(self.all)], on=on)

    def begin(self) -> None: ...

    def finish(self, which: int) -> None: ...

    def lines(self, page: Page, start: int, stop: int, now: float) -> None:
        self.naive.feed([page.line(row) for row in range(start, stop)], self.fired, now)

    def prompt(self, text: str, now: float) -> None:
        self.naive.feed_prompt(text, self.fired, now)

    def fired(self, fired: Fired) -> None:
        self.heard((fired.data, fired.line, fired.spans))


class ByEngine(Life):
    def __init__(self, script: Sequence[Action], backend: Backend) -> None:
        super().__init__(script)
        self.engine = Engine[int](backend=backend)
        self.engine._guard = Guard(each=5.0, total=100.0)  # a busy machine must not make a slow search a runaway one
        self.all: list[Entry[int]] = []
        self.begun: list[Rebuilding[int]] = []
        self.number: Callable[[int], int] = int
        self.fed = 0

    def add(self, trigger: Trigger) -> None:
        self.all.append(self.engine.add(trigger, len(self.all)))

    def remove(self, which: int) -> None:
        if self.all:
            self.engine.remove(self.all[which % len(self.all)])

    def switch(self, group: str, on: bool) -> None:
        self.engine.switch(group, on=on)

    def set(self, name: str, value: Any) -> None:
        if name == "sp":
            self.engine.values.hear_gmcp("Char.Vitals", {"SP": str(value)})
        else:
            self.engine.values[name] = value

    def rest(self, which: int, on: bool) -> None:
        if self.all:
            self.engine.rest(self.all[which % len(self.all)], on=on)

    def begin(self) -> None:
        """A new sieve is begun; others may be under way."""
        self.begun += self.engine.rebuilding(always=True)

    def finish(self, which: int) -> None:
        """One of those is ready, be it the oldest or not."""
        if self.begun:
            work = self.begun.pop(which % len(self.begun))
            work.work()
            self.engine.adopt(work)

    def lines(self, page: Page, start: int, stop: int, now: float) -> None:
        offset, self.fed = self.fed - start, self.fed + stop - start
        self.number = lambda row: row + offset
        self.engine.feed(Lines(page)[start:stop], self.fired, now)

    def prompt(self, text: str, now: float) -> None:
        self.number = lambda row: row - 1
        self.engine.feed_prompt(Prompt(text), self.fired, now)

    def fired(self, firing: Firing[int]) -> None:
        spans = tuple(tuple(m.span(n) for n in range(m.re.groups + 1)) for m in firing.matches)
        self.heard((firing.entry.data, self.number(firing.row), spans))


# -- programs ----------------------------------------------------------------------------------------------------------

SOURCES = (
    Pattern("ab"), Pattern(r"(?P<who>\w+) says"), Pattern(r"(?P<who>\w+)?!"), Pattern("^a(b)?(c)?"), Pattern(""),
    Pattern("(?i)kiss"), Pattern("K", flags=2), Pattern("* 告诉你：*", "glob"), Pattern("abc", "exact"),
    Pattern(".", "text"), Pattern(r"(\w)\1"), Pattern("x$|^$"), Pattern(r"\d+"), Pattern("says", "text"),
    Pattern("abc|bob says"), Pattern("b"), Pattern("[a-b]+(?P<who>c?)"),
)  # fmt: skip
TEXTS = (
    "ab", "abc", "bob says ab", "ann says hi!", "bob!", "!", "", "Kiss \u212aiss", "ki\u017fs", "bob 告诉你：x",
    "ann 告诉你：!", "hp 12.", "aab x",
)  # fmt: skip
GROUPS = ("", "", "a", "a/b", "a/b/c", "ab", "c")
LOOKS = (None, Style(fg="red"), Style(fg="bright green", bg="blue"), Style(bg="white"))
COLORS = ("red", "plain", "bright green", "on blue", "plain on white")


def painted(rnd: random.Random) -> tuple[str, tuple[Span, ...]]:
    text = rnd.choice(TEXTS)
    spans, at = [], 0
    while at < len(text):
        end = rnd.randint(at + 1, len(text))
        if (look := rnd.choice(LOOKS)) is not None:
            spans.append(Span(at, end, look))
        at = end
    return text, tuple(spans)


def page(rnd: random.Random) -> Page:
    lines = [painted(rnd) for _ in range(rnd.choice((0, 1, 2, 5, 9)))]
    colours = Colours([spans for _, spans in lines])
    if rnd.random() < 0.3:
        return Page.of([Line(text, False, "", colours, row) for row, (text, _) in enumerate(lines)])
    return Page("".join(f"{text}\n" for text, _ in lines), colours=colours)


def trigger(rnd: random.Random) -> Trigger:
    several = rnd.choice((1, 1, 1, 2, 3))
    patterns = tuple(rnd.choice(SOURCES) for _ in range(several))
    compiled = [one.compiled() for one in patterns]
    groups = {name for one in compiled for name in (*one.groupindex, *map(str, range(1, one.groups + 1)))}
    some = [name for name in ("", *sorted(groups)) if rnd.random() < 0.15]
    made = Trigger(
        patterns=patterns,
        lines=rnd.choice((None, 1, 2, 3)) if several > 1 else None,
        on="prompt" if several == 1 and rnd.random() < 0.2 else "line",
        group=rnd.choice(GROUPS),
        priority=rnd.choice((0, 0, 0, 1, -1, 5)),
        stop=rnd.random() < 0.08,
        count=rnd.choice((None, None, None, 1, 3)),
        when=rnd.choice(("", "", "", *ASKED)),
        colors=tuple((name, Color.of(rnd.choice(COLORS))) for name in some) if several == 1 else (),
        cooldown=rnd.choice((0.0, 0.0, 0.0, 1.0, 2.5)),
        per=rnd.choice(("", *sorted(groups))),
    )
    made.check()
    return made


def action(rnd: random.Random, *, busy: float) -> Action:
    if rnd.random() > busy:
        return ("nothing",)
    return rnd.choice((
        lambda: ("add", trigger(rnd)), lambda: ("add", trigger(rnd)), lambda: ("remove", rnd.randrange(50)),
        lambda: ("switch", rnd.choice(("a", "a/b", "ab", "c", "a/b/c")), rnd.random() < 0.6),
        lambda: ("set", rnd.choice(("hp", "sp", "fighting")), rnd.choice((0, 1, 7, 29, 40, 90))),
        lambda: ("set", "who", "bob"),
        lambda: ("rest", rnd.randrange(50), rnd.random() < 0.6), lambda: ("begin",), lambda: ("finish",
        rnd.randrange(3)),
    ))()  # fmt: skip
