"""Whether somebody speaks to the character.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mudbot.events import Room, Speech


def addressed(speech: Speech, names: Iterable[str], room: Room) -> bool:
    """Whether *speech* is meant for the character that answers to *names*.

    It is when it was told in private, when it holds one of the names, or when it was said in a room where nobody is
    but the two of them.  Channels want the name.
    """
    if not speech.text:
        return False
    if speech.private:
        return True
    if speech.kind not in ("say", "channel"):
        return False
    if any(_holds(speech.text, name) for name in names if name):
        return True
    return speech.kind == "say" and room.people is not None and set(room.people) == {speech.speaker}


# A letter or digit of a script with spaces between its words: 你好Chen names Chen, but Янтарь does not name Ян.
_IN_WORD = r"[^\W_\u2e80-\U0010ffff]"


def _holds(text: str, name: str) -> bool:
    """Whether *text* holds *name*: as a word of its own, except that Chinese is written without spaces."""
    if any(ord(c) > 0x2E7F for c in name):
        return name in text
    return re.search(rf"(?<!{_IN_WORD}){re.escape(name)}(?!{_IN_WORD})", text, re.IGNORECASE) is not None
