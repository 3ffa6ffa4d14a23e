"""What the bot hears, as frozen values.  No I/O here, and nothing that knows where a value came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

SpeechKind = Literal["say", "tell", "whisper", "channel", "emote", "self"]
PromptKind = Literal["ga", "eor", "quiet", "eof"]


@dataclass(frozen=True, slots=True)
class Line:
    """One complete line of MUD text, decoded, without colours."""

    text: str
    cut: bool = False
    """True for a piece of a line that was longer than the bound: more of it follows."""
    prompt: str = ""
    """What had been given as a quiet prompt just before, if this text stands behind it on the same line.

    A true prompt and a line that came slowly look alike; whoever reads the line tries it without this first.
    """


@dataclass(frozen=True, slots=True)
class Prompt:
    """Text that stands at the end without a line break: a prompt, or a question of the login."""

    text: str
    """Empty where the MUD marks the end of a message by GA or EOR and nothing stands there."""
    kind: PromptKind = "quiet"
    """How its end was known: telnet GA or EOR, a moment of quiet, or the end of the connection."""


@dataclass(frozen=True, slots=True)
class Gmcp:
    """A GMCP message (Generic MUD Communication Protocol, telnet option 201)."""

    package: str
    data: Any = None


@dataclass(frozen=True, slots=True)
class Closed:
    """The link ended."""

    reason: str


@dataclass(frozen=True, slots=True)
class Speech:
    """Somebody spoke, as the dialect read it."""

    kind: SpeechKind
    speaker: str | None
    """The name that was shown.  It is never a proof of who speaks."""
    text: str | None
    id: str | None = None
    """The login id that the MUD showed beside the name, where it shows one."""
    channel: str | None = None

    @property
    def private(self) -> bool:
        """Whether only the character heard it."""
        return self.kind in ("tell", "whisper")


@dataclass(frozen=True, slots=True)
class Command:
    """A chat command, for example ``!scene river``, that somebody gave in game."""

    name: str
    rest: str
    speech: Speech
    """How it was given: an answer goes back the same way."""


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """The character is in the game."""


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The character is no longer in the game; the session will try to return unless it was told to end."""

    reason: str


@dataclass(frozen=True, slots=True)
class Room:
    """Where the character is, as far as the MUD said so."""

    name: str = ""
    description: str = ""
    exits: tuple[str, ...] = ()
    people: tuple[str, ...] | None = None
    """Who else is here; None where the MUD did not say."""
    extra: dict[str, Any] = field(default_factory=dict, compare=False)


MudEvent = Line | Prompt | Gmcp | Closed
"""What a connection gives, in the order of its bytes."""
