"""Answers about what the server keeps: models, engines, files."""

from __future__ import annotations

from typing import Any

from mudbot.api.types.base import Answer, Item, Listing, Maybe, Text, Time


class Deleted(Answer):
    """What is gone."""

    id: str
    object: Text = ""
    deleted: bool


class Model(Item):
    """A model that the server offers."""

    id: str
    owned_by: Text = ""
    created: Time = None


class Models(Listing[Model]):
    """An answer of ``GET /models``."""


class Engine(Item):
    """A model, as it was called until 2022."""

    id: str
    owner: Text = ""
    ready: bool | None = None
    created: Time = None


class Engines(Listing[Engine]):
    """An answer of ``GET /engines``."""


class File(Item):
    """What the server knows of a file."""

    id: str
    filename: Text = ""
    purpose: Text = ""
    bytes: int | None = None
    created_at: Time = None
    expires_at: Time = None
    status: Maybe[str] = None
    """``uploaded``, ``processed`` or ``error``."""
    status_details: Any = None


class Files(Listing[File]):
    """An answer of ``GET /files``."""
