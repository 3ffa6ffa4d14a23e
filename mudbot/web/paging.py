"""What pages are asked for, read with bounds; and where in a text it stands."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from aiohttp import web

T = TypeVar("T", bound=str)

MOST = 2**62
"""SQLite's integers end soon behind it."""
WORDS = 12
"""Words that are marked."""


def number_of(request: web.Request, name: str) -> int:
    """The whole number above 0 of the query's *name*; 0 where there is none."""
    given = request.query.get(name, "")
    return min(int(given), MOST) if re.fullmatch("[0-9]{1,19}", given) else 0


def choice(given: str, options: Iterable[T], default: T) -> T:
    """That of *options* which was given, else *default*."""
    return next((each for each in options if each == given), default)


def marked(text: str, words: str) -> Sequence[tuple[str, bool]]:
    """*text* in pieces, and for each whether it is one of *words*, which were looked for."""
    terms = [re.escape(word) for word in unicodedata.normalize("NFKC", words).split()[:WORDS]]
    if not terms:
        return [(text, False)]
    pieces = re.split(f"({'|'.join(terms)})", text, flags=re.IGNORECASE)
    return [(piece, number % 2 == 1) for number, piece in enumerate(pieces) if piece]
