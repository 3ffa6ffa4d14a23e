"""All rows of the API, resource by resource."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from aiohttp import web

from mudbot.local.server.edits import EditRows
from mudbot.local.server.files import FileRows
from mudbot.local.server.filestore import FileStore, Room
from mudbot.local.server.images import ImageRows
from mudbot.local.server.jobstore import JobStore
from mudbot.local.server.models import ModelRows
from mudbot.local.server.storage import Storage
from mudbot.local.server.text import TextRows
from mudbot.local.server.trainer import Trainer
from mudbot.local.server.tunes import TuneRows
from mudbot.local.server.vectors import VectorRows
from mudbot.local.server.workshop import Workshop


class _Rows(Protocol):
    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""


class Handlers:
    """The rows over one workshop; files and jobs in the folder *data*, or without one in a temporary folder."""

    def __init__(self, shop: Workshop, data: Path | None = None, room: Room | None = None) -> None:
        self._shop = shop
        self._storage = Storage(data)
        files = FileStore(self._storage, shop.parts.clock, room or Room())
        jobs = JobStore(self._storage, shop.parts.clock)
        self._trainer = Trainer(jobs, files)
        self._lasts = data is not None
        self._rows: list[_Rows] = [
            *(ModelRows(shop), TextRows(shop), EditRows(shop), VectorRows(shop), ImageRows(shop)),
            *(FileRows(shop, files), TuneRows(shop, jobs, files, self._trainer)),
        ]

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [route for rows in self._rows for route in rows.routes()]

    async def start(self) -> None:
        """Go on with what an earlier server left unfinished."""
        if self._lasts:
            await self._trainer.resume()

    async def close(self) -> None:
        """Drop what waits."""
        await self._trainer.close()
        self._shop.close()
        self._storage.close()
