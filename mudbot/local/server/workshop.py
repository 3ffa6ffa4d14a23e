"""What every row of the API works with: the parts, and the lanes in which heavy work waits its turn."""

from __future__ import annotations

from mudbot.local.server.engine import Engine
from mudbot.local.server.lane import Lane
from mudbot.local.server.parts import Embeds, Judges, Parts
from mudbot.local.server.pictures import Pictures


class Workshop:
    """One server's engine, parts and stores.  Heavy work runs in a lane, never on the event loop."""

    def __init__(self, engine: Engine, parts: Parts, pictures: Pictures, *, contract: bool = False) -> None:
        self.engine, self.parts, self.pictures, self.contract = engine, parts, pictures, contract
        # Lanes of their own, so that ten pictures of a second each do not hold up a moderation of twenty milliseconds,
        # nor a file of 512 MiB either.
        self.painting = Lane("painter", queue=16)
        self.reading = Lane("embedder", queue=128)
        self.writing = Lane("files", queue=128)
        self._started = int(parts.clock.wall())
        self._embedder: Embeds | None = None
        self._filter: Judges | None = None

    def __repr__(self) -> str:
        return f"<Workshop {self.engine!r} {self.painting!r} {self.reading!r} {self.writing!r}>"

    @property
    def started(self) -> int:
        """When the server was made, in seconds since 1970: the models' ``created``."""
        return self._started

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.parts.clock.wall())

    def embedder(self) -> Embeds:
        """The embedder, made at its first use.  Only in the reading lane."""
        if self._embedder is None:
            self._embedder = self.parts.embedder()
        return self._embedder

    def filter(self) -> Judges:
        """The filter, made at its first use.  Only in the reading lane."""
        if self._filter is None:
            self._filter = self.parts.judge(self.embedder())
        return self._filter

    def close(self) -> None:
        """Drop what waits."""
        for lane in (self.painting, self.reading, self.writing):
            lane.close()
