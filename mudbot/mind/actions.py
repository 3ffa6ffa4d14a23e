"""What a model may do besides talking: emotes and commands that the owner lists, with arguments of a type.

A model chooses a name and arguments; what is sent is the owner's own template, filled.  Everything that is no name of
the list, or has an argument that does not fit, is words or nothing.  So a model that obeys whoever talks to it can do
what is listed, as often as listed, for whom it is listed, and nothing else.

Servers that take tools are offered tools; the embedded model is held to the list by a grammar; all others are told of
a mark that they may write behind their words: ``[pour what=tea]``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from mudbot.clock import Clock
from mudbot.config import Duration
from mudbot.config.rules import refuse
from mudbot.errors import PluginError
from mudbot.events import Speech
from mudbot.mind.shape import Language, Role, Shape

MOST = 2
"""Things that one answer may do."""
MAX_TEXT = 40
"""Characters of an argument."""
_RANK: Mapping[Role, int] = {"anyone": 0, "trusted": 1, "owner": 2}
_NAME = re.compile(r"[^\W_][\w-]{0,30}")
_HOLE = re.compile(r"\{(\w+)\}")
_PLAIN = re.compile(r"[^\W_](?:[^\W_]|[ '’-])*")
"""What an argument is unless its pattern says otherwise: words."""
_NEVER = re.compile(r"[\x00-\x1f\x7f;|&$%\\{}\[\]<>\"`~^#@*=/:!]")
"""What separates commands, or means something else than itself, on some MUD: no pattern lets it in."""
_EVERYTHING = re.compile(r"all\b", re.IGNORECASE)
_MARK = re.compile(r"[\[【]\s*([^\[\]【】]{1,120}?)\s*[\]】]")
_LEADING = re.compile(rf"(?:\s*{_MARK.pattern})*")
_GIVEN = re.compile(r"(\w+)\s*[=:：＝]\s*(?:\"([^\"]*)\"|“([^”]*)”|(.*?))(?=[,，、]?\s+\w+\s*[=:：＝]|\s*$)")


class Argument(Shape):
    """What may stand for one hole of a template."""

    type: Literal["text", "int", "person"] = "text"
    """``person``: somebody who is in the room."""
    enum: tuple[str, ...] = ()
    """One of these, as they are written here."""
    pattern: str | None = Field(default=None, max_length=200)
    """A regular expression that all of it has to match; letters, digits, blanks and hyphens unless given."""
    min: int = 0
    max: int = 100

    @model_validator(mode="before")
    @classmethod
    def _short(cls, data: Any) -> Any:
        """``[tea, wine]`` are the choices, ``int`` the type."""
        if isinstance(data, list | tuple):
            return {"enum": tuple(str(each) for each in data)}
        return {"type": data} if isinstance(data, str) else data

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.pattern is not None:
            try:
                re.compile(self.pattern)
            except re.error as exc:
                raise refuse(f"has a pattern that is none: {exc}") from None
        if any(not each.strip() or "\n" in each or len(each) > MAX_TEXT for each in self.enum):
            raise refuse(f"has a choice that is empty, or longer than one line of {MAX_TEXT} characters")
        return self

    def read(self, given: Any, people: Sequence[str]) -> str | None:
        """*given* as it may stand in the template; None where it does not fit."""
        if isinstance(given, bool) or not isinstance(given, str | int):
            return None
        text = " ".join(unicodedata.normalize("NFKC", str(given)).split())
        if self.enum:
            return next((each for each in self.enum if each.casefold() == text.casefold()), None)
        if self.type == "int":
            number = int(text) if re.fullmatch(r"-?[0-9]{1,9}", text) else None
            return str(number) if number is not None and self.min <= number <= self.max else None
        if self.type == "person":
            text = next((each for each in people if each.casefold() == text.casefold()), "")
        fits = re.fullmatch(self.pattern, text) if self.pattern is not None else _PLAIN.fullmatch(text)
        if not fits or len(text) > MAX_TEXT or not text.isprintable() or _NEVER.search(text):
            return None
        return None if self.pattern is None and _EVERYTHING.match(text) else text or None

    @property
    def as_schema(self) -> dict[str, Any]:
        """The same as JSON Schema."""
        if self.enum:
            return {"type": "string", "enum": list(self.enum)}
        if self.type == "int":
            return {"type": "integer", "minimum": self.min, "maximum": self.max}
        return {"type": "string", "maxLength": MAX_TEXT} | (
            {"pattern": f"^(?:{self.pattern})$"} if self.pattern else {}
        )

    @property
    def shown(self) -> str:
        """The same in a mark, for a model to read."""
        if self.enum:
            return "|".join(self.enum)
        return f"{self.min}..{self.max}" if self.type == "int" else {"person": "NAME"}.get(self.type, "TEXT")

    @property
    def rule(self) -> str:
        """The same as a part of a grammar (GBNF)."""
        if self.enum:
            return f"({' | '.join(_literal(each) for each in self.enum)})"
        return '"-"? [0-9]{1,9}' if self.type == "int" else f"[a-zA-Z0-9\u00c0-\u024f\u3400-\u9fff '-]{{1,{MAX_TEXT}}}"


class Action(Shape):
    """One thing that a character may do: ``{emote: "pours {what}.", arguments: {what: [tea, wine]}}``."""

    emote: str = Field(default="", max_length=200)
    """What everybody in the room sees, without the name in front."""
    command: str = Field(default="", max_length=200)
    """Or a raw command.  Only where the plugin has ``permissions: {commands: true}``."""
    when: str = Field(default="", max_length=200)
    """When it is fitting: the model is told."""
    arguments: dict[str, Argument] = Field(default_factory=dict)
    """What stands for each ``{hole}``."""
    role: Role = "anyone"
    """Whom it may be done for; it is proven in a tell alone."""
    cooldown: Duration = 10.0
    """Seconds until it may be done again, for whomever."""

    @property
    def tells_all(self) -> bool:
        """Whether anyone's talk may bring free words of the model before everybody."""
        free = any(each.type == "text" and not each.enum and each.pattern is None for each in self.arguments.values())
        return free and self.role == "anyone"

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if bool(self.emote) == bool(self.command):
            raise refuse("must have an emote or a command")
        template = self.emote or self.command
        holes = set(_HOLE.findall(template))
        if holes != set(self.arguments):
            odd = ", ".join(sorted(holes ^ set(self.arguments)))
            raise refuse(f"must have the same places to fill in its template and its arguments: see {odd}")
        if self.command and (self.command.startswith("{") or _HOLE.match(self.command.split()[0])):
            raise refuse("must begin with the command itself: what the model writes is never a command")
        if "\n" in template or not template.strip():
            raise refuse("must be one line")
        return self


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that is done."""

    kind: Literal["emote", "command"]
    text: str
    name: str


class Actions:
    """The actions of one plugin in one session.  *role_of* is what the MUD proves of a speaker."""

    def __init__(
        self, actions: Mapping[str, Action], clock: Clock, *, role_of: Callable[[Speech], Role] = lambda _: "anyone"
    ) -> None:
        """Raises PluginError for a name that a model could not write."""
        for name in actions:
            if not _NAME.fullmatch(name):
                raise PluginError(f"actions.{name}: an action has a name of letters, digits, - and _, up to 31")
        self._actions, self._clock, self._role_of = dict(actions), clock, role_of
        self._done: dict[str, float] = {}

    def __repr__(self) -> str:
        return f"<Actions {', '.join(self._actions) or 'none'}>"

    def __bool__(self) -> bool:
        return bool(self._actions)

    def for_(self, speech: Speech) -> Offer:
        """Those that may be done for who said *speech*.

        In private none that takes free words: they would carry what was told in private into the room.
        """
        rank = _RANK[self._role_of(speech)]
        return Offer(
            {
                name: each
                for name, each in self._actions.items()
                if _RANK[each.role] <= rank and not (speech.private and each.tells_all)
            },
            self,
        )

    def take(self, name: str) -> bool:
        """Whether *name* may be done now; then it is."""
        now = self._clock.now()
        if now < self._done.get(name, float("-inf")):
            return False
        self._done[name] = now + self._actions[name].cooldown
        return True


class Offer:
    """What a model may choose from in one answer."""

    def __init__(self, actions: Mapping[str, Action], whole: Actions) -> None:
        self._actions, self._whole, self._left = actions, whole, MOST

    def __bool__(self) -> bool:
        return bool(self._actions)

    # -- told to the model ---------------------------------------------------------------------------------------------

    def words(self, language: Language) -> str:
        """What a model is told of marks."""
        marks = "\n".join(
            f"[{' '.join([name, *(f'{key}={arg.shown}' for key, arg in each.arguments.items())])}]"
            + (f" {each.when}" if each.when else "")
            for name, each in self._actions.items()
        )
        return f"{_TOLD[language]}\n{marks}"

    def tools(self) -> list[dict[str, Any]]:
        """The same as tools of a chat."""
        return [
            {
                "type": "function",
                "function": {
                    "name": name,
                    "description": each.when or each.emote or name,
                    "parameters": {
                        "type": "object",
                        "properties": {key: argument.as_schema for key, argument in each.arguments.items()},
                        "required": list(each.arguments),
                        "additionalProperties": False,
                    },
                },
            }
            for name, each in self._actions.items()
        ]

    def grammar(self) -> str:
        """The same as a grammar (GBNF): one line of words, and one mark of the list behind them, or none."""
        rules = [
            " ".join([_literal(name), *(f"{_literal(f' {key}=')} {arg.rule}" for key, arg in each.arguments.items())])
            for name, each in self._actions.items()
        ]
        return f'root ::= [^\\n\\[\\]]+ ("[" ({" | ".join(rules)}) "]")? "\\n"?\n'

    # -- what the model wrote ------------------------------------------------------------------------------------------

    def leading(self, written: str) -> tuple[str, str]:
        """The marks at the beginning of *written*, which belong to what stands before it, and the rest."""
        found = _LEADING.match(written)
        end = found.end() if found else 0
        return written[:end], written[end:]

    def split(self, written: str, people: Sequence[str]) -> tuple[str, list[Deed]]:
        """The words of *written* without its marks, and what these do.  A mark that fits nothing does nothing."""
        deeds: list[Deed] = []

        def read(mark: re.Match[str]) -> str:
            name, _, rest = mark[1].partition(" ")
            if deed := self.read(name, self._given(name, rest.strip()), people):
                deeds.append(deed)
            return " "

        words = _MARK.sub(read, written)
        return words if words != written else written, deeds

    def _given(self, name: str, rest: str) -> dict[str, Any]:
        found = {key: next(filter(None, texts), "").strip() for key, *texts in _GIVEN.findall(rest)}
        arguments = list(self._actions[name].arguments) if name in self._actions else []
        if not found and rest and len(arguments) == 1:  # [pour tea]
            return {arguments[0]: rest}
        return found if found or not rest else {"": rest}

    def read(self, name: str, given: Mapping[str, Any], people: Sequence[str]) -> Deed | None:
        """What *name* with the arguments *given* does; None where that is not of the list, does not fit, or not yet."""
        action = self._actions.get(name)
        if action is None or given.keys() != action.arguments.keys() or not self._left:
            return None
        values = {key: argument.read(given[key], people) for key, argument in action.arguments.items()}
        if any(value is None for value in values.values()) or not self._whole.take(name):
            return None
        self._left -= 1
        text = _HOLE.sub(lambda hole: values[hole[1]] or "", action.emote or action.command)
        return Deed("emote" if action.emote else "command", text, name)


_TOLD: dict[Language, str] = {
    "en": "Behind the words one of these may stand, in square brackets, where it fits; nothing else can be done:",
    "zh": "说完话之后，合适的时候可以在方括号里写下面的一个动作，别的都做不了：",
}


def _literal(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
