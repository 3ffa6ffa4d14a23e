"""What a trigger looks for, as ``@trigger`` is told it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from mudbot.errors import PatternError
from mudbot.triggers.trigger import Color, Kind, Pattern

KINDS: dict[str, Kind] = {"pattern": "regex", "text": "text", "glob": "glob", "exact": "exact"}
"""The ways to say a pattern."""


def patterns_of(
    single: Mapping[str, str | None], all_of: Sequence[str | Mapping[str, str] | Pattern], *, ignore_case: bool
) -> tuple[Pattern, ...]:
    """What is to be found.  Raises PatternError unless it is said in one way."""
    chosen = {name: value for name, value in single.items() if value is not None}
    if len(chosen) + bool(all_of) != 1:
        raise PatternError("it wants one of a pattern, text=, glob=, exact= and all_of= in parentheses after it")
    wrong = next((name for name, value in chosen.items() if not isinstance(value, str)), "")
    if wrong or isinstance(all_of, str):
        raise PatternError(f"{wrong}= wants a text in quotes" if wrong else "all_of= wants a list: all_of=[...]")
    flags = int(re.IGNORECASE) if ignore_case else 0
    return (
        *(Pattern(value, KINDS[name], flags) for name, value in chosen.items()),
        *(_one_of(each, flags) for each in all_of),
    )


def _one_of(entry: str | Mapping[str, str] | Pattern, flags: int) -> Pattern:
    """An entry of ``all_of``: a regular expression, or one of text, glob and exact."""
    if isinstance(entry, Mapping):
        if len(entry) != 1 or not entry.keys() <= KINDS.keys():
            raise PatternError(f"all_of: write a pattern or one of {', '.join(KINDS)}, not {dict(entry)}")
        ((kind, text),) = entry.items()
        return Pattern(text, KINDS[kind], flags)
    if not isinstance(entry, str | Pattern):
        raise PatternError(f"all_of: write patterns in quotes, not {entry!r}")
    return Pattern(entry, flags=flags) if isinstance(entry, str) else entry


def colors_of(color: str | Mapping[str, str]) -> tuple[tuple[str, Color], ...]:
    """The colour of each group; that of the whole match is the group without a name.  Raises PatternError."""
    colors = {"": color} if isinstance(color, str) else color
    for value in colors.values():
        if not isinstance(value, str):
            raise PatternError(f"color= wants a colour in quotes, not {value!r}")
    return tuple((str(group), Color.of(value)) for group, value in colors.items() if value)
