"""How one family of MUDs talks, as data: what a line says, and how to say something back.

A dialect is a YAML file in ``dialects/``; adding a MUD family adds a file and its fixtures, no code.  Everything here
is pure: a line goes in, a Speech comes out; a verb goes in, the frame of a command comes out (the gate fills it).
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from mudbot.errors import ConfigError, Problem, nearest
from mudbot.events import Line, Room, Speech, SpeechKind

NOT_NAMES = frozenset({"all", "everyone", "everybody", "room", "here", "me", "self", "someone", "某人", "所有人"})
"""What some MUDs take for more than one person, whatever a player calls himself."""

Verb = Literal["say", "tell", "whisper", "channel", "emote"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _is_pattern(text: str) -> str:
    try:
        re.compile(re.sub(r"%\{\w+\}", "x", text))
    except re.error as exc:
        raise ValueError(f"not a regular expression: {exc}") from exc
    return text


PatternText = Annotated[str, AfterValidator(_is_pattern)]


class Rule(_Shape):
    """One form of speech: its kind, and a pattern whose groups are speaker, id, channel and text."""

    kind: SpeechKind
    pattern: PatternText


class Step(_Shape):
    """One question of the login and what is answered; ``{name}`` and ``{password}`` stand for the configured values."""

    when: PatternText
    send: str


class LoginRules(_Shape):
    """How a character gets in.

    Without ``success`` the login has worked once ``settle`` seconds pass without a failure.
    """

    steps: tuple[Step, ...] = ()
    success: PatternText | None = None
    failure: PatternText | None = None
    settle: float = 3.0


class RoomRules(_Shape):
    """How to read what ``look`` shows; the first line is the name, what no pattern takes is the description."""

    look: str = "look"
    exits: PatternText | None = None
    people: PatternText | None = None
    separators: PatternText = r",\s*(?:and\s+)?|\sand\s|\s和\s|、"
    arrives: PatternText | None = None
    leaves: PatternText | None = None


class Markup(_Shape):
    """What the MUD would evaluate in a text, and what stands for it instead so that listeners read the very words."""

    replace: dict[str, str] = {}
    """In one pass, the longest first: a replacement is never replaced again."""
    leading: dict[str, str] = {}
    """The same for the first character only, where it would make another command of the text."""


class Pace(_Shape):
    """What a character may send: ``burst`` commands at once, ``per_second`` in the long run."""

    burst: float = Field(default=4, ge=1)
    per_second: float = Field(default=1.0, gt=0)


class Dialect(_Shape):
    """One family of MUDs.  See ``dialects/generic.yaml`` for the keys with comments."""

    name: str
    title: str = ""
    parts: dict[str, PatternText] = {}
    prompt: PatternText | None = None
    hear: tuple[Rule, ...] = ()
    silent_channels: frozenset[str] = frozenset()
    speak: dict[Verb, str] = {"say": "say {text}", "tell": "tell {to} {text}"}
    reply_to: Literal["name", "id"] = "name"
    addressee: PatternText = r"[^\W_][\w'.@-]{0,39}"
    channels: dict[str, str] = {}
    channel_name: PatternText = "[a-z][a-z0-9_+-]{0,19}"
    max_bytes: int = Field(default=240, ge=40)
    markup: Markup = Markup()
    markup_for: dict[Verb, Markup] = {}
    """Verbs that the MUD reads in another way, with the whole of their markup."""
    login: LoginRules = LoginRules()
    room: RoomRules = RoomRules()
    goodbye: str | None = None
    pace: Pace = Pace()

    def compile(self, pattern: str) -> re.Pattern[str]:
        """*pattern* with the dialect's ``%{parts}`` put in."""
        return re.compile(re.sub(r"%\{(\w+)\}", lambda m: f"(?:{self.parts[m[1]]})", pattern))

    @functools.cached_property
    def _rules(self) -> list[tuple[SpeechKind, re.Pattern[str]]]:
        return [(rule.kind, self.compile(rule.pattern)) for rule in self.hear]

    @functools.cached_property
    def _prompt(self) -> re.Pattern[str] | None:
        return self.compile(self.prompt) if self.prompt else None

    @functools.cached_property
    def _addressee(self) -> re.Pattern[str]:
        return self.compile(self.addressee)

    @functools.cached_property
    def _silent(self) -> frozenset[str]:
        return frozenset(map(str.casefold, self.silent_channels))

    # -- hearing ---------------------------------------------------------------------------------------------------

    def bare(self, text: str) -> str:
        """*text* without a prompt that the MUD glued before it."""
        return self._prompt.sub("", text, count=1) if self._prompt else text

    def hear_line(self, line: Line) -> Speech | None:
        """What *line* says, or None if it is no speech."""
        found = self._read(self.bare(line.text))
        if found is None and line.prompt:
            found = self._read(self.bare(line.prompt + line.text))
        return found

    def _read(self, text: str) -> Speech | None:
        for kind, pattern in self._rules:
            if match := pattern.match(text):
                if kind in ("self", "emote"):
                    # Who is behind them is not certain: an emote can be worded as anything.
                    return Speech(kind, None, None)
                group = match.groupdict().get
                return Speech(kind, group("speaker"), group("text") or "", group("id"), group("channel"))
        return None

    # -- speaking --------------------------------------------------------------------------------------------------

    def answer_to(self, speech: Speech) -> tuple[Verb, str | None] | None:
        """How to answer *speech*: the verb, and whom or which channel; None if it must not be answered."""
        match speech.kind:
            case "say":
                return "say", None
            case "tell" | "whisper":
                verb: Verb = speech.kind if speech.kind in self.speak else "tell"
                # With the @MUD of somebody far away: the same id may be another person here.
                target = speech.id.lower() if self.reply_to == "id" and speech.id else speech.speaker
                return (verb, target) if self._addressable(target) else None
            case "channel" if speech.channel and speech.speaker and speech.channel.casefold() not in self._silent:
                return ("channel", speech.channel) if self.command_of(speech.channel) else None
        return None

    def _addressable(self, name: str | None) -> bool:
        return name is not None and name.casefold() not in NOT_NAMES and self._addressee.fullmatch(name) is not None

    def command_of(self, channel: str) -> str | None:
        """The command that speaks on *channel*, or None if there is no safe one.

        A name that somebody could have forged is never a verb: where channels are spoken on by their own names, only
        those that the dialect lists are.
        """
        listed = self.channels.get(channel)
        if listed or self.speak.get("channel", "").startswith("{channel}"):
            return listed
        return channel.lower() if re.fullmatch(self.channel_name, channel.lower()) else None

    def template(self, verb: Verb, target: str | None) -> tuple[str, str]:
        """What stands before and after the text in the command for *verb*.

        Raises ValueError where it cannot be said.
        """
        form = self.speak.get(verb)
        if form is None:
            raise ValueError(f"dialect {self.name} has no way to {verb}")
        before, _, after = form.partition("{text}")
        if "{to}" in form:
            if target is None or not self._addressable(target):
                raise ValueError(f"not a name that can be addressed here: {target!r}")
            before, after = before.replace("{to}", target), after.replace("{to}", target)
        if "{channel}" in form:
            command = self.command_of(target or "")
            if command is None:
                raise ValueError(f"no channel command is known for {target!r}; add it to the dialect's channels")
            before = before.replace("{channel}", command)
        return before, after


def read_room(dialect: Dialect, lines: list[str]) -> Room:
    """The room that *lines*, the answer to ``look``, show."""
    rules = dialect.room
    exits_at = dialect.compile(rules.exits) if rules.exits else None
    people_at = dialect.compile(rules.people) if rules.people else None
    separators = re.compile(rules.separators)
    name, prose, exits, people = "", [], (), ()
    for line in (text.strip() for text in lines):
        if exits_at and (found := exits_at.search(line)):
            exits = tuple(filter(None, (part.strip() for part in separators.split(found["exits"]))))
        elif people_at and (found := people_at.search(line)):
            people += tuple(filter(None, (part.strip() for part in separators.split(found["people"]))))
        elif not name:
            name = line
        elif line:
            prose.append(line)
    return Room(name, _joined(prose), exits, people if people_at else None)


def _joined(prose: list[str]) -> str:
    """Wrapped lines as one text: no space between Chinese characters or their punctuation, one elsewhere."""
    text = ""
    for line in prose:
        ends = sorted((ord(text[-1]), ord(line[0]))) if text else []
        # Quotes, dashes and ellipses (U+2010 and on) are common to both; beside a Chinese character they are Chinese.
        text += line if not ends or (ends[0] > 0x2000 and ends[1] > 0x2E7F) else f" {line}"
    return text


def names() -> list[str]:
    """The dialects that ship with mudbot."""
    folder = resources.files("mudbot.mud") / "dialects"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@functools.cache
def load(name: str) -> Dialect:
    """The shipped dialect *name*.  Raises ConfigError naming the nearest one if there is none."""
    known = names()
    if name not in known:
        hint = nearest(name, known)
        raise ConfigError(Problem("dialect", f"{name!r} is not known{hint}; there are {', '.join(known)}"))
    text = (resources.files("mudbot.mud") / "dialects" / f"{name}.yaml").read_text(encoding="utf-8")
    data: dict[str, Any] = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # safe
    return Dialect.model_validate({"name": name, **data})
