"""Schema 5: what a picture shows and who may see it, deleted pictures, what owners said of a decision, the log."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, Integer, String, Text, text

from mudbot.store.migrations import add_columns, add_index

revision = "5"
down_revision = "4"


def upgrade(op: Operations) -> None:
    """Older pictures and decisions have nothing there."""
    _pictures(op)
    add_columns(op, "decisions", Column("reviewed", Float), Column("verdict", String(20)))
    add_index(op, "decisions_by_time", "decisions", ["at"])
    add_index(op, "decisions_by_review", "decisions", ["reviewed", "id"])
    op.create_table(
        "gone",
        Column("id", String(16), primary_key=True),
        Column("at", Float, nullable=False),
        if_not_exists=True,
    )
    op.create_table(
        "logged",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("level", Integer, nullable=False),
        Column("logger", String(120), nullable=False),
        Column("session", String(80), nullable=False),
        Column("text", Text, nullable=False),
        if_not_exists=True,
    )
    add_index(op, "logged_by_level", "logged", ["level", "id"])


def _pictures(op: Operations) -> None:
    add_columns(
        op,
        "pictures",
        Column("player", String(80)),
        Column("character", String(80)),
        Column("place", String(120)),
        Column("subject", String(64)),
        Column("style", String(80)),
        Column("words", Text),
        Column("parent", String(16)),
        Column("private", Boolean),
        Column("pinned", Boolean),
        Column("model", String(80)),
        Column("width", Integer),
        Column("height", Integer),
        Column("size", Integer),
    )
    add_index(op, "pictures_by_time", "pictures", ["at"])
    add_index(op, "pictures_by_subject", "pictures", ["subject", "at"])
    add_index(op, "pictures_by_file", "pictures", ["file", "size"])
    public = text("private IS 0")
    add_index(op, "pictures_public", "pictures", ["at", "id"], sqlite_where=public)
    for column in ("session", "place", "speaker"):
        add_index(op, f"pictures_public_by_{column}", "pictures", [column, "at", "id"], sqlite_where=public)
