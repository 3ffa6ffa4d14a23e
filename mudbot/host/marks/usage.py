"""What a player wrote behind a chat command, as the arguments of its method; and the usage that is answered else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from mudbot.errors import UsageError
from mudbot.host.arguments import MISSING, Slot

_CLOSES = {
    '"': re.compile('"'),
    "'": re.compile(r"'(?=\s|\Z)"),  # not the apostrophe of don't
    "“": re.compile('[”“"]'),
    "”": re.compile('[”"]'),  # some keyboards know one of the two
    "‘": re.compile(r"’(?=\s|\Z)|['‘]"),
    "＂": re.compile("＂"),
    "「": re.compile("」"),
    "『": re.compile("』"),
}
"""What ends a text that begins with a quotation mark."""
_MOST_CHOICES = 40
"""Characters that choices may take up in a usage line; longer ones are told when somebody chose wrong."""


class Word(NamedTuple):
    """A word, or several in quotation marks."""

    text: str
    at: int
    """Where it begins, with its quotation mark."""


def words(text: str) -> list[Word]:
    """The words of *text*, parted by blanks, those in quotation marks together.

    Blanks and quotation marks may be those of Chinese keyboards: 「a b」 and “a b” are one word.  A mark that nothing
    closes, or within a word, is a sign like any other.
    """
    found, at, unclosed = list[Word](), 0, set[str]()
    while at < len(text):
        if text[at].isspace():
            at += 1
            continue
        mark, end = text[at], None
        if mark in _CLOSES and mark not in unclosed:
            end = _CLOSES[mark].search(text, at + 1)
            if end is None:
                unclosed.add(mark)  # nor will it be further on
        if end is not None:
            found.append(Word(text[at + 1 : end.start()], at))
            at = end.end()
        else:
            start = at
            while at < len(text) and not text[at].isspace():
                at += 1
            found.append(Word(text[start:at], start))
    return found


class Misfit(Exception):  # noqa: N818  # nothing is wrong but the words, and nobody but `arguments` sees it
    """The words do not fit: *slot* has none or a wrong one, or without a slot there are too many."""

    def __init__(self, slot: Slot | None = None, *, missing: bool = False) -> None:
        super().__init__(slot, missing)
        self.slot, self.missing = slot, missing

    def told(self, language: str) -> str:
        """What is wrong, for the player."""
        zh = language == "zh"
        if self.slot is None:
            return (
                "多了；连在一起的词请加引号" if zh else "that is too much: put quotes around words that belong together"
            )
        name, kind = shown(self.slot), self.slot.kind
        if self.missing:
            return f"还缺 {name}" if zh else f"{name} is missing"
        if not (kind.zh if zh else kind.en):
            return f"{name} 不对" if zh else f"{name} does not fit"
        return f"{name}：{kind.zh}" if zh else f"{name} is {kind.en}"


def fill(slots: Sequence[Slot], text: str) -> list[Any]:
    """The arguments that *text* gives, in the order of *slots*.  Raises Misfit."""
    left, values = words(text), list[Any]()
    # Of too many words one seldom fits where it stands, and is not what is wrong: `watch a rusty sword 5`.
    crowded = len(left) > len(slots) and not any(slot.many or slot.kind.rest for slot in slots)
    for slot in slots:
        if not left:
            if slot.required:
                raise Misfit(slot, missing=True)
            if slot.default is not MISSING:
                values.append(slot.default)
            elif slot.nullable and not slot.many:
                values.append(None)
            continue
        if slot.kind.rest:
            taken, left = [text[left[0].at :].strip()], []
        elif slot.many:
            taken, left = [word.text for word in left], []
        else:
            taken, left = [left[0].text], left[1:]
        try:
            values += map(slot.kind.read, taken)
        except ValueError:
            raise Misfit(None if crowded else slot) from None
    if left:
        raise Misfit
    return values


def arguments(slots: Sequence[Slot], text: str, usage: str, language: str) -> list[Any]:
    """The arguments that *text* gives.

    Raises UsageError with *usage* and what is wrong, in *language*; never with the player's own words, which are not
    the character's to repeat.
    """
    try:
        return fill(slots, text)
    except Misfit as exc:
        # What is missing shows, and the author's own usage may call it by another name.
        slot = exc.slot if exc.missing else None
        hidden = slot and not slot.kind.choices and shown(slot).casefold() not in usage.casefold()
        why = "" if hidden else exc.told(language)
        raise UsageError(answer(usage, why, language)) from None


def answer(usage: str, why: str, language: str) -> str:
    """What a player is told: *usage*, and in brackets *why*, unless what the author wrote ends in brackets itself."""
    zh = language == "zh"
    if why and usage.endswith((")", "）")):
        why = f"；{why}" if zh else f"; {why}"
    elif why:
        why = f"（{why}）" if zh else f" ({why})"
    return f"用法：{usage}{why}" if zh else f"Usage: {usage}{why}"


def usage_of(slots: Sequence[Slot], language: str) -> str:
    """What is written behind the command: ``<who> [times=1]``."""
    return " ".join(_usage(slot, language) for slot in slots)


def shown(slot: Slot) -> str:
    """The name of *slot* as players read it."""
    return slot.name.strip("_").replace("_", "-")


def _usage(slot: Slot, language: str) -> str:
    name = shown(slot)
    if slot.kind.choices and len("/".join(slot.kind.choices)) <= _MOST_CHOICES:
        name = "/".join(slot.kind.choices)
    elif slot.default not in (MISSING, None, ""):
        name += f"={_said(slot.default, language)}"
    if slot.kind.rest or slot.many:
        name += "..."
    return f"<{name}>" if slot.required else f"[{name}]"


def _said(value: Any, language: str) -> str:
    if isinstance(value, bool):
        return ("关", "开")[value] if language == "zh" else ("off", "on")[value]
    return str(value)
