"""Who the character is: one YAML file that an owner can write, read as a whole and checked as a whole.

A persona is data.  What a model is shown of it is decided in ``mudbot.mind.context``, what is refused in its name in
``mudbot.mind.check``.
"""

from __future__ import annotations

import functools
import re
import zlib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from mudbot.config import read
from mudbot.config.rules import refuse
from mudbot.errors import ConfigError, Problem, nearest

Language = Literal["en", "zh"]
Endpoint = Literal["chat", "completions", "auto"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


def _without_colon(name: str) -> str:
    """A name with a colon or a line break could open a line of its own in a transcript."""
    if re.search(r"[\n\r:：]", name):
        raise refuse("must be a name on one line, without a colon")
    return name


Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32), AfterValidator(_without_colon)
]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=32)]

SHIPPED = Path(__file__).parent / "personas"


class _Shape(BaseModel):
    """Immutable, and strict about keys: a misspelt key would otherwise silently change nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Example(_Shape):
    """One exchange that shows the model how the character answers."""

    speaker: Name
    text: Text
    answer: Text


class Lore(_Shape):
    """Something the character knows that is shown to the model only when the talk comes to it.

    It stands right before the line to answer, where a small model heeds it most and a prompt cache loses least.  Write
    it as the character would say it: small models answer with it nearly word by word.
    """

    keys: tuple[Name, ...] = Field(min_length=1)
    """Words or phrases, in any case, also with s, es, ed, ing, er or y at the end.  Chinese is found anywhere."""
    text: Text


class Sampling(_Shape):
    """How freely the model chooses its words, in the terms of the OpenAI API."""

    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.9, gt=0, le=1)
    max_tokens: int = Field(60, ge=1, le=4000)
    stop: tuple[Stop, ...] = Field((), max_length=4)
    """Texts that end the answer; the API takes four at most."""


class Samplings(_Shape):
    """The two ways to ask, each with its own settings: chat models want less freedom than plain completion."""

    chat: Sampling = Field(default_factory=lambda: Sampling.model_validate({}))
    completions: Sampling = Field(default_factory=lambda: Sampling.model_validate({"stop": ("\n",)}))


class Persona(_Shape):
    """A character: what it is called, what it knows, how it talks, and what it says when no good answer came."""

    name: Name
    aliases: tuple[Name, ...] = ()
    """Other names it answers to, in any language."""
    language: Language
    """The language it speaks; an answer in another script is refused."""
    description: Text
    """Who it is, in the third person: the same words open a chat and a plain transcript."""
    facts: tuple[Text, ...] = ()
    """What it always has in mind."""
    lore: tuple[Lore, ...] = ()
    """What comes to its mind when a key is heard."""
    style: str = Field("", max_length=2000)
    examples: tuple[Example, ...] = ()
    fallbacks: tuple[Text, ...] = Field(min_length=1)
    """Said in character when the model gave no good answer."""
    never: tuple[Text, ...] = ()
    """Words it must not say: an answer with one is refused.  The model is not told of them, telling invites them."""
    endpoint: Endpoint = "auto"
    """Which endpoint suits it; ``auto``: whatever suits the model."""
    sampling: Samplings = Samplings()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by, its own first."""
        return (self.name, *(alias for alias in self.aliases if alias != self.name))

    def recall(self, text: str, *, most: int = 1) -> tuple[str, ...]:
        """The lore that *text* calls up, at most *most* pieces: the longest key wins, then the order in the file."""
        found = [(max((n for n, ears in keys if ears.search(text)), default=0), said) for keys, said in self._ears]
        found.sort(key=lambda pair: -pair[0])
        return tuple(said for length, said in found[:most] if length)

    @functools.cached_property
    def examples_recall(self) -> tuple[tuple[str, ...], ...]:
        """The lore that each example's text calls up; the same for every prompt."""
        return tuple(self.recall(example.text) for example in self.examples)

    @functools.cached_property
    def _ears(self) -> list[tuple[list[tuple[int, re.Pattern[str]]], str]]:
        return [([(len(key), _ears(key)) for key in piece.keys], piece.text) for piece in self.lore]

    def fallback(self, text: str) -> str:
        """The line to say instead of an answer to *text*: always the same for one text, differing between texts."""
        return self.fallbacks[zlib.crc32(text.encode("utf-8", "replace")) % len(self.fallbacks)]


def load_persona(source: str, *, folder: Path | None = None) -> Persona:
    """The persona that *source* names: a shipped one (``innkeeper``), or a YAML file, relative to *folder*.

    Raises ConfigError with every mistake in the file, each with its line.  No message prints a value.
    """
    return read(Persona, _locate(source, folder), "paths are relative to the folder of config.yaml")


def _locate(source: str, folder: Path | None) -> Path:
    if "/" in source or "\\" in source or source.endswith((".yaml", ".yml")):
        return (folder or Path()) / source
    known = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    if source in known:
        return SHIPPED / f"{source}.yaml"
    raise ConfigError(
        Problem(
            "character",
            f"there is no persona of this name{nearest(source, known)}; shipped are {', '.join(known)}; "
            "for a file of your own write its path, for example guard.yaml",
        )
    )


def _ears(key: str) -> re.Pattern[str]:
    """A pattern that hears *key*: a word of its own with common endings, except that Chinese is found anywhere."""
    if key.isascii():
        return re.compile(rf"(?<![A-Za-z]){re.escape(key)}(?:'?s|es|ed|ing|ers?|y)?(?![A-Za-z])", re.IGNORECASE)
    return re.compile(re.escape(key))
