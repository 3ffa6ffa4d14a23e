"""Macros in cards and personas: ``{{char}}``, ``{{user}}`` and their kin.  Pure.

From the character card specifications (V2, V3).  ``{{char}}`` and ``{{user}}`` stay in a persona's file and are filled
in where it is used; what can be settled once (comments, a choice) is settled when a card is imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_CHAR = re.compile(r"\{\{\s*char\s*\}\}|<\s*(?:char|bot)\s*>", re.IGNORECASE)
_USER = re.compile(r"\{\{\s*user\s*\}\}|<\s*user\s*>", re.IGNORECASE)
_OTHER = re.compile(r"\{\{((?:(?!\{\{|\}\}).){0,2000})\}\}", re.DOTALL)
_SILENT = re.compile(r"(?://|comment\s*:|hidden_key\s*:|trim\b|noop\b|original\b)", re.IGNORECASE)
_CHOICE = re.compile(r"(?:random|pick)\s*::?(.*)", re.IGNORECASE | re.DOTALL)
_REVERSE = re.compile(r"reverse\s*::?(.*)", re.IGNORECASE | re.DOTALL)
_WORDS = {"newline": "\n", "space": " ", "user": "{{user}}", "char": "{{char}}", "bot": "{{char}}"}


def fill(text: str, *, char: str | None = None, user: str | None = None) -> str:
    """*text* with the names in place of their macros; what is None stays as it is."""
    if "{{" not in text and "<" not in text:
        return text
    if char is not None:
        text = _CHAR.sub(lambda _: char, text)
    return _USER.sub(lambda _: user, text) if user is not None else text


def named(texts: Iterable[str], speaker: str) -> tuple[str, ...]:
    """*texts* with the speaker's name, which must be cleaned, where they say {{user}}."""
    return tuple(fill(text, user=speaker) for text in texts)


def settle(text: str) -> tuple[str, list[str]]:
    """*text* with ``{{char}}`` and ``{{user}}`` as its only macros, and the names of those that had to go.

    A comment goes without a word.  Of a choice the first stays: a prompt that changes each time is cached by nobody.
    """
    lost: list[str] = []

    def settled(found: re.Match[str]) -> str:
        inner = found[1].strip()
        if (word := _WORDS.get(inner.casefold())) is not None:
            return word if len(word) == 1 else f"\0{word[2:-2]}\1"
        if _SILENT.match(inner):
            return ""
        if reverse := _REVERSE.fullmatch(inner):
            return reverse[1].strip()[::-1]
        lost.append(re.split(r"[\s:]", inner, maxsplit=1)[0][:40] or "?")
        choice = _CHOICE.fullmatch(inner)
        return _first(choice[1]) if choice else ""

    text = _USER.sub("\0user\1", _CHAR.sub("\0char\1", text.replace("\0", "").replace("\1", "")))
    for _ in range(5):  # macros within macros, from the inside
        text, count = _OTHER.subn(settled, text)
        if not count:
            break
    return text.replace("\0", "{{").replace("\1", "}}"), lost


def _first(choices: str) -> str:
    divider = r"::" if "::" in choices else r"(?<!\\),"
    return re.split(divider, choices, maxsplit=1)[0].replace("\\,", ",").strip()
