"""What a plugin wants kept, as JSON: all else is refused with its place, not quietly turned into something."""

from __future__ import annotations

import json
import math
from typing import Any

from mudbot.errors import StoreError

MAX_VALUE = 1_000_000
"""Bytes of one value as JSON; ``mudbot.store.kept`` keeps to the same."""
MAX_DEPTH = 100
"""Lists within lists: deeper ones are a value that holds itself."""

Way = tuple[Any, ...]
"""The way to a part of a value, from the inside out: ``(key, way of what holds it)``.  Written out in messages only."""


def encode(value: Any, what: str) -> str:
    """*value* as JSON.  Raises StoreError, which calls it *what*, where JSON cannot hold it or it is too large."""
    _check(value, what, (), 0)
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:  # a number of more than 4,300 digits
        raise StoreError(f"{what} holds a number of thousands of digits: keep it as text") from None
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # half a character, as broken text has: JSON can write it, UTF-8 cannot
        text = json.dumps(value, allow_nan=False, separators=(",", ":"))
        size = len(text)
    if size > MAX_VALUE:
        raise StoreError(f"{what} has {size:,} bytes as JSON; at most {MAX_VALUE:,} are kept: keep it in parts")
    return text


def _check(value: Any, what: str, way: Way, depth: int) -> None:
    if value is None or isinstance(value, str | int):
        return
    if isinstance(value, float):
        if not math.isfinite(value):
            raise StoreError(f"{_place(what, way)} is {value}, which JSON has not: keep None instead")
        return
    if depth > MAX_DEPTH:
        raise StoreError(f"{what} goes deeper than {MAX_DEPTH} levels: does it hold itself?")
    if isinstance(value, list | tuple):
        for index, item in enumerate(value):
            _check(item, what, (index, way), depth + 1)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                place = _place(what, way)
                raise StoreError(f"{place} has the key {key!r}, and JSON has texts as keys only: write str(key)")
            _check(item, what, (key, way), depth + 1)
    else:
        kind, place = type(value).__name__, _place(what, way)
        raise StoreError(f"{place} is a {kind}, which JSON has not: keep texts, numbers, lists, dicts, or use a table")


def _place(what: str, way: Way) -> str:
    parts = []
    while way:
        part, way = way
        parts.append(f"[{part[:40] if isinstance(part, str) else part!r}]")
    return what + "".join(reversed(parts))
