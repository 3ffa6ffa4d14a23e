"""The tables.  SQLAlchemy Core: rows go in and out as they are, nothing is mapped."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, MetaData, String, Table, Text

SCHEMA = 2
"""Version of the tables below, kept in SQLite's ``user_version``."""

metadata = MetaData()

turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("character", String(80), nullable=False),
    Column("speaker", String(80), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("name", String(80), nullable=False),
    Column("text", Text, nullable=False),
    Column("own", Boolean, nullable=False),
    Index("turns_by_speaker", "character", "speaker", "private", "id"),
)

pictures = Table(
    "pictures",
    metadata,
    Column("id", String(16), primary_key=True),
    Column("at", Float, nullable=False),
    Column("session", String(80), nullable=False),
    Column("speaker", String(80), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("caption", Text, nullable=False),
    Column("file", String(80), nullable=False),
    Column("type", String(40), nullable=False),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("session", String(80), nullable=False),
    Column("speaker", String(80), nullable=False),
    Column("source", String(10), nullable=False),
    Column("reason", Text, nullable=False),
    Column("text", Text, nullable=False),
)

calls = Table(
    "calls",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("endpoint", String(80), nullable=False),
    Column("model", String(80), nullable=False),
    Column("outcome", String(40), nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
    Column("waited", Float, nullable=False),
    Column("latency", Float, nullable=False),
    # Since schema 2; older rows have nothing there.
    Column("status", Integer),
    Column("attempts", Integer),
    Column("cached_tokens", Integer),
    Column("money", Float),  # USD; null where nobody can say
    Column("first", Float),
    Column("server", String(200)),
    Column("organization", String(120)),
    Column("session", String(80)),
    Column("plugin", String(80)),
    Column("player", String(80)),
    Column("channel", String(80)),
    Column("shared", Boolean),
    Index("calls_by_time", "at"),
)
