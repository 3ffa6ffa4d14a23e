"""What a plugin says, in the language of its session (``self.t("greeting", name="Ann")``).

The texts stand in ``NAME.texts.yaml`` beside the plugin, or in its class as ``texts``.  Everything that can be wrong
with them is found when the plugin loads, calls in its source among it.  What is put in is never read as a text with
places to fill: a player who is called ``{name.__class__}`` is called that.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from mudbot.errors import ConfigError, PluginError, Problem, nearest

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin

LANGUAGES = ("en", "zh")
"""The first is the one that is said where another is missing."""
MAX_TEXT = 10_000
"""Characters of one text: more is no line of a game."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A place to fill: ``{gold:,}``."""

    name: str
    spec: str


@dataclass(frozen=True, slots=True)
class Template:
    """A text, taken apart."""

    parts: tuple[str | Hole, ...]

    @classmethod
    def of(cls, text: str) -> Template:
        """*text*, with ``{name}`` and ``{name:format}`` in it.  Raises ValueError with the remedy."""
        parts: list[str | Hole] = []
        try:
            for plain, name, spec, conversion in string.Formatter().parse(text):
                parts += [plain] if plain else []
                if name is not None:
                    parts.append(_hole(name, spec or "", conversion))
        except ValueError as exc:
            if type(exc) is _UnfitError:
                raise
            raise ValueError("has a brace too many or too few: a brace that is said is written {{ or }}") from None
        return cls(tuple(parts))

    @property
    def names(self) -> frozenset[str]:
        """What it wants to be told."""
        return frozenset(part.name for part in self.parts if isinstance(part, Hole))

    def fill(self, values: Mapping[str, object]) -> str:
        """The text.  Raises KeyError where a value is missing, ValueError or TypeError where one does not fit."""
        return "".join(part if isinstance(part, str) else format(values[part.name], part.spec) for part in self.parts)


class _UnfitError(ValueError):
    """A place to fill is written in a way that is not taken."""


def _hole(name: str, spec: str, conversion: str | None) -> Hole:
    if not name.isidentifier():
        raise _UnfitError(f"has {{{name}}}: a place to fill has a name alone, such as {{name}}, and nothing behind it")
    if conversion:
        raise _UnfitError(f"has {{{name}!{conversion}}}: leave out the !{conversion}")
    if spec and ("{" in spec or re.search(r"\d{4}", spec) or not _formats(spec)):
        raise _UnfitError(
            f"has {{{name}:{spec}}}, whose format is none, or too wide: {{n:,}} or {{n:.1f}}, for example"
        )
    return Hole(name, spec)


def _formats(spec: str) -> bool:
    if "%" in spec:  # of dates and times
        return True
    for sample in (1, 1.5, "x"):
        try:
            format(sample, spec)
        except ValueError:
            continue
        return True
    return False


@dataclass(slots=True)
class Texts:
    """All texts of one plugin, by language and key."""

    plugin: str = ""
    templates: dict[str, dict[str, Template]] = field(default_factory=dict)
    place: str = ""
    """Where they stand, as far as one place can say."""

    def keys(self) -> list[str]:
        """Every key, of any language."""
        return list(dict.fromkeys(key for texts in self.templates.values() for key in texts))

    def find(self, key: str, language: str) -> Template | None:
        """The text in *language*, else in English, else in any."""
        for each in (language, *LANGUAGES):
            if (found := self.templates.get(each, {}).get(key)) is not None:
                return found
        return None

    def missing(self, language: str) -> list[str]:
        """The keys that have no text in *language*."""
        own = self.templates.get(language, {})
        return [key for key in self.keys() if key not in own]


class Words:
    """A plugin's texts in one language."""

    def __init__(self, texts: Texts, language: str) -> None:
        self._texts, self.language = texts, language

    def __repr__(self) -> str:
        return f"<texts of {self._texts.plugin} in {self.language}: {', '.join(self._texts.keys()) or 'none'}>"

    def __contains__(self, key: object) -> bool:
        return key in self._texts.keys()  # noqa: SIM118  # no mapping

    def __call__(self, key: str, /, **values: object) -> str:
        """The text *key*, its places filled with *values*; in English where this language has none.

        Raises PluginError where there is no such text, or a value is missing; both are found when the plugin loads
        where it writes ``self.t("key", ...)``.
        """
        template = self._texts.find(key, self.language)
        if template is None:
            raise PluginError(_unknown(self._texts, key))
        try:
            return template.fill(values)
        except KeyError as exc:
            raise PluginError(
                f"self.t({key!r}) lacks {exc.args[0]}=, which its text has as {{{exc.args[0]}}}"
            ) from None
        except (ValueError, TypeError) as exc:
            raise PluginError(f"self.t({key!r}): a value does not fit the format in its text: {exc}") from None

    def for_(self, language: str) -> Words:
        """The same texts in another language: ``self.t.for_("zh")("greeting", name="Ann")``."""
        if language not in LANGUAGES:
            raise PluginError(f"there is no language {language!r}: {' or '.join(LANGUAGES)}")
        return Words(self._texts, language)


def _unknown(texts: Texts, key: str) -> str:
    known = texts.keys()
    where = nearest(key, known) if known else f": write it in {texts.plugin or 'NAME'}.texts.yaml, beside the plugin"
    return f"there is no text {key!r}{where}"


# -- reading them --------------------------------------------------------------------------------------------------

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
        from mudbot.host.services.calls import misfits

        reading.problems += misfits(kind, reading.texts)
    if reading.problems:
        raise ConfigError(*reading.problems)
    _read[kind] = reading.texts
    return reading.texts


def words_of(kind: type[Plugin], language: str) -> Words:
    """What *kind* says in *language*.  Raises ConfigError."""
    return Words(texts_of(kind), language)


def _file_of(kind: type[Plugin]) -> Path | None:
    from mudbot.host.loader import source_of

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
