"""What transcripts and the web show of a line: without what is gagged, with what is put in its place.

What the bot hears is never changed by this: triggers, dialects and models read what the MUD sent.  How often a trigger
fires and when it fired last does not count here: the same line always looks the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from mudbot.events import Line
from mudbot.triggers.data import Template
from mudbot.triggers.entry import Entry
from mudbot.triggers.guard import Guard, Runaway
from mudbot.triggers.trigger import Trigger, groups_of

_guard = Guard()


def changes_looks(trigger: Trigger) -> bool:
    """Whether *trigger* has a say in what is shown; one with several patterns has none."""
    return len(trigger.patterns) == 1 and (trigger.gag or trigger.substitute is not None)


def shown(line: Line, entries: Iterable[Entry[Any]], values: Mapping[str, Any]) -> str | None:
    """The text of *line* after *entries*, in their order, as it is shown; None where it is left out."""
    text = line.text
    with _guard:
        for entry in entries:
            trigger = entry.trigger
            if entry.idle:
                continue
            compiled = trigger.patterns[0].compiled()
            try:
                found = _guard.search(compiled, line.text)
            except Runaway:
                continue
            if found is None or entry.held_back((found,), line, values, math.inf):
                continue
            if trigger.gag:
                return None
            template = Template(trigger.substitute or "")
            text = compiled.sub(lambda match, fill=template.fill: fill(groups_of(match)), text)  # type: ignore[misc]
    return text
