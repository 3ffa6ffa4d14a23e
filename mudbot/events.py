"""What the bot hears, as frozen values.  No I/O here, and nothing that knows where a value came from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, Literal, NamedTuple, Protocol

SpeechKind = Literal["say", "tell", "whisper", "channel", "emote", "self"]
PromptKind = Literal["ga", "eor", "quiet", "eof"]
NewsKind = Literal["muted", "slow", "banned", "absent", "refused", "idle", "taken"]


@dataclass(frozen=True, slots=True, repr=False)
class Style:
    """How text looks.  One look is one value: bold red and bright red are both ``Style(fg="bright red")``."""

    fg: str | None = None
    """The name of one of the eight colours (``cyan``, ``bright green``), ``#rrggbb``, or None for the usual one."""
    bg: str | None = None
    bold: bool = False
    """Bold where that does not show as a bright colour already: MUDs say bright green as bold and green."""
    faint: bool = False
    italic: bool = False
    underline: bool = False
    blink: bool = False
    inverse: bool = False
    hidden: bool = False
    strike: bool = False

    def __repr__(self) -> str:
        told = ((one.name, getattr(self, one.name)) for one in fields(self))
        return f"Style({', '.join(f'{name}={value!r}' for name, value in told if value)})"


class Span(NamedTuple):
    """A part of a line that does not look as usual: ``line.text[start:end]``."""

    start: int
    end: int
    style: Style


class Colours(Protocol):
    """What was read together with a line and knows how it looked."""

    def spans(self, row: int) -> tuple[Span, ...]:
        """The coloured parts of line number *row* of that reading."""


class Line:
    """One complete line of MUD text, decoded, without colours.

    A frozen value, equal to another by its text, ``cut`` and ``prompt``.  It is written out because one is made for
    all that a MUD says, and a frozen dataclass takes two to three times as long to make.
    """

    __match_args__ = ("text", "cut", "prompt")
    __slots__ = ("_colours", "_cut", "_prompt", "_row", "_text")

    def __init__(
        self,
        text: str,
        cut: bool = False,  # noqa: FBT001, FBT002  # the reader makes one for every line: positions are faster
        prompt: str = "",
        colours: Colours | None = None,
        row: int = 0,
    ) -> None:
        """A line; *colours* and *row* are the reader's, who was given escapes with it."""
        self._text = text
        self._cut = cut
        self._prompt = prompt
        self._colours = colours
        self._row = row

    @property
    def text(self) -> str:
        """What stands on it."""
        return self._text

    @property
    def cut(self) -> bool:
        """True for a piece of a line that was longer than the bound: more of it follows."""
        return self._cut

    @property
    def prompt(self) -> str:
        """What had been given as a quiet prompt just before, if this text stands behind it on the same line.

        A true prompt and a line that came slowly look alike; whoever reads the line tries it without this first.
        """
        return self._prompt

    @property
    def spans(self) -> tuple[Span, ...]:
        """The parts of ``text`` that do not look as usual, in order, none overlapping; worked out when asked for.

        A colour lasts until the MUD ends it, over line ends and prompts too.
        """
        return () if self._colours is None else self._colours.spans(self._row)

    def after(self, prompt: str) -> Line:
        """The same line, standing behind *prompt*."""
        return Line(self._text, self._cut, prompt, self._colours, self._row)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Line):
            return NotImplemented
        return (self._text, self._cut, self._prompt) == (other._text, other._cut, other._prompt)

    def __hash__(self) -> int:
        return hash((self._text, self._cut, self._prompt))

    def __repr__(self) -> str:
        more = ", cut=True" if self._cut else ""
        more += f", prompt={self._prompt!r}" if self._prompt else ""
        return f"Line({self._text!r}{more})"


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
class Msdp:
    """Variables that the MUD told (Mud Server Data Protocol, telnet option 69)."""

    variables: dict[str, Any]
    """Name to a text, a list or a table (both of the same)."""


@dataclass(frozen=True, slots=True)
class Mssp:
    """What the MUD says of itself to listings (Mud Server Status Protocol, telnet option 70)."""

    variables: dict[str, str | list[str]]
    """Name, in capitals, to its value; a list where it was given more than once."""


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
    at: float = field(default=0.0, compare=False)
    """When it was heard, in seconds of the session's clock; 0 if that is not known."""

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
class News:
    """The MUD told the character something about itself that changes what it may do."""

    kind: NewsKind
    """``muted`` for a while, ``slow`` down, ``banned`` until the next login, ``absent``: nobody got the tell,
    ``refused``: these words were not taken, ``idle``: thrown out for sleeping, ``taken``: somebody else logged in.
    """
    text: str


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


MudEvent = Line | Prompt | Gmcp | Msdp | Mssp | Closed
"""What a connection gives, in the order of its bytes."""

SessionEvent = Line | Prompt | Gmcp | Msdp | Mssp | Speech | News | LoggedIn | Disconnected
"""What a session tells whoever listens to it."""
