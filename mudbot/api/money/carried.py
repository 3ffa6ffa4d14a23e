"""What was spent stays spent where older books are restored: budgets must not begin anew."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import closing
from pathlib import Path

log = logging.getLogger("mudbot.api")

BOOKS = "spending.sqlite3"
"""The file's name in a store."""

_SPENDING = """
INSERT INTO main.spending SELECT * FROM older.spending WHERE true
ON CONFLICT (account, scope, name, period) DO UPDATE SET nano = max(nano, excluded.nano)
"""
_DAY = "SELECT max(day) FROM (SELECT day FROM main.clock UNION ALL SELECT day FROM older.clock)"


def carry_over(older: Path, restored: Path) -> None:
    """Have the books *restored*, which may be missing, know of all that *older* knows: the larger sum each time.

    What was spent between a backup and now would be forgotten otherwise, and could be spent once more.  Books that
    cannot be read any more are passed over, with a warning.
    """
    had_books = restored.exists()
    try:
        with closing(sqlite3.connect(restored, isolation_level=None)) as books:
            if had_books:
                _add(books, older)
            else:
                with closing(sqlite3.connect(older)) as source:
                    source.backup(books)
    except sqlite3.Error as exc:
        if not had_books:
            restored.unlink(missing_ok=True)
        log.warning("%s: %s; what was spent since the backup is not known, and budgets do not count it", older, exc)


def _add(books: sqlite3.Connection, older: Path) -> None:
    books.execute("ATTACH ? AS older", (str(older),))
    books.execute("BEGIN IMMEDIATE")
    books.execute(_SPENDING)
    (day,) = books.execute(_DAY).fetchone()
    books.execute("DELETE FROM main.clock")
    if day is not None:
        books.execute("INSERT INTO main.clock VALUES (?)", (day,))
    books.execute("COMMIT")
