"""The texts of the pages, in every language that they have."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["en", "zh"]
LANGUAGES: tuple[Language, ...] = ("en", "zh")
Phrase = str | Mapping[str, str]
"""A text with ``{names}``; or one for one thing and one for many, chosen by ``n``."""


@cache
def texts() -> Mapping[Language, Mapping[str, Phrase]]:
    """All texts of ``texts/*.yaml``.  Two areas cannot have the same key: the second would change the first's pages."""
    import yaml

    found: dict[Language, dict[str, Phrase]] = {language: {} for language in LANGUAGES}
    for path in sorted(files("mudbot.web").joinpath("texts").iterdir(), key=lambda each: each.name):
        if not path.name.endswith(".yaml"):
            continue
        read: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
        for language in LANGUAGES:
            if twice := found[language].keys() & read[language].keys():
                raise ValueError(f"{path.name}: {sorted(twice)} are texts of another file already")
            found[language].update(read[language])
    return found


def text(language: Language, key: str, /, **values: object) -> str:
    """The text *key* in *language*, with *values* in their places.  Raises KeyError where there is none."""
    phrase = texts()[language][key]
    if not isinstance(phrase, str):
        phrase = phrase["one" if values.get("n") == 1 else "many"]
    return phrase.format(**values) if values else phrase


def chosen(cookie: str | None, accepted: str, default: str) -> Language:
    """The language of a page: what the visitor chose, else what the browser asks for, else *default*.

    *accepted* is the header Accept-Language (RFC 9110, 12.5.4); what cannot be read in it does not count.
    """
    if cookie in LANGUAGES:
        return cookie
    best: tuple[float, Language] = (0.0, "zh" if default == "zh" else "en")
    for part in accepted[:500].split(","):
        tag, _, weight = part.strip().partition(";")
        language = tag.strip().lower().split("-")[0]
        try:
            quality = float(weight.partition("q=")[2] or 1)
        except ValueError:
            continue
        if language in LANGUAGES and best[0] < quality <= 1:
            best = (quality, language)
    return best[1]
