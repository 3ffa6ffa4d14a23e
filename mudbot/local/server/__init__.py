"""The embedded OpenAI-compatible server: text from the local language model, pictures, embeddings and moderation."""

from __future__ import annotations

from mudbot.local.server.filestore import Room
from mudbot.local.server.parts import Parts
from mudbot.local.server.server import LocalServer

__all__ = ["LocalServer", "Parts", "Room"]
