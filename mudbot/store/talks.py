"""Who talked with which character, for whoever looks through it.  Functions of a connection, for ``Store.browse``.

Millions of turns are counted by nobody: who there is comes from the index, a step for each speaker, and only what is
shown is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, text

from mudbot.store.tables import turns

PAGE = 50
"""Speakers, or turns, on a page."""
MOST = 10_000
"""Turns that are counted of one speaker."""


@dataclass(frozen=True, slots=True)
class Talker:
    """Somebody who talked with a character."""

    character: str
    """``SESSION/NAME``."""
    speaker: str
    """The key under which it is kept: the login id where the MUD shows it, else the name."""
    name: str
    """What it was called last."""
    last: float
    """When the last of it was said, in seconds since 1970."""
    turns: int
    """How many, of both; MOST stands for more."""


_CHARACTERS = """
WITH RECURSIVE each(value) AS (
    SELECT min(character) FROM turns
    UNION ALL
    SELECT (SELECT min(character) FROM turns WHERE character > each.value) FROM each WHERE value IS NOT NULL
)
SELECT value FROM each WHERE value IS NOT NULL
"""
_SPEAKERS = """
WITH RECURSIVE each(value) AS (
    SELECT min(speaker) FROM turns WHERE character = :character
    UNION ALL
    SELECT (SELECT min(speaker) FROM turns WHERE character = :character AND speaker > each.value)
    FROM each WHERE value IS NOT NULL
)
SELECT value, max(
    coalesce((SELECT max(id) FROM turns WHERE character = :character AND speaker = value AND private = 0), 0),
    coalesce((SELECT max(id) FROM turns WHERE character = :character AND speaker = value AND private = 1), 0)
) AS last
FROM each WHERE value IS NOT NULL AND (:like = '' OR value LIKE :like ESCAPE '\\')
"""
# One statement for all of it: there are fifty of them on a page.
_TALKER = text("""
SELECT
    (SELECT at FROM turns WHERE id = :last),
    (SELECT name FROM turns WHERE character = :character AND speaker = :speaker AND private = 0 AND own = 0
     ORDER BY id DESC LIMIT 1),
    (SELECT name FROM turns WHERE character = :character AND speaker = :speaker AND private = 1 AND own = 0
     ORDER BY id DESC LIMIT 1),
    (SELECT count(*) FROM (SELECT 1 FROM turns WHERE character = :character AND speaker = :speaker LIMIT :most))
""")


def characters(connection: Connection) -> list[str]:
    """Every character that was talked with, as ``SESSION/NAME``, in order."""
    return list(connection.execute(text(_CHARACTERS)).scalars())


def talkers(connection: Connection, *, character: str = "", who: str = "", skip: int = 0) -> list[Talker]:
    """A page of those who talked with *character*, or with any, who talked last first; one more where there are more.

    With *who* those in whose key that stands.
    """
    like = f"%{_literal(who.casefold())}%" if who.strip() else ""
    found: list[tuple[int, str, str]] = []
    for name in [character] if character else characters(connection):
        for speaker, last in connection.execute(text(_SPEAKERS), {"character": name, "like": like}):
            found.append((last, name, speaker))
    found.sort(reverse=True)
    return [_talker(connection, *each) for each in found[skip : skip + PAGE + 1]]


def _talker(connection: Connection, last: int, character: str, speaker: str) -> Talker:
    values = {"last": last, "character": character, "speaker": speaker, "most": MOST}
    at, name, private_name, count = connection.execute(_TALKER, values).one()
    return Talker(character, speaker, name or private_name or speaker, at, count)


def talk(connection: Connection, character: str, speaker: str, *, before: int = 0) -> Sequence[Any]:
    """A page of what was said between the two, whole rows, the newest first; one more where there are more.

    With *before*, older than that one.
    """
    found = select(turns).where(turns.c.character == character, turns.c.speaker == speaker)
    if before:
        found = found.where(turns.c.id < before)
    return connection.execute(found.order_by(turns.c.id.desc()).limit(PAGE + 1)).all()


def past(connection: Connection, character: str, speaker: str, turn: int) -> int:
    """Before which turn a page of ``talk`` has *turn* in its middle; 0 where that is the newest page."""
    found = select(turns.c.id).where(turns.c.character == character, turns.c.speaker == speaker, turns.c.id > turn)
    return connection.execute(found.order_by(turns.c.id).offset(PAGE // 2).limit(1)).scalar() or 0


def _literal(words: str) -> str:
    """*words* without what LIKE takes for a sign."""
    return words.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
