"""What pydantic found wrong, in our own words.  Pure.

pydantic's stock messages print the values, secrets too; these print names only, and the remedy.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from pydantic_core.core_schema import ErrorType

from mudbot.config.positions import shown

# Pydantic's Python half has kinds that its core does not list; of those, the ones that come from types in settings.
_STOCK = frozenset(get_args(ErrorType)) | {
    "path_type", "path_not_file", "path_not_directory", "path_not_socket", "path_exists", "parent_does_not_exist",
    "bytes_type", "byte_size", "byte_size_unit", "pattern_type", "pattern_str_type", "pattern_bytes_type",
    "import_error", "ip_any_address", "ip_any_interface", "ip_any_network", "predicate_failed", "not_operation_failed",
    "pattern_regex", "sequence_str", "zoneinfo_str", "color_error",
}  # fmt: skip
_AUTHORS = {"value_error", "assertion_error"}
OURS = _STOCK - _AUTHORS | {"mudbot"}
"""Error types whose message is composed here, or in mudbot's own checks; others are written by a plugin's author."""

_TEXT, _WHOLE, _NUMBER = "must be text", "must be a whole number", "must be a number"
_TRUTH = "must be true or false: write one of these two words, without quotes"
_LIST = "must be a list: write [one, two], or lines that start with '- '"
_MAPPING = "must be a mapping: write its keys below it, one a line (key: value)"

_IN_A_VARIABLE = {
    _LIST: ": a variable cannot hold one, write it in the file",
    _MAPPING: ": a variable sets one of its keys, such as MUDBOT_LOG__LEVEL",
}

_KINDS = {
    "string": _TEXT, "int": _WHOLE, "float": _NUMBER, "finite": _NUMBER, "decimal": _NUMBER, "complex": _NUMBER,
    "bool": _TRUTH, "list": _LIST, "tuple": _LIST, "set": _LIST, "frozen": _LIST, "iterable": _LIST,
    "dict": _MAPPING, "mapping": _MAPPING, "model": _MAPPING, "dataclass": _MAPPING, "arguments": _MAPPING,
    "none": "must be empty", "path": "must be a path", "url": "must be a URL such as https://example.org/v1",
    "date": "must be a date such as 2026-05-01", "datetime": "must be a date and time such as 2026-05-01T12:30:00Z",
    "time": "must be a time of day such as '12:30'", "timedelta": "must be a length of time", "bytes": "must be text",
    "ip": "must be an IP address", "zoneinfo": "must be a time zone such as Europe/Berlin", "sequence": _LIST,
    "uuid": "must be a UUID", "pattern": "must be a regular expression",
}  # fmt: skip
"""By the first word of pydantic's error types, after ``time_delta`` and ``is_instance`` spellings are joined."""

_BOUNDS = {
    "greater_than": ("gt", "must be more than {}"),
    "greater_than_equal": ("ge", "must be at least {}"),
    "less_than": ("lt", "must be less than {}"),
    "less_than_equal": ("le", "must be at most {}"),
    "multiple_of": ("multiple_of", "must be a multiple of {}"),
    "too_short": ("min_length", "must have at least {} entries"),
    "too_long": ("max_length", "must have at most {} entries"),
    "string_too_short": ("min_length", "must have at least {} characters"),
    "string_too_long": ("max_length", "must have at most {} characters"),
}


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The one of *known* that *word* was probably meant to be."""
    folded = {name.casefold(): name for name in known}
    # A long word is no slip of the pen, and comparing it costs its length squared.
    found = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=0.6) if len(word) <= 60 else []
    return folded[found[0]] if found else None


def unknown_key(name: str, known: Iterable[str]) -> str:
    """That there is no key *name*, and which was meant."""
    known = sorted(known)
    head, colon, _ = name.partition(":")
    if colon:
        return f"'{shown(name)}' has no value: put a space after its colon ({shown(head)}: value)"
    if guess := nearest(name, known):
        return f"there is no key '{shown(name)}' here: did you mean '{guess}'?"
    if not known:
        return f"there is no key '{shown(name)}' here: nothing can be set"
    return f"there is no key '{shown(name)}' here: there are {', '.join(known)}"


def choice(value: Any, choices: list[str], *, foreign: bool) -> str:
    """That *value* is none of *choices*, and which was meant; a *foreign* value gives no hint of itself."""
    guess = nearest(value, choices) if isinstance(value, str) and not foreign else None
    listed = choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])} or {choices[-1]}"
    return f"must be {listed}" + (f": did you mean {guess}?" if guess else "")


def message(error: Mapping[str, Any], value: Any, *, foreign: bool) -> str:
    """The predicate ("must be ...") for one of pydantic's errors about *value*, but for unknown and missing keys."""
    kind, context = str(error["type"]), error.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return choice(value, _choices(str(context.get("expected", ""))), foreign=foreign)
    if kind in _AUTHORS:
        return _own_words(str(context.get("error", "")))
    if kind not in _STOCK:
        return _own_words(str(error["msg"]))
    if kind in _BOUNDS:
        name, template = _BOUNDS[kind]
        text = template.format(_figure(context.get(name)))
        return "must not be empty" if text.endswith(("least 1 entries", "least 1 characters")) else text
    if kind == "string_pattern_mismatch":
        return f"must match the pattern {context.get('pattern')}"
    return _kind_message(kind, value, foreign=foreign)


def _kind_message(kind: str, value: Any, *, foreign: bool) -> str:
    word = kind.replace("time_delta", "timedelta").partition("_")[0]
    text = _KINDS.get(word, "does not fit here: see the documentation of this key")
    if foreign:
        return text.partition(":")[0] + _IN_A_VARIABLE.get(text, "")
    if value is None:
        return f"{text.partition(':')[0]}: nothing stands here, so write a value or delete the key"
    if text == _TEXT and isinstance(value, bool | int | float):
        return f"{_TEXT}: put it in quotes"
    if text in (_WHOLE, _NUMBER) and isinstance(value, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value[:40]):
        return f"{text}: take the quotes away"
    return text


def _own_words(text: str) -> str:
    """A plugin author's own message, in one line that fits a terminal."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line[:300] if line else "does not fit here"


def _choices(expected: str) -> list[str]:
    """The alternatives in pydantic's ``'a', 'b' or 3``."""
    return [part.strip().strip("'\"") for part in re.split(r", | or ", expected)] or ["another value"]


def _figure(bound: Any) -> str:
    return f"{bound:g}" if isinstance(bound, float) else str(bound)
