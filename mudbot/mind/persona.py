"""Who the character is: one YAML file that an owner can write, read as a whole and checked as a whole.

A persona is data.  What a model is shown of it is decided in ``mudbot.mind.context``, what is refused in its name in
``mudbot.mind.check``, which lore a line calls up in ``mudbot.mind.lore``.
"""

from __future__ import annotations

import functools
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    PrivateAttr,
    StringConstraints,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mudbot.config import read
from mudbot.config.rules import refuse
from mudbot.errors import ConfigError, Problem, nearest
from mudbot.mind import macros
from mudbot.mind.languages import language_of
from mudbot.mind.lore import Lorebook
from mudbot.mind.shape import (
    Book,
    Endpoint,
    Example,
    Language,
    LongText,
    Lore,
    Name,
    Sampling,
    Samplings,
    Shape,
    Text,
)

__all__ = ["SHIPPED", "Endpoint", "Example", "Language", "Lore", "Persona", "Sampling", "Samplings", "load_persona"]

SHIPPED = Path(__file__).parent / "personas"
MAX_BYTES = 8 << 20
"""A card with a lorebook of a thousand entries, twice over, is a third of this."""

_VISITOR: dict[Language, str] = {"en": "the guest", "zh": "客人"}
"""Who is spoken to, where a name would make every prompt another one."""
_SPEAKS: dict[Language, str] = {"en": "{} answers in English here.", "zh": "{}这时说中文。"}
SMALL_TALK = ("thinking", "excuses", "later", "by_name")
_BY_LANGUAGE = ("description", "facts", "style", "examples", "fallbacks", *SMALL_TALK)
_PLAIN: dict[Language, dict[str, str]] = {
    "en": {
        "thinking": "thinks for a moment.",
        "excuses": "Forgive me, I lost my thread.",
        "later": "One moment, I am not done with your last question.",
        "by_name": "Call me {name} if you want me.",
    },
    "zh": {
        "thinking": "想了想。",
        "excuses": "哎，一时说不上来了。",
        "later": "稍等，上一句还没答完呢。",
        "by_name": "有事就叫一声{name}。",
    },
}

Style = Annotated[str, StringConstraints(max_length=8000)]


def _is_by_language(value: object) -> str:
    return "each" if isinstance(value, Mapping) else "plain"


if TYPE_CHECKING:  # once it is read, a persona has what its own language says; ``speaking`` has the others
    _Description = str
    _Style = str
    _Facts = tuple[str, ...]
    _Fallbacks = tuple[str, ...]
    _Lines = tuple[str, ...]
    _Examples = tuple[Example, ...]
else:

    def _by_language(kind: Any) -> Any:
        each = Annotated[dict[Language, kind], Tag("each")]
        return Annotated[Annotated[kind, Tag("plain")] | each, Discriminator(_is_by_language)]

    _Description, _Style = _by_language(LongText), _by_language(Style)
    _Facts, _Examples = _by_language(tuple[Text, ...]), _by_language(tuple[Example, ...])
    _Fallbacks = _by_language(Annotated[tuple[Text, ...], Field(min_length=1)])
    _Lines = _by_language(tuple[Text, ...])


class Persona(Shape):
    """A character: what it is called, what it knows, how it talks, and what it says when no good answer came.

    ``description``, ``facts``, ``style``, ``examples`` and lines to say may be given for each language: ``{zh: …, en:
    …}``.
    """

    name: Name
    aliases: tuple[Name, ...] = ()
    """Other names it answers to, in any language."""
    titles: tuple[Name, ...] = ()
    """What it is called for what it does: innkeeper, 掌柜.  It answers to these as well."""
    languages: tuple[Language, ...] = ()
    """All that it speaks, its own first.  It answers in the language it is spoken to, if it is one of these."""
    language: Language
    """The language it speaks; an answer in another script is refused.  The first of ``languages`` unless given."""
    description: _Description
    """Who it is, in the third person: the same words open a chat and a plain transcript."""
    facts: _Facts = ()
    """What it always has in mind."""
    lore: tuple[Lore, ...] = ()
    """What comes to its mind when a key is heard."""
    lorebook: Book = Field(default_factory=lambda: Book.model_validate({}))
    """How that is searched for."""
    groups: dict[Name, tuple[Name, ...]] = Field(default_factory=dict)
    """Groups of people, by their names or login ids, for lore that is meant for some of them alone."""
    style: _Style = ""
    picture_style: str = Field("", max_length=200)
    """How pictures are drawn that it is asked for: a name such as ``ink wash`` or ``像素``, or words of the owner's."""
    examples: _Examples = ()
    greetings: tuple[LongText, ...] = ()
    """What a card says first.  Kept for its owner: in a MUD somebody else opens the talk."""
    fallbacks: _Fallbacks
    """Said in character when the model gave no good answer."""
    thinking: _Lines = ()
    """What others see it do while it thinks, without its name: "strokes his beard.".  Like the three below, there are
    plain ones for a persona without."""
    excuses: _Lines = ()
    """Said when it has to break off in the midst of an answer."""
    later: _Lines = ()
    """Said to somebody who asks again before the first question is answered, where that is to wait."""
    by_name: _Lines = ()
    """Said to somebody whom it takes for a machine: it answers to its name alone then, which is ``{name}`` in it."""
    never: tuple[Text, ...] = ()
    """Words it must not say: an answer with one is refused.  The model is not told of them, telling invites them."""
    endpoint: Endpoint = "auto"
    """Which endpoint suits it; ``auto``: whatever suits the model."""
    sampling: Samplings = Field(default_factory=lambda: Samplings.model_validate({}))
    card: str | None = Field(None, max_length=MAX_BYTES, repr=False)
    """The character card that it was imported from, as JSON, whole: ``mudbot persona export`` gives it back."""

    _tongues: dict[str, Mapping[Language, Any]] = PrivateAttr(default_factory=dict)
    _voices: dict[Language, Persona] = PrivateAttr(default_factory=dict)

    # -- reading -------------------------------------------------------------------------------------------------------

    @model_validator(mode="before")
    @classmethod
    def _first_language(cls, data: Any) -> Any:
        """``languages`` says which one it speaks."""
        given = data.get("languages") if isinstance(data, Mapping) else None
        if isinstance(given, list | tuple) and given and "language" not in data:
            known = given[0] in ("en", "zh")  # what is none is reported where it stands, once
            return {**data, "language": given[0] if known else "en"}
        return data

    @field_validator("language", mode="after")
    @classmethod
    def _begins_with_it(cls, language: Language, info: ValidationInfo) -> Language:
        languages = info.data.get("languages")
        if languages and languages[0] != language:
            raise refuse("must be the first of languages: put it there, or leave language out")
        return language

    @field_validator(*_BY_LANGUAGE, mode="after")
    @classmethod
    def _in_its_languages(cls, value: Any, info: ValidationInfo) -> Any:
        own = info.data.get("language")
        if not isinstance(value, Mapping) or own is None:
            return value
        if own not in value:
            raise refuse(f"must have a part for {own}, the first language")
        spoken = info.data.get("languages") or (own,)
        if strange := [language for language in value if language not in spoken]:
            raise refuse(f"has a part for {strange[0]}: name it in languages, or delete the part")
        return value

    @model_validator(mode="after")
    def _settle(self) -> Self:
        """From here on all is plain: its own language, its name where a card says {{char}}."""
        told = self.__dict__  # it is frozen for everybody else
        told["languages"] = told["languages"] or (self.language,)
        for name in _BY_LANGUAGE:
            if isinstance(told[name], Mapping):
                self._tongues[name] = {tongue: self._named(value, tongue) for tongue, value in told[name].items()}
                told[name] = self._tongues[name][self.language]
            else:
                told[name] = self._named(told[name], self.language)
        return self

    def _named(self, value: Any, language: Language) -> Any:
        if isinstance(value, str):
            return macros.fill(value, char=self.name, user=_VISITOR[language])
        if isinstance(value, Example):
            parts = value.model_dump()
            filled = {key: self._named(text, language) for key, text in parts.items()}
            return value if filled == parts else value.model_copy(update=filled)
        return tuple(self._named(each, language) for each in value)

    # -- being used ----------------------------------------------------------------------------------------------------

    @functools.cached_property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by, its own first."""
        return tuple(dict.fromkeys((self.name, *self.aliases, *self.titles)))

    def speaking(self, language: Language | None) -> Persona:
        """The same as it speaks *language*; in its own where it does not, or where that is None."""
        if language is None or language == self.language or language not in self.languages:
            return self
        if language not in self._voices:
            self._voices[language] = self._speaking(language)
        return self._voices[language]

    def spoken_to(self, text: str) -> Persona:
        """The same in the language of *text*."""
        return self.speaking(language_of(text)) if len(self.languages) > 1 else self

    def _speaking(self, language: Language) -> Persona:
        there = {name: each[language] for name, each in self._tongues.items() if language in each}
        there |= {name: () for name in SMALL_TALK if name not in there}
        if "examples" not in there:  # those in another language would show the wrong thing
            there["examples"] = ()
        style = f"{there.get('style', self.style).strip()}\n{_SPEAKS[language].format(self.name)}".strip()
        return self._but(language=language, **there | {"style": style})

    def knowing(self, texts: Sequence[str]) -> Persona:
        """The same with more facts in mind."""
        return self._but(facts=(*self.facts, *texts)) if texts else self

    def _but(self, **changes: Any) -> Persona:
        other = self.model_copy(update=changes)
        if "examples" in changes:
            other.__dict__.pop("examples_recall", None)  # its copy would be of the others
        return other

    @functools.cached_property
    def lore_book(self) -> Lorebook:
        """What finds its lore."""
        book = self.lorebook
        pieces = [
            piece.model_copy(update={"text": macros.fill(piece.text, char=self.name)}) if "{{" in piece.text else piece
            for piece in self.lore
        ]
        return Lorebook(
            pieces,
            scan_depth=book.scan_depth,
            token_budget=book.token_budget,
            recursion=book.recursion,
            most=book.most or None,
        )

    def recall(self, text: str, *, most: int = 1) -> tuple[str, ...]:
        """The lore that *text* calls up by keys alone, at most *most* pieces.

        The highest priority wins, then the longest key, then the order in the file.
        """
        return tuple(macros.fill(said, user=_VISITOR[self.language]) for said in self.lore_book.plainly(text, most))

    @functools.cached_property
    def examples_recall(self) -> tuple[tuple[str, ...], ...]:
        """The lore that each example's text calls up; the same for every prompt."""
        return tuple(self.recall(example.text) for example in self.examples)

    def groups_of(self, *names: str | None) -> frozenset[str]:
        """The groups in which somebody of these names, or login ids, is."""
        known = {name.casefold() for name in names if name}
        return frozenset(
            group for group, people in self.groups.items() if any(each.casefold() in known for each in people)
        )

    def line(self, kind: Literal["thinking", "excuses", "later", "by_name"], text: str) -> str:
        """One of its lines for the occasion, or a plain one of its language; as with ``fallback``."""
        lines: tuple[str, ...] = getattr(self, kind) or (_PLAIN[self.language][kind],)
        return lines[zlib.crc32(text.encode("utf-8", "replace")) % len(lines)].replace("{name}", self.name)

    def fallback(self, text: str, *, answering: bool = True) -> str:
        """The line to say instead of a model's answer to *text*: always the same for one text.

        Where its lore is ``spoken``, what *text* calls of it; else one of the ``fallbacks``, differing between texts.
        Without *answering* it is one of these in any case.
        """
        if answering and self.lorebook.spoken and (known := self.recall(text)):
            return known[0]
        return self.fallbacks[zlib.crc32(text.encode("utf-8", "replace")) % len(self.fallbacks)]


def load_persona(source: str, *, folder: Path | None = None) -> Persona:
    """The persona that *source* names: a shipped one (``innkeeper``), or a YAML file, relative to *folder*.

    Raises ConfigError with every mistake in the file, each with its line.  No message prints a value.
    """
    return read(Persona, _locate(source, folder), "paths are relative to the folder of config.yaml", most=MAX_BYTES)


def shipped() -> list[str]:
    """The names of the personas that come with mudbot."""
    return sorted(path.stem for path in SHIPPED.glob("*.yaml"))


def _locate(source: str, folder: Path | None) -> Path:
    if "/" in source or "\\" in source or source.endswith((".yaml", ".yml")):
        return (folder or Path()) / source
    known = shipped()
    if source in known:
        return SHIPPED / f"{source}.yaml"
    raise ConfigError(
        Problem(
            "character",
            f"there is no persona of this name{nearest(source, known)}; shipped are {', '.join(known)}; "
            "for a file of your own write its path, for example guard.yaml",
        )
    )
