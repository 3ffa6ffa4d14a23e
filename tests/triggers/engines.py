"""Small steps for tests of the engine."""

from __future__ import annotations

from typing import Any

from mudbot.events import Lines, Page
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Entry
from mudbot.triggers.trigger import Pattern, Trigger


def add(engine: Engine[str], *sources: str, **rest: Any) -> Entry[str]:
    """A trigger; its data is its patterns."""
    return engine.add(Trigger(patterns=tuple(map(Pattern, sources)), **rest), " + ".join(sources))


def feed(engine: Engine[str], *texts: str, now: float = 0.0) -> list[str]:
    """What fires, in order: line and trigger."""
    seen: list[str] = []
    engine.feed(Lines(page(*texts)), lambda firing: seen.append(f"{firing.row} {firing.entry.data}"), now)
    return seen


def page(*texts: str) -> Page:
    return Page("".join(f"{text}\n" for text in texts))
