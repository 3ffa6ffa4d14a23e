"""What a character remembers, as values."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_OF_THE_PAST = re.compile(
    r"\b(?:did|have|had) i (?:ever |already |just )?(?:tell|told|say|said|mention(?:ed)?)\b"
    r"|\b(?:do|can) you (?:still )?(?:remember|recall) (?:me|my|what i|who i|that i|if i)\b"
    r"|\bwhat do i (?:like|love|hate|fear|drink|eat|collect)\b|\b(?:what|who|when)(?: is|'s|’s) my\b|\bwho am i\b"
    r"|我(?:刚才|以前|之前|上次|上回)?(?:[跟和对][您你])?(?:说过|讲过|提过|提起过)|我?(?:跟[您你]说|告诉)过?[您你]?(?:什么|吗)"
    r"|记得我|我(?:最|平时)?(?:爱|喜欢|怕|讨厌)[^，。]{0,2}(?:什么|哪)|我[^，。]{0,4}叫(?:什么|啥)|我是谁",
    re.IGNORECASE,
)


def asks_of_the_past(text: str) -> bool:
    """Whether *text* asks what its speaker told the character before."""
    return _OF_THE_PAST.search(text) is not None


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
