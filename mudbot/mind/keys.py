r"""Keys of lore: what is listened for, and whether it is there.

A key is a word, a phrase, or ``/pattern/flags`` in the manner of JavaScript, as World Info has them.  Patterns may come
from a stranger's card: they are only ever searched for within a :class:`mudbot.triggers.guard.Guard`.
"""

from __future__ import annotations

import functools
import logging
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field

from mudbot.errors import PatternError
from mudbot.triggers.guard import Guard, Runaway

log = logging.getLogger(__name__)

PATIENCE = 3
"""Patterns that may take too long at one line, a hundredth of a second each; all others then wait for the next line."""

_REGEX = re.compile(r"/(.+?)/([dgimsuvy]*)", re.DOTALL)
_SLASH = re.compile(r"(?<!\\)(?:\\\\)*/")
_UNICODE = re.compile(r"(?<!\\)((?:\\\\)*)\\u(?:\{([0-9A-Fa-f]{1,6})\}|([0-9A-Fa-f]{4}))")
_CLASSES = re.compile(r"\\.|\[\^?\]|\[(?:\\.|[^\]\\])*\]", re.DOTALL)
_PROPERTY = re.compile(r"\\([pP])\{(?:Script|sc|Script_Extensions|scx)=Han\}")
_EMPTY = {"[^]": r"[\s\S]", "[]": "(?!)"}


def is_regex(key: str) -> bool:
    """Whether *key* is written as a regular expression: between slashes, inside all escaped, with flags behind."""
    found = _REGEX.fullmatch(key)
    return found is not None and not _SLASH.search(found[1])


@functools.lru_cache(maxsize=2000)
def regex_of(key: str) -> re.Pattern[str]:
    r"""The pattern of *key* for Python, with the meaning that it has in JavaScript (``\w`` and ``\d`` are ASCII).

    Raises PatternError where Python has nothing of the kind.
    """
    from mudbot.triggers.imports.found import NotCarriedError
    from mudbot.triggers.imports.pcre import translate

    found = _REGEX.fullmatch(key)
    if found is None:
        raise PatternError("it must stand between slashes")
    source, flags = found[1].replace("\\/", "/"), found[2]
    source = _PROPERTY.sub(r"\\\1{Han}", _UNICODE.sub(_character, source))
    source = _CLASSES.sub(lambda m: _EMPTY.get(m[0], m[0]), source)
    try:
        whole = translate(source, bytewise="\\p{" not in source).whole
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of sets within sets, which JavaScript has not either
            number = sum({"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}.get(flag, 0) for flag in set(flags))
            return re.compile(whole if "y" not in flags else rf"\A(?:{whole})", number)
    except NotCarriedError as exc:
        raise PatternError(str(exc)) from None
    except (re.error, RecursionError, OverflowError, ValueError) as exc:
        raise PatternError(f"{exc}") from None


def _character(found: re.Match[str]) -> str:
    code = int(found[2] or found[3], 16)
    if code > 0x10FFFF:
        raise PatternError("a character code is out of range")
    return found[1] + (rf"\x{code:02x}" if code < 0x80 else chr(code))


@dataclass(slots=True)
class Key:
    """One key, ready to be listened for."""

    text: str
    pattern: re.Pattern[str]
    regex: bool
    folded: str = ""
    """What must be in a folded text for the pattern to be found; empty for a regular expression."""
    broken: bool = field(default=False, compare=False)
    """Whether its search ran away: it is not asked again."""

    @classmethod
    def of(cls, key: str, *, case: bool = False, whole_words: bool | None = None) -> Key:
        """*key* as lore says it is found."""
        if is_regex(key):
            return cls(key, regex_of(key), regex=True)
        flags = 0 if case else re.IGNORECASE
        return cls(key, re.compile(_pattern(key, whole_words=whole_words), flags), regex=False, folded=key.casefold())


class Listener:
    """Listens for keys in one line's texts.  The *guard* must be entered where there are regular expressions."""

    __slots__ = ("guard", "patience")

    def __init__(self, guard: Guard) -> None:
        self.guard, self.patience = guard, PATIENCE

    def hears(self, key: Key, text: Text) -> bool:
        """Whether *text* holds *key*.  A pattern that takes too long does not, and is not asked again."""
        if not key.regex:
            return key.folded in text.folded and key.pattern.search(text.text) is not None
        if key.broken or not self.patience:
            return False
        try:
            return self.guard.search(key.pattern, text.text) is not None
        except Runaway:
            key.broken = True
            self.patience -= 1
            log.warning("lore: a pattern took too long and is not asked again: %.80s", key.text)
            return False


class Text:
    """A text to search, and what plain keys are looked for in first."""

    __slots__ = ("folded", "text")

    def __init__(self, texts: Sequence[str]) -> None:
        self.text = "\n".join(texts)
        self.folded = self.text.casefold()


def _pattern(key: str, *, whole_words: bool | None) -> str:
    escaped = re.escape(key)
    if not key.isascii() or whole_words is False:
        return escaped
    if whole_words:
        return rf"(?<![A-Za-z0-9_]){escaped}(?![A-Za-z0-9_])"
    return rf"(?<![A-Za-z]){escaped}(?:'?s|es|ed|ing|ers?|y)?(?![A-Za-z])"
