"""What the tavern says and which words it understands, read from one YAML file per language.

Formats are data: another way to say the same things is another file, and no code changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from typing import Any

import yaml

from mudbot.errors import LocalError

LANGUAGES = ("en", "zh")


@dataclass(frozen=True, slots=True)
class Direction:
    """A direction as a language says it."""

    way: str
    """Where one goes: ``north``."""
    origin: str
    """Where one comes from: ``the north``."""
    words: tuple[str, ...]
    """What one may type."""


@dataclass(frozen=True, slots=True)
class Phrases:
    """One language's table."""

    language: str
    aliases: tuple[str, ...]
    separator: str
    directions: Mapping[str, Direction]
    commands: Mapping[str, tuple[str, ...]]
    shortcuts: Mapping[str, str]
    reserved: frozenset[str]
    texts: Mapping[str, str]

    def text(self, key: str, *, direction: str | None = None, **values: object) -> str:
        """The text *key* with *values* put in; may have several lines.  *direction* is a letter: n, e, s or w."""
        if direction is not None:
            values |= {"way": self.directions[direction].way, "origin": self.directions[direction].origin}
        return self.texts[key].format_map(values)

    def listing(self, key: str, items: Iterable[str], **values: object) -> str:
        """The text *key*, whose ``{list}`` are the *items*."""
        return self.text(key, direction=None, list=self.separator.join(items), **values)


@dataclass(frozen=True, slots=True)
class Phrasebook:
    """All languages together."""

    languages: Mapping[str, Phrases]

    def find(self, alias: str) -> Phrases | None:
        """The language that somebody may call *alias*."""
        return next((each for each in self.languages.values() if alias.casefold() in each.aliases), None)

    def is_reserved(self, word: str) -> bool:
        """Whether some language has another use for *word* than a name."""
        return any(word.casefold() in each.reserved for each in self.languages.values())

    def words(self) -> dict[str, str]:
        """Typed word -> command, or the letter of a direction; words of every language."""
        found: dict[str, str] = {}
        for each in self.languages.values():
            found |= {word: command for command, words in each.commands.items() for word in words}
            found |= {word: letter for letter, direction in each.directions.items() for word in direction.words}
        return found

    def shortcuts(self) -> dict[str, str]:
        """First character -> command, for those that need no space after them."""
        return {sign: command for each in self.languages.values() for sign, command in each.shortcuts.items()}


@cache
def load_phrasebook() -> Phrasebook:
    """Read the languages that ship with the tavern.  LocalError names the file and what it lacks."""
    tables = {language: _load(f"{language}.yaml") for language in LANGUAGES}
    first = tables[LANGUAGES[0]]
    for table in tables.values():
        check_alike(first, table)
    return Phrasebook(tables)


def read_yaml(name: str) -> dict[str, Any]:
    """The mapping in a YAML file of this package."""
    loaded = yaml.safe_load(files(__package__).joinpath(name).read_text("utf-8"))
    if not isinstance(loaded, dict):
        raise LocalError(f"tavern/{name} must be a mapping: reinstall mudbot, or undo the change to that file.")
    return loaded


def parse_phrases(name: str, raw: Mapping[str, Any]) -> Phrases:
    """A table from its YAML; *name* is the file that an error names."""
    try:
        return Phrases(
            language=raw["language"],
            aliases=tuple(raw["aliases"]),
            separator=raw["separator"],
            directions={
                letter: Direction(entry["way"], entry["origin"], tuple(entry["words"]))
                for letter, entry in raw["directions"].items()
            },
            commands={command: tuple(words) for command, words in raw["commands"].items()},
            shortcuts=dict(raw["shortcuts"]),
            reserved=frozenset(word.casefold() for word in raw["reserved"]),
            texts=dict(raw["texts"]),
        )
    except KeyError as exc:
        raise LocalError(f"tavern/{name} lacks {exc}: add it, as the other languages have it.") from exc


def check_alike(model: Phrases, table: Phrases) -> None:
    """Raise LocalError where *table* lacks something that *model* has, or fills in other values."""
    name = f"tavern/{table.language}.yaml"
    for part in ("directions", "commands", "texts"):
        if different := sorted(getattr(model, part).keys() ^ getattr(table, part).keys()):
            raise LocalError(f"{name}: {part} must be the same as in {model.language}.yaml, see {different[0]!r}.")
    for key, text in table.texts.items():
        if _placeholders(text) != _placeholders(model.texts[key]):
            raise LocalError(f"{name}: {key!r} must have the placeholders that {model.language}.yaml has there.")


def _load(name: str) -> Phrases:
    return parse_phrases(name, read_yaml(name))


def _placeholders(text: str) -> frozenset[str | None]:
    return frozenset(field for _, field, _, _ in Formatter().parse(text) if field is not None)
