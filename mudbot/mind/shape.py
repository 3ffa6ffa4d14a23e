"""What stands in a persona's file: its parts, each checked by itself.  ``mudbot.mind.persona`` puts them together."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from mudbot.config.rules import refuse
from mudbot.errors import PatternError
from mudbot.mind.keys import is_regex, regex_of

Language = Literal["en", "zh"]
Endpoint = Literal["chat", "completions", "auto"]
Role = Literal["anyone", "trusted", "owner"]
Logic = Literal["and any", "and all", "not any", "not all"]
Position = Literal["line", "system"]

MAX_KEY, MAX_REGEX = 100, 1000

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
LongText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
"""What may come from a card, where a page is nothing unusual."""


def _without_colon(name: str) -> str:
    """A name with a colon or a line break could open a line of its own in a transcript."""
    if re.search(r"[\n\r:：]", name):
        raise refuse("must be a name on one line, without a colon")
    return name


def _key(key: str) -> str:
    if not is_regex(key):
        if len(key) > MAX_KEY:
            raise refuse(f"must have at most {MAX_KEY} characters")
        return key
    try:
        regex_of(key)
    except PatternError as exc:
        raise refuse(f"is no regular expression: {exc}") from None
    return key


def _span(span: str) -> str:
    if not re.fullmatch(r"(?:[01]\d|2[0-3]):[0-5]\d-(?:[01]\d|2[0-3]):[0-5]\d", span):
        raise refuse("must be two times of day such as '18:00-06:00'")
    return span


def _level(level: object) -> object:
    return int(level) if isinstance(level, bool) else level


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32), AfterValidator(_without_colon)
]
Label = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Key = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_REGEX), AfterValidator(_key)]
Span = Annotated[str, AfterValidator(_span)]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Messages = Annotated[int, Field(ge=0, le=1000)]


class Shape(BaseModel):
    """Immutable, and strict about keys: a misspelt key would otherwise silently change nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Example(Shape):
    """One exchange that shows the model how the character answers."""

    speaker: Name
    text: Text
    answer: Text


class Lore(Shape):
    """Something the character knows that is shown to the model only when the talk comes to it.

    It stands right before the line to answer, where a small model heeds it most and a prompt cache loses least.  Write
    it as the character would say it: small models answer with it nearly word by word.  What the keys beside ``keys``
    and ``text`` mean is what World Info means in other programs; ``mudbot.mind.lore`` is where it is done.
    """

    keys: tuple[Key, ...] = ()
    """Words or phrases, in any case, also with s, es, ed, ing, er or y at the end.  Chinese is found anywhere.
    ``/…/`` is a regular expression, with flags behind it as JavaScript writes them."""
    text: LongText
    title: str = Field("", max_length=200)
    """For its owner; no model sees it."""
    enabled: bool = True
    secondary: tuple[Key, ...] = ()
    """Further keys; ``logic`` says how they count."""
    logic: Logic = "and any"
    """Besides one of ``keys``: one of ``secondary``, all, none, or not all of them."""
    case: bool = False
    """Whether a key is found only as it is written.  A regular expression says so by itself (``/…/i``)."""
    whole_words: bool | None = None
    """True: a key is a word without an ending; false: it is found within words, too."""
    constant: bool = False
    """Always in mind, without any key."""
    priority: int = Field(0, ge=-1_000_000, le=1_000_000)
    """Which is taken where not all can be: the highest."""
    order: int | None = Field(None, ge=-1_000_000, le=1_000_000)
    """Its place among those that are taken: the highest stands last.  As ``priority`` unless given."""
    position: Position | None = None
    """``line``: with the line to answer; ``system``: with what the character is told at the beginning, where what is
    constant stands unless this says otherwise."""
    scan_depth: int | None = Field(None, ge=0, le=100)
    """How many of the last messages are searched for its keys, in place of the lorebook's number."""
    sticky: Messages = 0
    """For how many messages it stays once it was called."""
    cooldown: Messages = 0
    """For how many messages it cannot be called again after that."""
    delay: Messages = 0
    """How many messages the talk must have, the one to answer among them."""
    probability: float = Field(100, ge=0, le=100)
    """In percent, whenever it is called."""
    not_by_lore: bool = False
    """Other lore does not call it."""
    calls_no_lore: bool = False
    """Its text does not call other lore."""
    only_by_lore: Annotated[int, BeforeValidator(_level), Field(ge=0, le=100)] = 0
    """Nothing but other lore calls it; a level above 1 waits until the lower ones found nothing more."""
    one_of: tuple[Label, ...] = ()
    """Of all that bear one of these labels only one is taken."""
    weight: int = Field(100, ge=0, le=10_000)
    """How likely it is the one, compared with the others of its label."""
    by_priority: bool = False
    """It is the one if no other that says so has a higher priority; nothing is left to chance."""
    by_keys: bool = False
    """It is out where another of its label has more of its keys in the text."""
    beyond_budget: bool = False
    """It is taken even if the budget is used up."""
    rooms: tuple[Label, ...] = ()
    """Only where the room's name holds one of these, in any case."""
    times: tuple[Span, ...] = ()
    """Only at these times of day: ``18:00-06:00`` goes over midnight."""
    roles: tuple[Role, ...] = ()
    """Only for these speakers, by what the configuration makes of their login ids; an owner is trusted, too."""
    groups: tuple[Label, ...] = ()
    """Only for speakers in one of these ``groups`` of the persona."""
    speakers: tuple[Label, ...] = ()
    """Only for speakers of these names."""

    @model_validator(mode="after")
    def _callable(self) -> Self:
        if not self.keys and not self.constant:
            raise refuse("needs keys to be called by, or constant: true")
        return self

    @property
    def place(self) -> Position:
        """Where it stands in the prompt."""
        return self.position or ("system" if self.constant else "line")

    @property
    def plain(self) -> bool:
        """Whether nothing but its keys decides: neither the speaker, the place, the time nor chance."""
        conditions = (self.rooms, self.times, self.roles, self.groups, self.speakers)
        timed = self.sticky or self.cooldown or self.delay or self.probability < 100
        return self.enabled and not self.constant and not timed and not any(conditions) and not self.only_by_lore


class Book(Shape):
    """How lore is called up."""

    scan_depth: int = Field(1, ge=0, le=100)
    """How many of the last messages are searched for keys, the one to answer among them."""
    most: int = Field(1, ge=0, le=100)
    """How many pieces a key may call at once; 0: as many as the budget bears.  What is constant is not counted."""
    token_budget: int | None = Field(None, ge=1, le=100_000)
    """How many tokens all pieces may have together."""
    recursion: int = Field(0, ge=0, le=10)
    """How often the text of lore is searched for keys of other lore."""
    spoken: bool = False
    """Whether its texts are written as the character says them: where the model gave no good answer, the one that the
    line calls is said in place of a fallback."""


class Sampling(Shape):
    """How freely the model chooses its words, in the terms of the OpenAI API."""

    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.9, gt=0, le=1)
    max_tokens: int = Field(60, ge=1, le=4000)
    stop: tuple[Stop, ...] = Field((), max_length=4)
    """Texts that end the answer; the API takes four at most."""


class ModelSampling(Shape):
    """What is otherwise with some models; what is not given stays."""

    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    max_tokens: int | None = Field(None, ge=1, le=4000)
    stop: tuple[Stop, ...] | None = Field(None, max_length=4)


class Samplings(Shape):
    """The two ways to ask, each with its own settings: chat models want less freedom than plain completion."""

    chat: Sampling = Field(default_factory=lambda: Sampling.model_validate({}))
    completions: Sampling = Field(default_factory=lambda: Sampling.model_validate({"stop": ("\n",)}))
    models: dict[Label, ModelSampling] = Field(default_factory=dict)
    """By the model's name, ``*`` standing for anything, in any case; of several that fit the later one wins."""

    def of(self, model: str, endpoint: Literal["chat", "completions"]) -> Sampling:
        """The settings for *model*, asked by *endpoint*."""
        found = self.chat if endpoint == "chat" else self.completions
        for pattern, other in self.models.items():
            if fnmatchcase(model.casefold(), pattern.casefold()):
                found = found.model_copy(update=other.model_dump(exclude_none=True))
        return found
