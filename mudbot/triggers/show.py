"""What transcripts and the web show of a line: without what is gagged, with what is put in its place.  Pure.

What the bot hears is never changed by this: triggers, dialects and models read what the MUD sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mudbot.triggers.trigger import groups_of

if TYPE_CHECKING:
    from mudbot.triggers.entry import Firing

_PLACE = re.compile(r"\{\{|\}\}|\{(\w+)\}")


def shown(text: str, firings: Iterable[Firing[Any]]) -> str | None:
    """*text* as it is shown after *firings*, those on its line, in order; None where it is left out."""
    for firing in firings:
        trigger = firing.entry.trigger
        if trigger.gag:
            return None
        if trigger.substitute is not None:
            template = trigger.substitute
            text = trigger.patterns[-1].compiled().sub(lambda match, t=template: filled(t, groups_of(match)), text)  # type: ignore[misc]
    return text


def filled(template: str, groups: Any) -> str:
    """*template* with ``{1}`` and ``{name}`` replaced by *groups*; one that took no part is nothing."""
    return _PLACE.sub(lambda m: m[0][0] if m[1] is None else groups.get(m[1], ""), template)
