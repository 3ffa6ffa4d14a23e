"""On lines as MUDs write them, with ten triggers and with ten thousand: what fires is what a plain loop fires."""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mudbot.events import Line, Lines, Page
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Firing
from mudbot.triggers.sieve import Backend, has_hyperscan
from mudbot.triggers.trigger import Pattern, Trigger
from tests.triggers.reference import Fired, Naive, Spans

DATA = Path(__file__).parents[1] / "mud" / "data" / "chat_lines.json"
CHAT = [entry["line"] for entry in json.loads(DATA.read_text("utf-8"))]
NAMES = ("Torin", "a grey wolf", "Mira", "the city guard", "张三", "小师妹", "Ørjan", "Иван", "İsmail")
VERBS = ("hits", "misses", "slashes", "bites", "打", "刺", "ударяет", "KICKS")
PARTS = ("arm", "left leg", "head", "胸口", "голову")
PLACES = ("north", "south", "up", "out of the cave", "东边", "на север")
THINGS = ("a rusty sword", "12 gold coins", "a loaf of bread", "一把长剑", "ключ", "Straße sign")

Seen = list[tuple[int, int, Spans]]


def line(rnd: random.Random) -> str:
    """A line of a fight, a room, a chat, a status; of four languages."""
    name, other, number = rnd.choice(NAMES), rnd.choice(NAMES), rnd.randrange(12_000)
    made: tuple[Callable[[], str], ...] = (
        lambda: f"{name} {rnd.choice(VERBS)} {other}'s {rnd.choice(PARTS)} for {number} damage!",
        lambda: f"{name} arrives from the {rnd.choice(PLACES)}.",
        lambda: f"{name} leaves {rnd.choice(PLACES)}.",
        lambda: f"You get {rnd.choice(THINGS)} from the corpse of {other}.",
        lambda: f"<{number}hp {rnd.randrange(999)}mp {rnd.randrange(99)}mv> ",
        lambda: f"You feel your {rnd.choice(PARTS)} tingle ({number}).",
        lambda: f"{name}往{rnd.choice(PLACES)}离开，气血 {number}/{number}。",
        lambda: "    [Exits: north, east]   Obvious exits are here.",
        lambda: "-" * rnd.randrange(78),
        lambda: rnd.choice(CHAT),
        lambda: rnd.choice(CHAT).upper(),
        lambda: f"[{number:05}] {name} gossips, '{rnd.choice(CHAT)}'",
    )
    return rnd.choice(made)()


def trigger(rnd: random.Random, number: int) -> Trigger:
    """One of an owner's: most are of one player, place or number, some of a few letters, some of none."""
    name = re.escape(rnd.choice(NAMES))
    made: tuple[Callable[[], Pattern], ...] = (
        lambda: Pattern(rf"^(\w+) {rnd.choice(VERBS)} {name}'s (\w+) for {number} damage!$"),
        lambda: Pattern(rf"(?P<who>{name}) arrives from the (?P<dir>[\w ]+)\.$"),
        lambda: Pattern(rf"^<(\d+)hp {number % 999}mp (\d+)mv>"),
        lambda: Pattern(rf"\btingle \({number}\)", flags=re.IGNORECASE),
        lambda: Pattern(f"{name}往(.+)离开，气血 {number}/(\\d+)。"),
        lambda: Pattern(f"[{number:05}] ", "text"),
        lambda: Pattern(f"*气血 {number}/*", "glob"),
        lambda: Pattern(rnd.choice(CHAT), "exact"),
        lambda: Pattern(rf"{number}(?!\d)(?<!hp)"),
        lambda: Pattern(rf"(?:gold|bread|ключ){number % 50}|straße (?:sign|{number})", flags=re.IGNORECASE),
        lambda: Pattern(rf"(\w)\1{{2}}.*{number}"),
    )
    kind = number % (len(made) + 1)
    pattern = Pattern(rnd.choice((r"^\s*$", r"^\d", r"\d{5}", "[A-Z]{9}"))) if kind == len(made) else made[kind]()
    return Trigger(patterns=(pattern,), priority=rnd.choice((0, 0, 0, 1, -1)), stop=rnd.random() < 0.02)


@functools.cache
def corpus(size: int, count: int) -> tuple[list[Trigger], list[str], Seen]:
    """So many triggers, so many lines, and what fires by the reference."""
    rnd, naive = random.Random(size), Naive()
    triggers = [trigger(rnd, number) for number in range(size)]
    lines = [line(rnd) for _ in range(count)]
    expected: Seen = []

    def fired(fired: Fired) -> None:
        expected.append((fired.data, fired.line, fired.spans))

    for number, each in enumerate(triggers):
        naive.add(each, number)
    naive.feed(map(Line, lines), fired)
    return triggers, lines, expected


def by_engine(triggers: list[Trigger], lines: list[str], backend: Backend) -> Seen:
    """What fires by the engine, page by page."""
    engine = Engine[int](backend=backend)
    for number, each in enumerate(triggers):
        engine.add(each, number)
    seen: Seen = []
    for start in range(0, len(lines), 40):

        def fire(firing: Firing[int], start: int = start) -> None:
            (match,) = firing.matches
            spans = tuple(match.span(n) for n in range(match.re.groups + 1))
            seen.append((firing.entry.data, start + firing.row, (spans,)))

        engine.feed(Lines(Page("".join(f"{text}\n" for text in lines[start : start + 40]))), fire)
    return seen


@pytest.mark.parametrize("backend", ["plain", "hyperscan"])
@pytest.mark.parametrize(("size", "count"), [(10, 4000), (100, 2000), (1000, 400), (10_000, 60)])
def test_what_fires_on_a_corpus(size: int, count: int, backend: Backend) -> None:
    """The same triggers, lines, groups and order; some do fire."""
    if backend == "hyperscan" and not has_hyperscan():
        pytest.skip("there is no hyperscan on this machine")
    triggers, lines, expected = corpus(size, count)
    assert by_engine(triggers, lines, backend) == expected
    assert len(expected) > count // 20
    assert len({number for number, _, _ in expected}) >= min(size // 8, 30)
