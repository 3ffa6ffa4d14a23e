"""What a character remembers, as values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier utterance in the talk with this speaker; ``own``: the character said it."""

    speaker: str
    text: str
    own: bool


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that somebody told the character, in the teller's own words or in the model's."""

    id: int
    at: float
    """When it was told last, in seconds since 1970."""
    speaker: str
    """The key of who told it."""
    name: str
    """What the teller was called then."""
    text: str
    private: bool
    """Whether it was told to the character alone."""
    place: str = ""
    """``room:NAME`` or ``channel:NAME`` where it was told for others to hear."""
    heard: frozenset[str] = frozenset()
    """The keys of all who heard it."""
    source: str = "said"
    """``said``: the teller's words; ``remember``: told to be remembered; ``model``: noted by the model."""
    importance: float = 0.5
    """From 0 to 1."""
    hearsay: bool = False
    """In what is recalled: somebody else told it than who is answered."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What comes to a character's mind about whom it answers, and what that one says."""

    turns: Sequence[Turn] = ()
    """What was said lately, oldest first."""
    summary: str = ""
    """What the talk was about before."""
    facts: Sequence[Fact] = field(default=())
    """The one that matters most comes first."""
