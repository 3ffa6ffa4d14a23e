"""The tables.  SQLAlchemy Core: rows go in and out as they are, nothing is mapped."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Integer, LargeBinary, MetaData, String, Table, Text, text

SCHEMA = 5
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
    # Since schema 4; older rows have nothing there.
    Column("place", String(120)),  # "room:NAME", "channel:NAME", or empty
    Column("heard", Text),  # who heard it, as a JSON list of keys
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
    # Since schema 5; older rows have nothing there.
    Column("player", String(80)),  # the key of who asked: the login id where the MUD shows it, else the name
    Column("character", String(80)),
    Column("place", String(120)),  # the room's name, where it is a picture of one
    Column("subject", String(64)),  # the same for the same thing to draw: hash of session, room or words, and style
    Column("style", String(80)),
    Column("words", Text),  # what the player asked for, as it was said
    Column("parent", String(16)),  # the picture that this one is an edit or a variation of
    Column("private", Boolean),  # asked for in private: it has a link, and stands in no gallery
    Column("pinned", Boolean),
    Column("model", String(80)),
    Column("width", Integer),  # pixels
    Column("height", Integer),
    Column("size", Integer),  # bytes of the file
    Index("pictures_by_time", "at"),
    Index("pictures_by_subject", "subject", "at"),
    Index("pictures_by_file", "file", "size"),
    # Of the public pages: everything in order, and by what they may be chosen by.
    Index("pictures_public", "at", "id", sqlite_where=text("private IS 0")),
    Index("pictures_public_by_session", "session", "at", "id", sqlite_where=text("private IS 0")),
    Index("pictures_public_by_place", "place", "at", "id", sqlite_where=text("private IS 0")),
    Index("pictures_public_by_speaker", "speaker", "at", "id", sqlite_where=text("private IS 0")),
)

# Of a deleted picture its id alone stays: its link was said, and shall say that it is gone.
gone = Table("gone", metadata, Column("id", String(16), primary_key=True), Column("at", Float, nullable=False))

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
    # Since schema 5; older rows have nothing there.
    Column("reviewed", Float),  # when an owner looked at it
    Column("verdict", String(20)),  # allow, block or mute: what the owner said of it
    Index("decisions_by_time", "at"),
    Index("decisions_by_review", "reviewed", "id"),
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

# -- what plugins keep (since schema 3) --------------------------------------------------------------------------------

kept = Table(
    "kept",
    metadata,
    Column("plugin", String(80), primary_key=True),
    Column("session", String(80), primary_key=True),  # empty for what all sessions share
    Column("key", String(200), primary_key=True),
    Column("at", Float, nullable=False),
    Column("value", Text, nullable=False),  # JSON
)

kept_rows = Table(
    "kept_rows",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plugin", String(80), nullable=False),
    Column("session", String(80), nullable=False),
    Column("table", String(80), nullable=False),
    Column("at", Float, nullable=False),
    Column("data", Text, nullable=False),  # JSON, an object
    Index("kept_rows_by_table", "plugin", "session", "table", "id"),
)

# Kept beside them, because to count a hundred thousand values at every new one takes longer than to write it.
kept_sizes = Table(
    "kept_sizes",
    metadata,
    Column("plugin", String(80), primary_key=True),
    Column("entries", Integer, nullable=False),
    Column("size", Integer, nullable=False),  # bytes of JSON
)

# -- what characters remember, besides turns (since schema 4) ----------------------------------------------------------

facts = Table(
    "facts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),  # when it was told last
    Column("character", String(80), nullable=False),
    Column("speaker", String(80), nullable=False),  # whose words they are
    Column("name", String(80), nullable=False),
    Column("private", Boolean, nullable=False),
    Column("place", String(120), nullable=False),
    Column("heard", Text, nullable=False),  # who heard it, as a JSON list of keys
    Column("text", Text, nullable=False),
    Column("source", String(10), nullable=False),  # said, remember, or model
    Column("importance", Float, nullable=False),
    Column("model", String(120)),  # that made the vector
    Column("vector", LargeBinary),  # little-endian 16-bit floats
    Index("facts_by_speaker", "character", "speaker", "id"),
    sqlite_autoincrement=True,  # a number never comes again: what is kept in memory would take one for another
)

# Who may hear of a fact again: whoever heard it, or all on its channel.
hearers = Table(
    "hearers",
    metadata,
    Column("character", String(80), primary_key=True),
    Column("hearer", String(120), primary_key=True),
    Column("fact", Integer, primary_key=True),
    Index("hearers_by_fact", "fact"),
)

summaries = Table(
    "summaries",
    metadata,
    Column("character", String(80), primary_key=True),
    Column("speaker", String(80), primary_key=True),
    Column("scope", String(120), primary_key=True),  # "private", "room" or "channel:NAME"
    Column("at", Float, nullable=False),
    Column("since", Float, nullable=False),  # when the oldest was said that may be in it
    Column("text", Text, nullable=False),
)

# -- what owners look at (since schema 5) ------------------------------------------------------------------------------

logged = Table(
    "logged",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("level", Integer, nullable=False),  # as of the logging module: 20 is info, 30 a warning
    Column("logger", String(120), nullable=False),
    Column("session", String(80), nullable=False),  # empty where it is about none
    Column("text", Text, nullable=False),
    Index("logged_by_level", "level", "id"),
)
