"""Schema 4: where a turn was said and who heard it; facts, who may hear of them again, summaries."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, Integer, LargeBinary, String, Text

from mudbot.store.migrations import add_columns, add_index

revision = "4"
down_revision = "3"


def upgrade(op: Operations) -> None:
    """Older turns have nothing there."""
    add_columns(op, "turns", Column("place", String(120)), Column("heard", Text))
    op.create_table(
        "facts",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("character", String(80), nullable=False),
        Column("speaker", String(80), nullable=False),
        Column("name", String(80), nullable=False),
        Column("private", Boolean, nullable=False),
        Column("place", String(120), nullable=False),
        Column("heard", Text, nullable=False),
        Column("text", Text, nullable=False),
        Column("source", String(10), nullable=False),
        Column("importance", Float, nullable=False),
        Column("model", String(120)),
        Column("vector", LargeBinary),
        sqlite_autoincrement=True,
        if_not_exists=True,
    )
    add_index(op, "facts_by_speaker", "facts", ["character", "speaker", "id"])
    op.create_table(
        "hearers",
        Column("character", String(80), primary_key=True),
        Column("hearer", String(120), primary_key=True),
        Column("fact", Integer, primary_key=True),
        if_not_exists=True,
    )
    add_index(op, "hearers_by_fact", "hearers", ["fact"])
    op.create_table(
        "summaries",
        Column("character", String(80), primary_key=True),
        Column("speaker", String(80), primary_key=True),
        Column("scope", String(120), primary_key=True),
        Column("at", Float, nullable=False),
        Column("since", Float, nullable=False),
        Column("text", Text, nullable=False),
        if_not_exists=True,
    )
