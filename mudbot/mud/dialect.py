"""How one family of MUDs talks, as data: what a line says, and how to say something back.

A dialect is a YAML file in ``dialects/``; adding a MUD family adds a file and its fixtures, no code.  Everything here
is pure: a line goes in, a Speech comes out; a verb goes in, the frame of a command comes out (the gate fills it).
"""

from __future__ import annotations

import functools
import re
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, Field, ValidationInfo, field_validator, model_validator

from mudbot.errors import ConfigError, Problem, nearest
from mudbot.events import Line, Speech
from mudbot.mud.rules import (
    Detect,
    Idle,
    LoginRules,
    Markup,
    News,
    OneCommand,
    Pace,
    PatternText,
    Question,
    RoomRules,
    Rule,
    Shape,
    Verb,
    Wrap,
    with_parts,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from importlib.resources.abc import Traversable
    from pathlib import Path
    from typing import Self

__all__ = ["NOT_NAMES", "Dialect", "Markup", "Pace", "Rule", "Verb", "load", "names", "read"]

NOT_NAMES = frozenset({"all", "everyone", "everybody", "room", "here", "me", "self", "someone", "某人", "所有人"})
"""What some MUDs take for more than one person, whatever a player calls himself."""


def _sound(rule: Rule, info: ValidationInfo) -> Rule:
    """*rule*, if its pattern compiles with the parts that stand before it and has the groups that are read from it."""
    if "parts" not in info.data:  # they are wrong themselves, which is told already
        return rule
    try:
        found = with_parts(rule.pattern, info.data["parts"], info.data.get("variants", ""))
    except KeyError as exc:
        raise ValueError(f"asks for the part {exc.args[0]!r}, which there is not: add it to parts") from None
    except re.error as exc:
        raise ValueError(f"is wrong with its parts put in: {exc}") from None
    if lacking := _groups(rule) - found.groupindex.keys():
        raise ValueError(f"lacks the group {min(lacking)!r}: write (?P<{min(lacking)}>...) around it")
    return rule


def _groups(rule: Rule) -> set[str]:
    """The groups that a rule's pattern must have."""
    if rule.kind in ("self", "emote"):
        return {"text", "speaker"} if rule.colour else set()
    spoken = {"text"} | ({"channel"} if rule.kind == "channel" else set())
    return spoken | ({"speaker"} if rule.colour or (rule.kind != "channel" and not rule.announced) else set())


SoundRule = Annotated[Rule, AfterValidator(_sound)]


class Dialect(BaseModel):
    """One family of MUDs.  See ``dialects/generic.yaml`` for the keys with comments."""

    model_config = Shape.model_config

    name: str
    title: str = ""
    parts: dict[str, PatternText] = {}
    variants: str = ""
    """Groups of characters, parted by spaces: in patterns the first of each stands for all of it."""
    prompt: PatternText | None = None
    hear: tuple[SoundRule, ...] = ()
    announce: PatternText | None = None
    """A line that says who speaks next, in its group ``speaker``."""
    wrap: Wrap | None = None
    silent_channels: frozenset[str] = frozenset()
    stems: dict[str, str] = {}
    """What ``X gossips`` shows for a channel's name, to the channel: ``gossips: gossip``."""
    news: tuple[News, ...] = ()
    questions: tuple[Question, ...] = ()
    speak: dict[Verb, OneCommand] = {"say": "say {text}", "tell": "tell {to} {text}"}
    reply_to: Literal["name", "id"] = "name"
    addressee: PatternText = r"[^\W_][\w'.@-]{0,39}"
    channels: dict[str, str] = {}
    channel_name: PatternText = "[a-z][a-z0-9_+-]{0,19}"
    max_bytes: int = Field(default=240, ge=40)
    max_bytes_for: dict[Verb, int] = {}
    """Verbs for which the MUD takes less."""
    charset: Literal["any", "ascii"] = "any"
    """``ascii`` where the MUD drops every other byte of what is typed."""
    markup: Markup = Markup()
    markup_for: dict[Verb, Markup] = {}
    """Verbs that the MUD reads in another way, with the whole of their markup."""
    login: LoginRules = LoginRules()
    room: RoomRules = RoomRules()
    unended: bool = False
    """Whether messages come without a line end, so that they look like prompts."""
    goodbye: OneCommand | tuple[OneCommand, ...] | None = None
    idle: Idle | None = None
    pace: Pace = Pace()
    detect: Detect = Detect()

    @model_validator(mode="after")
    def _compiles(self) -> Self:
        for pattern in self._patterns():
            try:
                self.compile(pattern)
            except KeyError as exc:
                raise ValueError(f"has no part {exc.args[0]!r}, which {pattern!r} asks for: add it to parts") from None
            except re.error as exc:
                raise ValueError(f"has a pattern that is wrong with its parts put in: {pattern!r}: {exc}") from None
        return self

    @model_validator(mode="after")
    def _has_what_is_read(self) -> Self:
        room = self.room
        for pattern, names in ((self.announce, {"speaker"}), (room.exits, {"exits"}), (room.people, {"people"})):
            if pattern is not None and (lacking := names - self.compile(pattern).groupindex.keys()):
                raise ValueError(f"has a pattern without the group {min(lacking)!r}: {pattern!r}")
        return self

    @field_validator("speak")
    @classmethod
    def _has_forms(cls, speak: dict[Verb, str]) -> dict[Verb, str]:
        for verb, form in speak.items():
            wanted = {"text"} | ({"to"} if verb in ("tell", "whisper") else set())
            found = re.findall(r"\{(\w+)\}", form)
            if form.count("{text}") != 1 or not wanted <= set(found) <= {"text", "to", "channel"}:
                braces = " and ".join(f"{{{name}}}" for name in sorted(wanted))
                raise ValueError(f"has a form for {verb} that is none: {form!r} needs {braces}, once")
        return speak

    def _patterns(self) -> Iterator[str]:
        room, login = self.room, self.login
        single = (self.prompt, self.announce, login.success, login.failure, login.busy)
        yield from filter(None, (*single, room.exits, room.people, room.arrives, room.leaves, room.separators))
        yield from (item.pattern for item in self.news)
        yield from (*(step.when for step in login.steps), *(each.when for each in self.questions))
        yield from (self.addressee, self.channel_name, *self.detect.mssp.values(), *self.detect.text)
        if self.wrap is not None:
            yield from (self.wrap.opens, self.wrap.closes)

    def compile(self, pattern: str) -> re.Pattern[str]:
        """*pattern* with the dialect's ``%{parts}`` put in."""
        return with_parts(pattern, self.parts, self.variants)

    @functools.cached_property
    def in_game(self) -> tuple[re.Pattern[str], ...]:
        """All that a line in the game is searched for, first those of ``hear``, in their order."""
        also = (self.announce, self.wrap.opens if self.wrap else None, self.room.arrives, self.room.leaves)
        asked = (question.when for question in self.questions if question.during != "login")
        others = map(self.compile, filter(None, (*also, *asked, *(news.pattern for news in self.news))))
        return (*(pattern for _, pattern in self._rules), *others)

    def concerned(self, text: str, numbers: Sequence[int]) -> bool:
        """Whether any of these of ``in_game`` is in *text*: a line without one says nothing to the dialect."""
        bare = self.bare(text)
        forms = {text: None, bare: None, bare.strip(): None}  # some are searched for in this, some in that
        rules, patterns = len(self._rules), self.in_game
        for number in numbers:
            pattern = patterns[number]
            if pattern.match(bare) if number < rules else any(map(pattern.search, forms)):
                return True
        return False

    @functools.cached_property
    def _rules(self) -> list[tuple[Rule, re.Pattern[str]]]:
        return [(rule, self.compile(rule.pattern)) for rule in self.hear]

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

    def hear_line(
        self, line: Line, announced: str | None = None, numbers: Sequence[int] | None = None
    ) -> Speech | None:
        """What *line* says, or None if it is no speech.

        *announced* is who an earlier line said would speak; *numbers* are those of ``in_game`` that may be in the line,
        in order, if somebody looked.
        """
        rules = self._rules
        if numbers is not None:
            rules = [rules[number] for number in numbers if number < len(rules)]
        found = self._read(line, "", announced, rules)
        if found is None and line.prompt:
            found = self._read(line, line.prompt, announced, rules)
        return found

    def _read(
        self, line: Line, before: str, announced: str | None, rules: list[tuple[Rule, re.Pattern[str]]]
    ) -> Speech | None:
        whole = before + line.text
        text = self.bare(whole)
        for rule, pattern in rules:
            if rule.announced and announced is None:
                continue
            if match := pattern.match(text):
                at = len(whole) - len(text) - len(before)  # of the match, in the line's own text
                if rule.kind in ("self", "emote") or not _has_colour(line, rule, at, match):
                    # Who is behind them is not certain: an emote can be worded as anything.
                    return Speech("self" if rule.kind == "self" else "emote", None, None)
                group = match.groupdict().get
                speaker, channel = group("speaker") or (announced if rule.announced else None), group("channel")
                return Speech(
                    rule.kind,
                    speaker,
                    group("text") or "",
                    group("id"),
                    self.stems.get(channel or "", channel),
                    sure=bool(rule.colour and line.spans),
                )
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
                return (verb, target) if self.addressable(target) else None
            case "channel" if speech.channel and speech.speaker and not self.is_silent(speech.channel):
                speakable = "channel" in self.speak and self.command_of(speech.channel)
                return ("channel", speech.channel) if speakable else None
        return None

    def is_silent(self, channel: str) -> bool:
        """Whether *channel* is heard and never answered: its speakers are anonymous, or it is the MUD itself."""
        return channel.casefold() in self._silent

    def addressable(self, name: str | None) -> bool:
        """Whether *name* can stand for one person in a command."""
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
            if target is None or not self.addressable(target):
                hint = ": this MUD wants the login id, in Latin letters" if self.reply_to == "id" else ""
                raise ValueError(f"not a name that can be addressed here: {target!r}{hint}")
            before, after = before.replace("{to}", target), after.replace("{to}", target)
        if "{channel}" in form:
            command = self.command_of(target or "")
            if command is None:
                raise ValueError(f"no channel command is known for {target!r}; add it to the dialect's channels")
            before = before.replace("{channel}", command)
        return before, after


def _has_colour(line: Line, rule: Rule, at: int, match: re.Match[str]) -> bool:
    """Whether the frame of a speech, all before its words, has the rule's colour, as far as the MUD sends any.

    Who emotes chooses what stands behind the own name, colours too on some MUDs, but never the colour that the line
    begins in.
    """
    spans = line.spans if rule.colour else ()
    if not spans:
        return True
    name = range(at + match.start("speaker"), at + match.end("speaker"))
    for place in range(max(at, 0), at + match.start("text")):
        wanted = (rule.speaker_colour or rule.colour) if place in name else rule.colour
        if not any(span.start <= place < span.end and span.style.fg == wanted for span in spans):
            return False
    return True


# -- the files ---------------------------------------------------------------------------------------------------------

_ADDED = ("hear", "news", "questions", "silent_channels")
"""Lists to which a file that extends another adds: its own come first, and the first that matches wins."""


def names() -> list[str]:
    """The dialects that ship with mudbot."""
    found = (entry.name for entry in _folder().iterdir())
    return sorted(n.removesuffix(".yaml") for n in found if n.endswith(".yaml") and not n.startswith("_"))


@functools.cache
def load(name: str) -> Dialect:
    """The shipped dialect *name*.  Raises ConfigError naming the nearest one if there is none."""
    if name not in names():
        raise ConfigError(Problem("dialect", _unknown(name)))
    return Dialect.model_validate({"name": name, **_shipped(name)})


def read(path: Path, missing: str = "paths are relative to the folder of config.yaml") -> Dialect:
    """A dialect file of the owner's own, which may build on a shipped one: ``extends: rom``.

    *missing* says what to do where there is no such file.  Raises ConfigError with every problem, by line.
    """
    from mudbot.config import read as read_config  # loaded when somebody has such a file

    name = re.sub(r"\W+", "-", path.stem) or "own"
    try:
        return read_config(Dialect, path, missing, onto=lambda d: _on(name, d))
    except ConfigError as exc:
        # What is wrong with the whole is the dialect's fault, whatever other files are called.
        said = (Problem(p.where, re.sub("^the configuration ", "the dialect ", p.message)) for p in exc.problems)
        raise ConfigError(*said) from None


def _on(name: str, data: dict[str, Any]) -> dict[str, Any]:
    """What an owner's file says, put on what it extends."""
    base, forgotten = data.get("extends"), data.get("forget", [])
    if "extends" in data and base not in names():
        raise ValueError(f"extends: {_unknown(str(base))}")
    if not isinstance(forgotten, list):
        raise ValueError("forget: must be a list of keys, for example [hear, news]")  # noqa: TRY004  # a file's mistake
    for key in forgotten:
        if key not in Dialect.model_fields:
            raise ValueError(f"forget: there is no key {key!r}{nearest(str(key), Dialect.model_fields)}")
    return {"name": name, **_extended(data)}


def _unknown(name: str) -> str:
    known = names()
    return (
        f"{name!r} is not known{nearest(name, [*known, 'auto'])}; there are {', '.join(known)}, auto to find out, "
        "and the path of a .yaml file of your own"
    )


def _folder() -> Traversable:
    return resources.files("mudbot.mud") / "dialects"


def _shipped(name: str) -> dict[str, Any]:
    text = (_folder() / f"{name}.yaml").read_text(encoding="utf-8")
    return _extended(yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))  # noqa: S506  # both safe


def _extended(data: dict[str, Any]) -> dict[str, Any]:
    """*data* with what it extends below it; ``forget`` lists keys of that which it does without."""
    own = {key: value for key, value in data.items() if key not in ("extends", "forget")}
    if "extends" not in data:
        return own
    below = _shipped(data["extends"])
    for key in ("title", "detect", *data.get("forget", ())):
        below.pop(key, None)  # what the other family is known by says nothing of this one
    merged = _merged(below, own)
    for key in _ADDED:
        if isinstance(own.get(key), list):
            merged[key] = [*own[key], *below.get(key, ())]
    return merged


def _merged(below: dict[str, Any], above: dict[str, Any]) -> dict[str, Any]:
    both = dict(below)
    for key, value in above.items():
        mapping = isinstance(value, dict) and isinstance(both.get(key), dict)
        both[key] = _merged(both[key], value) if mapping else value
    return both
