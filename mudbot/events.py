"""What the bot hears, as frozen values.  No I/O here, and nothing that knows where a value came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import accumulate
from typing import Any, Literal, NamedTuple, Protocol, overload

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
    __slots__ = ("_colours", "_cut", "_page", "_prompt", "_quoted", "_row", "_text")
    _quoted: bool

    def __init__(
        self,
        text: str,
        cut: bool = False,  # noqa: FBT001, FBT002  # the reader makes one for every line: positions are faster
        prompt: str = "",
        colours: Colours | None = None,
        row: int = 0,
        page: Page | None = None,
    ) -> None:
        """A line; *colours* and *row* are the reader's, who was given escapes with it, *page* is where it stands."""
        self._text = text
        self._cut = cut
        self._prompt = prompt
        self._colours = colours
        self._row = row
        self._page = page

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

    @property
    def quoted(self) -> bool:
        """Whether it may be somebody's words though it is no speech: a part of words that the MUD broke, or of a line
        that was cut.  It takes no part in what lines are equal."""
        return hasattr(self, "_quoted")  # set for those few alone: a plain line costs no moment more

    def as_quoted(self) -> Line:
        """The same line, which may be somebody's words."""
        line = self.apart()  # a page makes its lines anew, and knows nothing of this
        line._quoted = True  # noqa: SLF001  # its own class
        return line

    def after(self, prompt: str) -> Line:
        """The same line, standing behind *prompt*."""
        return Line(self._text, self._cut, prompt, self._colours, self._row)

    def alone(self) -> Lines:
        """It alone, as a part of the page that it was read with: what is known of that need not be found out again."""
        return Lines(Page.of([self])) if self._page is None else Lines(self._page, self._row, self._row + 1)

    def apart(self) -> Line:
        """The same line, of no page."""
        return Line(self._text, self._cut, self._prompt, self._colours, self._row)

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


class Page:
    """All lines of one read: their text at once, and a Line of each for whoever looks at one."""

    __slots__ = ("_colours", "_ends", "_lines", "_pages", "_prompt", "_texts", "_utf8", "size", "text")

    def __init__(self, text: str, prompt: str = "", colours: Colours | None = None, utf8: bytes | None = None) -> None:
        """*text* is the lines, each with a newline behind it; *prompt* stands before the first; *utf8* is *text*."""
        self.text = text
        self.size = text.count("\n")
        """How many lines there are."""
        self._prompt, self._colours, self._utf8 = prompt, colours, utf8
        self._texts: list[str] | None = None
        self._lines: list[Line] | None = None
        self._pages: list[Page] = []
        self._ends: list[int] = []

    @classmethod
    def of(cls, lines: list[Line]) -> Page:
        """A page of lines that are made already."""
        page = cls("".join([f"{line.text}\n" for line in lines]))
        page._lines = lines
        return page

    @classmethod
    def joined(cls, pages: list[Page]) -> Page:
        """All lines of *pages*, each of which keeps what belongs to its own."""
        page = cls("".join([each.text for each in pages]), utf8=b"".join([each.utf8 for each in pages]))
        page._pages = pages
        page._ends = list(accumulate(each.size for each in pages))
        return page

    def __repr__(self) -> str:
        return f"<Page of {self.size} lines>"

    @property
    def utf8(self) -> bytes:
        """``text`` in UTF-8."""
        if self._utf8 is None:
            self._utf8 = self.text.encode("utf-8", "surrogatepass")
        return self._utf8

    @property
    def texts(self) -> list[str]:
        """The text of each line."""
        if self._texts is None:
            self._texts = self.text.split("\n")
            self._texts.pop()
        return self._texts

    def line(self, row: int) -> Line:
        """Line number *row*, from 0."""
        if self._lines is not None:
            return self._lines[row]
        if self._pages:
            at = bisect_right(self._ends, row)
            line = self._pages[at].line(row - (self._ends[at - 1] if at else 0))
            return line.apart()  # its row there is not its row here
        return Line(self.texts[row], False, "" if row else self._prompt, self._colours, row, self)

    @property
    def first_prompt(self) -> str:
        """The quiet prompt that the first line stands behind, if any."""
        return self.line(0).prompt if self.size and (self._lines or self._pages) else self._prompt

    @property
    def has_cuts(self) -> bool:
        """Whether a line in it is a piece of a longer one."""
        return any(line.cut for line in self._lines or ()) or any(page.has_cuts for page in self._pages)


class Lines(Sequence[Line]):
    """Lines that came in one read, or some of them that follow each other.  A Line is made when it is looked at."""

    __slots__ = ("page", "start", "stop")

    def __init__(self, page: Page, start: int = 0, stop: int | None = None) -> None:
        """Those of *page* from row *start* up to *stop*, which is not among them."""
        self.page, self.start = page, start
        self.stop = page.size if stop is None else stop

    def __len__(self) -> int:
        return self.stop - self.start

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> Lines: ...
    def __getitem__(self, index: int | slice) -> Line | Lines:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step != 1:
                raise ValueError("lines have one order")
            return Lines(self.page, self.start + start, self.start + max(start, stop))
        at = index + len(self) if index < 0 else index
        if not 0 <= at < len(self):
            raise IndexError(index)
        return self.page.line(self.start + at)

    def __iter__(self) -> Iterator[Line]:
        return map(self.page.line, range(self.start, self.stop))

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Lines | list | tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have none

    def __repr__(self) -> str:
        return f"Lines({list(self)!r})"


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
    sure: bool = field(default=False, compare=False, repr=False)
    """Whether the colours say so as well: words at a line's beginning can be anybody's, the MUD's colours cannot."""

    def heard(self, at: float) -> Speech:
        """The same, heard *at* that time; ``dataclasses.replace`` takes five times as long."""
        return Speech(self.kind, self.speaker, self.text, self.id, self.channel, at, self.sure)

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
class Arrived:
    """Somebody came to where the character is, as the MUD's own lines or its GMCP say it; never the character itself.

    Creatures are somebody, too.  MUDs whose lines of this kind the dialect does not know tell of nobody.
    """

    who: str
    """The name that was shown.  It is never a proof of who it is."""


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody went away from where the character is; else as with ``Arrived``."""

    who: str


@dataclass(frozen=True, slots=True)
class Connected:
    """The link to the MUD is up; the login begins.  If it is refused, no Disconnected follows."""


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

SessionEvent = Line | Prompt | Gmcp | Msdp | Mssp | Speech | News | Arrived | Left | Connected | LoggedIn | Disconnected
"""What a session tells whoever listens to it."""
