"""Full-text search of what was said, in every language: functions of a connection, for ``Store.change`` and ``browse``.

SQLite's FTS5 takes a run of Chinese characters for one word, and its trigrams find no word of two.  So each character
of a script without spaces is indexed as a word of its own, and what stands together in a question must stand together
in the text: 老陈 finds 老陈 and nothing else.

The index is brought up to date by whoever searches, a batch at a time, and costs nobody else anything; what is deleted
leaves it at once.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, column, select, text

from mudbot.errors import StoreError
from mudbot.store.tables import turns

if TYPE_CHECKING:
    from mudbot.store.store import Store

BATCH = 2000
"""Turns that are indexed in one transaction: about 30 ms, in which the store does nothing else."""
BATCHES = 25
"""Of them for one search; the next goes on."""
MOST_WORDS = 12
"""Words of a question that count: more narrow nothing down, and each is looked up by itself."""

# Scripts that write no spaces between words: Chinese, kana, and hangul, whose words carry endings.
_LETTER = re.compile(
    "[\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"\w")
_SCHEMA = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS turns_words USING fts5(words, tokenize = 'unicode61 remove_diacritics 2')",
    """CREATE TRIGGER IF NOT EXISTS turns_words_gone AFTER DELETE ON turns
    BEGIN DELETE FROM turns_words WHERE rowid = old.id; END""",
)


def spaced(words: str) -> str:
    """*words* as they are indexed: full-width letters made plain, a space around each character that is a word."""
    return _LETTER.sub(r" \g<0> ", unicodedata.normalize("NFKC", words))


def question(words: str) -> str:
    """*words*, as somebody types them, in the language of FTS5; empty where there is nothing to look for.

    All of them must be in a text; of a word in letters its beginning is enough.  Nothing in it is an operator.
    """
    found = []
    for term in unicodedata.normalize("NFKC", words).replace("\0", "").split()[:MOST_WORDS]:
        if _WORD.search(term):
            quoted = " ".join(spaced(term).replace('"', " ").split())
            found.append(f'"{quoted}"' if _LETTER.fullmatch(quoted[-1]) else f'"{quoted}"*')
    return " AND ".join(found)


async def catch_up(store: Store) -> bool:
    """Index what was said since the last search, within bounds; whether all of it is.  Raises StoreError."""
    for _ in range(BATCHES):
        if not await store.change(_index):
            return True
    return False


def _index(connection: Connection) -> bool:
    """Index one batch; whether there may be more."""
    known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = 'turns_words'").first()
    if known is None:
        if connection.exec_driver_sql("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").first() is None:
            raise StoreError("this Python's SQLite was built without full-text search (FTS5): use one that has it")
        for statement in _SCHEMA:
            connection.exec_driver_sql(statement)
    last = connection.exec_driver_sql("SELECT rowid FROM turns_words ORDER BY rowid DESC LIMIT 1").scalar() or 0
    late = select(turns.c.id, turns.c.text).where(turns.c.id > last).order_by(turns.c.id).limit(BATCH)
    rows = [{"rowid": row.id, "words": spaced(row.text)} for row in connection.execute(late)]
    if rows:
        connection.execute(text("INSERT INTO turns_words (rowid, words) VALUES (:rowid, :words)"), rows)
    return len(rows) == BATCH


def said(
    connection: Connection,
    words: str,
    *,
    character: str = "",
    speakers: Sequence[str] = (),
    before: int = 0,
    limit: int = 50,
) -> Sequence[Any]:
    """The newest *limit* turns in which *words* stand, whole rows, the newest first; with *before*, those before it.

    Only in the talk of *character* or with *speakers*, where they are given.
    """
    if not (asked := question(words)):
        return []
    index = text("SELECT rowid FROM turns_words WHERE turns_words MATCH :asked").bindparams(asked=asked)
    hits = index.columns(column("rowid")).cte("hits")
    found = select(turns).join(hits, hits.c.rowid == turns.c.id)
    if before:
        found = found.where(turns.c.id < before)
    if character:
        found = found.where(turns.c.character == character)
    if speakers:
        found = found.where(turns.c.speaker.in_(speakers))
    return connection.execute(found.order_by(turns.c.id.desc()).limit(limit)).all()
