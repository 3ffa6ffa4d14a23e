"""Schema 1: what was said, pictures, what reviewers decided, calls of the API."""

from __future__ import annotations

from alembic.operations import Operations
from sqlalchemy import Boolean, Column, Float, Integer, String, Text

revision = "1"
down_revision = None


def upgrade(op: Operations) -> None:
    """Make the tables."""
    op.create_table(
        "turns",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("character", String(80), nullable=False),
        Column("speaker", String(80), nullable=False),
        Column("private", Boolean, nullable=False),
        Column("name", String(80), nullable=False),
        Column("text", Text, nullable=False),
        Column("own", Boolean, nullable=False),
    )
    op.create_index("turns_by_speaker", "turns", ["character", "speaker", "private", "id"])
    op.create_table(
        "pictures",
        Column("id", String(16), primary_key=True),
        Column("at", Float, nullable=False),
        Column("session", String(80), nullable=False),
        Column("speaker", String(80), nullable=False),
        Column("prompt", Text, nullable=False),
        Column("caption", Text, nullable=False),
        Column("file", String(80), nullable=False),
        Column("type", String(40), nullable=False),
    )
    op.create_table(
        "decisions",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("session", String(80), nullable=False),
        Column("speaker", String(80), nullable=False),
        Column("source", String(10), nullable=False),
        Column("reason", Text, nullable=False),
        Column("text", Text, nullable=False),
    )
    op.create_table(
        "calls",
        Column("id", Integer, primary_key=True),
        Column("at", Float, nullable=False),
        Column("endpoint", String(80), nullable=False),
        Column("model", String(80), nullable=False),
        Column("outcome", String(40), nullable=False),
        Column("prompt_tokens", Integer, nullable=False),
        Column("completion_tokens", Integer, nullable=False),
        Column("waited", Float, nullable=False),
        Column("latency", Float, nullable=False),
    )
