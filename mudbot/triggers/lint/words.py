"""What the author of a pattern is told."""

from __future__ import annotations

from mudbot.triggers.lint.safer import parts_of
from mudbot.triggers.lint.shape import Group, Repeat

_LONGEST = 60


def exponential(piece: str, text: str, better: str | None, loop: Repeat) -> str:
    """Of a loop that can take *text*, said once or more, in many ways."""
    message = (
        f"{_quoted(piece)} can take the same text in many ways, and all of them are tried where what follows does not "
        f"fit: each further {_quoted(text)} in a line doubles the time. "
    )
    if better is None:
        return message + (
            "Let every repetition begin with something that cannot stand elsewhere in it, or, if what follows never "
            f"needs a part of its text back, keep what is found first: {_quoted(f'(?>{piece})')}"
        )
    group = any(isinstance(part, Group) for part in parts_of(loop.body))
    return message + _instead(better) + (", but its group then holds another part of it" if group else "")


def polynomial(piece: str, text: str, better: str | None) -> str:
    """Of loops that can share a run of *text* in many ways."""
    message = (
        f"The loops of {_quoted(piece)} can take the same text, and each border between them is tried where what "
        f"follows does not fit: {_quoted(text)} a thousand times in a line takes some million steps, or more. "
    )
    return message + (_instead(better) if better else "Put between them what neither can take, or leave one out")


def _instead(better: str) -> str:
    return f"Write {_quoted(better)}: it finds the same"


def _quoted(text: str) -> str:
    return f"`{text if len(text) <= _LONGEST else text[: _LONGEST - 4] + ' ...'}`"
