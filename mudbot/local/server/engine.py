"""The language model's life inside of the server: opened when its file is there, loaded in the background, kept."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from mudbot.clock import Clock
from mudbot.errors import LocalError, ModelMissingError
from mudbot.local.answers import Answers
from mudbot.local.llm import TextModel

log = logging.getLogger(__name__)

RETRY_SECONDS = 10.0
"""A model that cannot be loaded is not tried again sooner: each try reads the file and takes a core for seconds."""


class Engine:
    """Gives the loaded model, and says why there is none.

    A missing file is looked for at each request, so that a model fetched later is used without a restart.
    """

    def __init__(self, open_model: Callable[[], TextModel], clock: Clock) -> None:
        self._open, self._clock = open_model, clock
        self._model: TextModel | None = None
        self._failure: LocalError | None = None
        self._failed_at = 0.0
        self._background: asyncio.Task[None] | None = None
        self._ready = self._closed = False

    def __repr__(self) -> str:
        return f"<Engine {self.name or 'no model'}: {self.state}>"

    @property
    def state(self) -> str:
        """``ready``, ``loading``, ``idle`` (not asked for yet), or what is wrong."""
        if self._ready:
            return "ready"
        return str(self._failure) if self._failure else "loading" if self._model else "idle"

    @property
    def name(self) -> str | None:
        """What the model is called; None while there is none."""
        return self._model.name if self._model else None

    def start(self) -> None:
        """Begin to load, in the background."""
        self._background = asyncio.create_task(self._load_quietly(), name="mudbot-local-load")

    async def answers(self) -> Answers:
        """The text endpoints over the loaded model; waits for the load.  Raises ModelMissingError, LocalError."""
        model = self._opened()
        try:
            await model.load()
        except LocalError as error:
            await self._fail(model, error)
            raise
        self._ready = True
        return Answers(model, self._clock)

    def _opened(self) -> TextModel:
        if self._closed:
            raise LocalError("the embedded server is stopping")
        if self._model is None:
            if self._failure is not None and self._clock.now() - self._failed_at < RETRY_SECONDS:
                raise type(self._failure)(str(self._failure))
            try:
                self._model = self._open()
            except ModelMissingError as error:
                self._failure, self._failed_at = error, float("-inf")
                raise
            self._failure = None
        return self._model

    async def _fail(self, model: TextModel, error: LocalError) -> None:
        if self._model is model:  # the first of all who waited for it
            self._model, self._failure, self._failed_at = None, error, self._clock.now()
            if not self._closed:
                log.error("%s", error)
            await model.close()

    async def _load_quietly(self) -> None:
        try:
            await self.answers()
        except ModelMissingError as error:
            log.warning("%s", error)
        except LocalError:
            pass  # logged where it was noted

    async def close(self) -> None:
        """Stop what runs, unload."""
        self._closed = True
        if self._background is not None:
            self._background.cancel()
            await asyncio.wait([self._background])
        if self._model is not None:
            await self._model.close()
        self._model, self._ready = None, False
