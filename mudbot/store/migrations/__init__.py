"""An older database brought to the present schema, by Alembic.  Imported only where one is found: it takes a while.

The version is where it always was, in SQLite's ``user_version``, and each revision in ``versions`` is named by the
schema that it leads to.  So a database of the present schema is opened without Alembic, and there is one truth.

A revision is never changed once it was released, and takes nothing from ``mudbot.store.tables``, which goes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Column, Connection

__all__ = ["add_columns", "add_index", "migrate"]


def migrate(connection: Connection, found: int, wanted: int) -> None:
    """Bring the database behind *connection* from schema *found* to *wanted*; 0 is an empty one.

    All of it in the transaction that the caller began, which makes it all or nothing.
    """
    scripts = ScriptDirectory(str(Path(__file__).parent))
    newest_first = scripts.iterate_revisions(str(wanted), str(found) if found else "base")
    op = Operations(MigrationContext.configure(connection))  # not Alembic's own `op`, which is one for all threads
    for revision in reversed(list(newest_first)):
        revision.module.upgrade(op)


def add_columns(op: Operations, table: str, *columns: Column[Any]) -> None:
    """Give *table* those of *columns* that it has not; a table that is not there is made later, in its newest form.

    Some may be there: mudbot before 0.1 did not migrate in one transaction, and may have been killed in the middle.
    """
    known = _columns_of(op, table)
    for column in columns:
        if known and column.name not in known:
            op.add_column(table, column)


def add_index(op: Operations, name: str, table: str, columns: Sequence[str], **more: Any) -> None:
    """Give *table* an index, if there is such a table and it has none of that name."""
    if _columns_of(op, table):
        op.create_index(name, table, columns, if_not_exists=True, **more)


def _columns_of(op: Operations, table: str) -> set[str]:
    rows = op.get_bind().exec_driver_sql(f"PRAGMA table_info({table})")
    return {row[1] for row in rows}
