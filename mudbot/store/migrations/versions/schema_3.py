"""Schema 3: what plugins keep."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Column, Float, Integer, String, Text

from mudbot.store.migrations import add_index

revision = "3"
down_revision = "2"


def upgrade(op: Operations) -> None:
    """Values, rows, and how much there is of both."""
    op.create_table(
        "kept",
        Column("plugin", String(80), primary_key=True),
        Column("session", String(80), primary_key=True),
        Column("key", String(200), primary_key=True),
        Column("at", Float, nullable=False),
        Column("value", Text, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "kept_rows",
        Column("id", Integer, primary_key=True),
        Column("plugin", String(80), nullable=False),
        Column("session", String(80), nullable=False),
        Column("table", String(80), nullable=False),
        Column("at", Float, nullable=False),
        Column("data", Text, nullable=False),
        if_not_exists=True,
    )
    add_index(op, "kept_rows_by_table", "kept_rows", ["plugin", "session", "table", "id"])
    op.create_table(
        "kept_sizes",
        Column("plugin", String(80), primary_key=True),
        Column("entries", Integer, nullable=False),
        Column("size", Integer, nullable=False),
        if_not_exists=True,
    )
