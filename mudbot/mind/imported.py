"""What becomes of a card: a persona, and what there is to say of it."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

MAX_PAGE = 20_000


@dataclass(slots=True)
class Imported:
    """A persona to be written, and the account of how it came about."""

    persona: dict[str, Any] = field(default_factory=dict)
    """As its YAML says it."""
    taken: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    """In ``card:`` alone: what, and why it is not used."""
    changed: list[str] = field(default_factory=list)
    """Taken, but not as it was."""


def tidy(text: str) -> str:
    """*text* without what does not belong in a text file, with line ends of one kind."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Cn", "Co")).strip()
