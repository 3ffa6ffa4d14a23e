"""Schema 2: what a call cost, and whose it was."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, Integer, String

from mudbot.store.migrations import add_columns, add_index

revision = "2"
down_revision = "1"


def upgrade(op: Operations) -> None:
    """Older calls have nothing there."""
    add_columns(
        op,
        "calls",
        Column("status", Integer),
        Column("attempts", Integer),
        Column("cached_tokens", Integer),
        Column("money", Float),
        Column("first", Float),
        Column("server", String(200)),
        Column("organization", String(120)),
        Column("session", String(80)),
        Column("plugin", String(80)),
        Column("player", String(80)),
        Column("channel", String(80)),
        Column("shared", Boolean),
    )
    add_index(op, "calls_by_time", "calls", ["at"])
