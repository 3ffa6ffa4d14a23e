"""Where a plugin's texts come from: ``NAME.texts.yaml`` beside it, or ``texts`` in its class.

Everything that can be wrong with them is found when the plugin loads, calls in its source among it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from mudbot.errors import ConfigError, Problem
from mudbot.host.loader import source_of
from mudbot.host.services.calls import misfits
from mudbot.host.services.words import LANGUAGES, Template, Texts, Words

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin

MAX_TEXT = 10_000
"""Characters of one text: more is no line of a game."""

_read: WeakKeyDictionary[type[Plugin], Texts] = WeakKeyDictionary()


def texts_of(kind: type[Plugin]) -> Texts:
    """The texts of *kind*, read once for each time that it is loaded.

    Raises ConfigError with everything that is wrong with them, and with the calls in the plugin's source.
    """
    if (known := _read.get(kind)) is not None:
        return known
    reading = _Reading(Texts(kind.name))
    if kind.texts:
        reading.inside(kind)
    if (path := _file_of(kind)) is not None:
        reading.beside(path)
    reading.compare()
    if not reading.problems:
        reading.problems += misfits(kind, reading.texts)
    if reading.problems:
        raise ConfigError(*reading.problems)
    _read[kind] = reading.texts
    return reading.texts


def words_of(kind: type[Plugin], language: str) -> Words:
    """What *kind* says in *language*.  Raises ConfigError."""
    return Words(texts_of(kind), language)


def _file_of(kind: type[Plugin]) -> Path | None:
    if (source := source_of(kind)) is None:
        return None
    name = kind.name or source.stem
    inside = [source / f"{name}.texts.yaml", source / "texts.yaml"] if source.is_dir() else []
    return next((path for path in [*inside, source.parent / f"{name}.texts.yaml"] if path.is_file()), None)


class _Reading:
    """Reads, and notes what is wrong."""

    def __init__(self, texts: Texts) -> None:
        self.texts = texts
        self.problems: list[Problem] = []
        self._places: dict[tuple[str, str], str] = {}

    def beside(self, path: Path) -> None:
        """The texts of a file; they go before those in the class, so that an owner can have others."""
        from mudbot.config.files import text_of

        try:
            text = text_of(path, "write it, or take it away", 1 << 20, example="NAME.texts.yaml")
        except ConfigError as exc:
            self.problems += exc.problems
        else:
            self._yaml(text, path.name, lambda line: f"{path.name}:{line}")

    def inside(self, kind: type[Plugin]) -> None:
        """The texts in the class."""
        place = f"{kind.__name__}.texts"
        if isinstance(kind.texts, str):
            self._yaml(kind.texts, place, lambda line: f"{place}, line {line}")
        else:
            self._take(kind.texts, place, {})

    def compare(self) -> None:
        """A text wants the same in every language, or it could not be said in one of them."""
        for key in self.texts.keys():  # noqa: SIM118  # no mapping
            there = [language for language in self.texts.templates if key in self.texts.templates[language]]
            first = self.texts.templates[there[0]][key].names
            for language in there[1:]:
                names = self.texts.templates[language][key].names
                if names != first:
                    odd = ", ".join(f"{{{name}}}" for name in sorted(names ^ first))
                    message = f"{language}.{key} and {there[0]}.{key} must have the same places to fill: see {odd}"
                    self._wrong((language, key), message)

    def _yaml(self, text: str, place: str, namer: Any) -> None:
        from mudbot.config.document import parse

        document = parse(text, namer)
        self.problems += document.problems
        if not document.problems or isinstance(document.data, dict):
            self._take(document.data, place, document.places)

    def _take(self, data: Any, place: str, places: Mapping[Any, str]) -> None:
        self.texts.place = place
        if not isinstance(data, Mapping):
            self.problems.append(
                Problem(place, "must hold languages, and in each its texts: 'en:', below it 'hi: Hello'")
            )
            return
        for language, texts in data.items():
            where = places.get((language,), place)
            if language not in LANGUAGES:
                hint = "" if isinstance(texts, Mapping) else ", below which its texts stand"
                self.problems.append(
                    Problem(where, f"there is no language {str(language)[:40]!r}: write {' or '.join(LANGUAGES)}{hint}")
                )
            elif not isinstance(texts, Mapping):
                self.problems.append(Problem(where, f"{language} must hold texts: 'hi: Hello', one a line below it"))
            else:
                for key, text in texts.items():
                    self._add(language, str(key), text, places.get((language, key), f"{place}: {language}.{key}"))

    def _add(self, language: str, key: str, text: Any, where: str) -> None:
        self._places[language, key] = where
        if not isinstance(text, str) or not text:
            self._wrong((language, key), f"{language}.{key} must be text" + (": put it in quotes" if text else ""))
        elif len(text) > MAX_TEXT:
            self._wrong((language, key), f"{language}.{key} is longer than {MAX_TEXT:,} characters")
        else:
            try:
                self.texts.templates.setdefault(language, {})[key] = Template.of(text)
            except ValueError as exc:
                self._wrong((language, key), f"{language}.{key} {exc}")

    def _wrong(self, key: tuple[str, str], message: str) -> None:
        self.problems.append(Problem(self._places[key], message))


def untold(kind: type[Plugin], languages: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Which texts are missing in a language that is spoken: the place, and what happens.

    *languages* are those of the sessions, each with one that speaks it.
    """
    texts = texts_of(kind)
    for language, session in languages.items():
        if missing := texts.missing(language):
            listed = ", ".join(missing[:3]) + (f" and {len(missing) - 3} more" if len(missing) > 3 else "")
            other = " or ".join(each for each in texts.templates if each != language)
            speaks = f"no text in {language}, which session {session} speaks, for {listed}"
            yield texts.place, f"plugin {kind.name}: {speaks}: said in {other}"
