"""The shape of a dialect's YAML file: every key, its default and its bounds.  Values are frozen."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mudbot.events import NewsKind, SpeechKind

Verb = Literal["say", "tell", "whisper", "channel", "emote"]

_PART = re.compile(r"%\{(\w+)\}")


class Shape(BaseModel):
    """A part of a dialect: unknown keys refused, values frozen."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_pattern(text: str) -> str:
    try:
        re.compile(_PART.sub("x", text))
    except re.error as exc:
        raise ValueError(f"is not a regular expression: {exc}") from exc
    return text


PatternText = Annotated[str, AfterValidator(_is_pattern)]
"""A Python regular expression; ``%{name}`` puts in one of the dialect's parts."""


def with_parts(pattern: str, parts: dict[str, str], variants: str = "") -> re.Pattern[str]:
    """*pattern*, its ``%{parts}`` put in, compiled.  Raises KeyError for a part that there is not.

    *variants* are groups of characters, parted by spaces: the first of each stands for all of them.
    """
    text = _PART.sub(lambda m: f"(?:{parts[m[1]]})", pattern)
    return re.compile(_varied(text, variants) if variants and not text.isascii() else text)


def _varied(pattern: str, variants: str) -> str:
    forms = {group[0]: group for group in variants.split()}
    found, inside, escaped = [], False, False
    for char in pattern:
        group = forms.get(char)
        found.append(char if group is None or escaped else group if inside else f"[{group}]")
        if not escaped and char in "[]":
            inside = char == "["
        escaped = char == "\\" and not escaped
    return "".join(found)


def _is_one_line(text: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 or char in "\x85\u2028\u2029" for char in text):
        raise ValueError("must be one line, without control characters: it is typed into the MUD")
    return text


OneCommand = Annotated[str, AfterValidator(_is_one_line)]
"""What is typed: one line, or nothing but the line end."""


class Rule(Shape):
    """One form of speech: its kind, and a pattern whose groups are speaker, id, channel and text."""

    kind: SpeechKind
    pattern: PatternText
    colour: str | None = None
    """What the MUD prints all of it in up to the words, if that is how a true one is told from an emote."""
    speaker_colour: str | None = None
    """What it prints the name in, where that is another."""
    announced: bool = False
    """Who speaks was said a line or two before: see ``Dialect.announce``."""


class Wrap(Shape):
    """How speech goes on over several lines: from one that *opens* it and does not close it to one that *closes* it."""

    opens: PatternText
    closes: PatternText
    joint: str = " "
    """What stood where the line was broken."""
    lines: int = Field(default=8, ge=2, le=50)
    """Lines at most; where they do not close it, it was no wrapped speech."""


class Question(Shape):
    """Something that waits for a key before it goes on: a pager, a y/n question, "press any key"."""

    when: PatternText
    send: OneCommand = ""
    """Nothing but the line end, unless given."""
    during: Literal["login", "game", "always"] = "always"
    takes: bool = False
    """Whether the answer throws another link of the same character out: given once an hour at most."""


class News(Shape):
    """What the MUD says about the character itself, and what follows from it."""

    kind: NewsKind
    pattern: PatternText
    seconds: float = Field(default=60.0, gt=0, le=86_400)
    """How long it holds, for ``muted``."""
    verbs: frozenset[Verb] | None = None
    """What it concerns, for ``muted`` and ``banned``; None is all speech."""


class Idle(Shape):
    """What is typed after so many seconds without anything being sent, so that the MUD does not think us asleep."""

    seconds: float = Field(gt=0)
    send: OneCommand = ""


class Detect(Shape):
    """What this family is known by before anybody has logged in."""

    mssp: dict[str, PatternText] = {}
    """Variable of MSSP to what its value looks like."""
    text: tuple[PatternText, ...] = ()
    """Lines and prompts that only this family shows."""


class Step(Shape):
    """One question of the login and what is answered; ``{name}`` and ``{password}`` stand for the configured values."""

    when: PatternText
    """``{name}`` stands for the configured name here as well."""
    send: OneCommand
    """May also name a group of ``when``: the number of a line in a menu."""
    by_encoding: dict[str, OneCommand] = {}
    """What is sent instead where the session has this encoding."""


class LoginRules(Shape):
    """How a character gets in.

    Without ``success`` the login has worked once ``settle`` seconds pass without a failure.
    """

    steps: tuple[Step, ...] = ()
    success: PatternText | None = None
    failure: PatternText | None = None
    busy: PatternText | None = None
    """Not now: the character is in the game already, or left it a moment ago.  Nothing is wrong with the password."""
    settle: float = 3.0


class RoomRules(Shape):
    """How to read what ``look`` shows; the first line is the name, what no pattern takes is the description."""

    look: OneCommand = "look"
    exits: PatternText | None = None
    people: PatternText | None = None
    separators: PatternText = r",\s*(?:and\s+)?|\sand\s|\s和\s|、"
    arrives: PatternText | None = None
    leaves: PatternText | None = None


class Markup(Shape):
    """What the MUD would evaluate in a text, and what stands for it instead so that listeners read the very words."""

    replace: dict[str, str] = {}
    """In one pass, the longest first: a replacement is never replaced again."""
    leading: dict[str, str] = {}
    """What is put before a text that begins so, as it would make another command of it."""


class Bucket(Shape):
    """A token bucket: ``burst`` at once, ``per_second`` in the long run."""

    burst: float = Field(default=4, ge=1)
    per_second: float = Field(default=1.0, gt=0)


class Repeat(Shape):
    """How often the same words may go to the same place: ``times`` within ``window`` seconds."""

    window: float = Field(gt=0)
    times: int = Field(default=1, ge=1)


class Pace(Bucket):
    """What a character may send: the bucket is of commands of any kind."""

    says: Bucket | None = None
    """A bucket of its own for speech, where the MUD counts that too."""
    channel_gap: float = Field(default=0.0, ge=0)
    """Seconds between two lines on the same channel."""
    repeat: Repeat | None = None
