"""A prompt explained to whoever looks over a character's shoulder.  Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mudbot.mind.context import Prompt
    from mudbot.mind.lore import Recalled


def explained(prompt: Prompt, recalled: Recalled) -> str:
    """The prompt, what called the lore in it, and what is not in it."""
    called = [f"{each.why}: {each.entry.title or each.entry.text[:60]}" for each in recalled]
    missing = [f"{each.why}: {each.entry.title or each.entry.text[:60]}" for each in recalled.left_out]
    parts = [prompt.explained()]
    if called:
        parts.append("\n".join(["== lore was called by", *called]))
    if missing:
        parts.append("\n".join(["== lore that was called and left out", *missing]))
    return "\n\n".join(parts)
