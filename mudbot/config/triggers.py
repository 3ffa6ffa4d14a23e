"""The shape of one entry of ``triggers:``: what to look for, when it counts, what to do.  Values are frozen.

Whether a pattern is one is not asked here: see ``mudbot.triggers.data``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, PrivateAttr, model_validator

from mudbot.config.rules import Name, OneLine, refuse
from mudbot.config.section import Section
from mudbot.config.units import Duration

MAX_PATTERN = 20_000
"""Characters of one pattern: true ones have a few hundred, and Python takes time by their length."""
MAX_TEXT = 10_000
"""Characters of a reply or a question: more is no line of a game."""
MAX_COMMANDS = 200
"""Commands of one trigger: more is a mistake, or floods the MUD."""

KINDS = ("pattern", "text", "glob", "exact")
"""The keys of which each pattern has one."""
ACTIONS = ("reply", "command", "prompt")
"""The keys that make a trigger say or do something."""
_EFFECTS = (*ACTIONS, "gag", "substitute")


def _not_blank(text: str) -> str:
    if not text.strip():
        raise refuse("must not be empty: write a text or delete the key")
    return text


def _group(text: str) -> str:
    if not all(part == part.strip() and part for part in text.split("/")):
        raise refuse("must be names with one / between them, such as combat/heal")
    return text


def _listed(value: Any) -> Any:
    # A tuple, because a list that Python code gives, as this is, is none in strict mode.
    return (value,) if isinstance(value, str) else tuple(value) if isinstance(value, list) else value


def _by_group(value: Any) -> Any:
    """A colour alone is that of the whole match."""
    return {"": value} if isinstance(value, str) else value


def _pattern(value: Any) -> Any:
    return {"pattern": value} if isinstance(value, str) else value


# Empty texts and patterns would be in every line.
PatternSource = Annotated[str, Field(min_length=1, max_length=MAX_PATTERN)]
Words = Annotated[str, AfterValidator(_not_blank), Field(max_length=MAX_TEXT)]
GroupName = Annotated[OneLine, AfterValidator(_group), Field(max_length=200)]
Commands = Annotated[tuple[OneLine, ...], BeforeValidator(_listed), Field(max_length=MAX_COMMANDS)]
Sessions = Annotated[tuple[Name, ...], BeforeValidator(_listed)]
Colors = Annotated[dict[str, str], BeforeValidator(_by_group)]


class PatternConfig(Section):
    """Something to find in a line; in the file the text of a regular expression does as well."""

    pattern: PatternSource | None = None
    """A Python regular expression."""
    text: PatternSource | None = None
    """What the line contains."""
    glob: PatternSource | None = None
    """The whole line, ``*`` standing for anything and ``?`` for one character."""
    exact: PatternSource | None = None
    """The whole line."""

    def given(self) -> list[str]:
        """Which of the four there are."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]

    @model_validator(mode="after")
    def _one(self) -> Self:
        self._check_kinds()
        return self

    def _check_kinds(self) -> None:
        if len(given := self.given()) != 1:
            raise refuse(_choose(given, KINDS))


class TriggerConfig(PatternConfig):
    """One trigger."""

    all_of: tuple[Annotated[PatternConfig, BeforeValidator(_pattern)], ...] = Field(default=(), max_length=50)
    """Several patterns: on consecutive lines, in this order; or with ``lines`` all within so many lines."""
    lines: int | None = Field(default=None, ge=1, le=1000)
    name: OneLine | None = Field(default=None, max_length=200)
    """What people call it; its place where there is none."""
    on: Literal["line", "prompt"] = "line"
    ignore_case: bool = False
    color: Colors = Field(default_factory=dict)
    """What a group looks like, or the whole match, which is the group without a name."""
    when: OneLine | None = None
    """A condition: ``hp < 30``."""
    group: GroupName | None = None
    """What it is switched on and off with: ``combat/heal`` is off with ``combat``."""
    priority: int = Field(default=0, ge=-1_000_000_000, le=1_000_000_000)
    stop: bool = False
    count: int | None = Field(default=None, ge=1)
    """How often it fires at most."""
    cooldown: Duration = Field(default=0.0, ge=0, le=31_536_000)
    per: OneLine | None = None
    """The group for each value of which the cooldown is counted."""
    session: Sessions = ()
    """The sessions in which it is looked for; all where there are none."""
    enabled: bool = True
    """Whether it is on at the start."""
    reply: Words | None = None
    """Said where the line was said; in the room where the line is no speech."""
    command: Commands = ()
    """Raw commands."""
    prompt: Words | None = None
    """Asked of the model; its answer is said."""
    gag: bool = False
    substitute: Annotated[str, Field(max_length=MAX_TEXT)] | None = None
    _places: Mapping[str, str] = PrivateAttr(default_factory=dict)

    def where(self, key: str = "") -> str:
        """Where *key* was written, or the whole."""
        return self._places.get(key) or self._places.get("", "triggers")

    def placed(self, places: Mapping[str, str]) -> Self:
        """The same, with the places of its keys; that of the whole is under the empty one."""
        self._places = places
        return self

    def _check_kinds(self) -> None:
        given = [*self.given(), *(["all_of"] if self.all_of else [])]
        if len(given) != 1:
            raise refuse(_choose(given, (*KINDS, "all_of")))

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if not any(getattr(self, key) for key in _EFFECTS) and self.substitute is None:
            raise refuse(f"does nothing: give it one of {', '.join(_EFFECTS)}")
        if self.lines is not None and not self.all_of:
            raise refuse("has lines, which go with several patterns: write them in all_of, or delete lines")
        if self.per is not None and not self.cooldown:
            raise refuse("has per, which goes with a cooldown: write for how long, as cooldown: 30s")
        if self.on == "prompt" and len(self.all_of) > 1:
            raise refuse("has several patterns, and a prompt is one line: give each a trigger of its own")
        if self.color and len(self.all_of) > 1:
            raise refuse("has a color, which goes with one pattern, not with several")
        return self


class TriggerFile(Section):
    """A file that is included: a list of triggers under this key, or alone."""

    triggers: tuple[TriggerConfig, ...] = ()


def _choose(given: list[str], choices: tuple[str, ...]) -> str:
    listed = f"{', '.join(choices[:-1])} and {choices[-1]}"
    return f"must have one of {listed}" + (f", and has {' and '.join(given)}" if given else "")
