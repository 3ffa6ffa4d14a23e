"""What a plugin says, in the language of its session (``self.t("greeting", name="Ann")``).  Pure.

What is put in is never read as a text with places to fill: a player who is called ``{name.__class__}`` is called that.
Where the texts come from is in ``mudbot.host.services.texts``.
"""

from __future__ import annotations

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass, field

from mudbot.errors import PluginError, nearest

LANGUAGES = ("en", "zh")
"""The first is the one that is said where another is missing."""


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
