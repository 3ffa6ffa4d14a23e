"""The server itself: start, address, stop."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Self

from aiohttp import web

from mudbot.errors import LocalError
from mudbot.local.server.contract import ContractModel, small
from mudbot.local.server.diary import Diary
from mudbot.local.server.diary import log as diary_log
from mudbot.local.server.engine import Engine
from mudbot.local.server.filestore import Room
from mudbot.local.server.guard import guard, is_loopback
from mudbot.local.server.handlers import Handlers
from mudbot.local.server.images import PICTURE_PATH
from mudbot.local.server.parts import Parts
from mudbot.local.server.pictures import Pictures
from mudbot.local.server.problems import explain
from mudbot.local.server.rates import rates, tell, timed
from mudbot.local.server.workshop import Workshop

log = logging.getLogger(__name__)

BODY_LIMIT = 1 << 20
"""Bytes of a request: chats are kilobytes, and what is larger would be held in memory and tokenized."""
_FAREWELL = 0.5
"""Seconds that open requests get when the server stops; aiohttp may take them twice."""


class LocalServer:
    """OpenAI's API over the language model *model* (``auto``, ``1.5b``, ``0.5b``, ``smollm2``), painter and filter.

    It listens on *host* and *port* (0: any free one); with an *api_key* requests must carry it.  *data* is a folder
    for what should outlive it (painted pictures, files, fine-tuning jobs); without one it goes with the server.  Where
    the model's file is missing everything but text works, and text answers 503 with what to run.  *rpm* and *tpm* are
    real limits of requests and tokens a minute.  With *contract* it answers any request of the API's shape, makes up
    what is asked for by an unknown id, and says one sentence as text: for tests of clients only.  *room* bounds the
    files that are kept.  With *diary* each request is a line of the log.
    """

    def __init__(  # noqa: PLR0913 - what the owner may set, each with a default
        self,
        *,
        model: str = "auto",
        host: str = "127.0.0.1",
        port: int = 0,
        api_key: str | None = None,
        data: Path | None = None,
        rpm: float | None = None,
        tpm: float | None = None,
        contract: bool = False,
        room: Room | None = None,
        diary: bool = False,
        parts: Parts | None = None,
    ) -> None:
        self._parts = parts or Parts()
        if contract:
            self._parts = replace(self._parts, paint=small(self._parts.paint))
        self._host, self._port = host, port
        text = ContractModel if contract else partial(self._parts.text, model)
        self._engine = Engine(text, self._parts.clock)
        pictures = Pictures(data / "images" if data else None)
        self._handlers = Handlers(Workshop(self._engine, self._parts, pictures, contract=contract), data, room)
        self._diary = diary
        self._rates = rates(rpm, tpm, self._parts.clock)
        self._keyed = bool(api_key)
        self._guard = guard(api_key, host, PICTURE_PATH)
        self._runner: web.AppRunner | None = None

    def __repr__(self) -> str:
        where = self.base_url if self._runner is not None else "not listening"
        return f"<LocalServer {where}, text: {self._engine.state}>"

    @property
    def base_url(self) -> str:
        """For clients, for example ``http://127.0.0.1:8080/v1``.  Raises LocalError before ``start``."""
        if self._runner is None or not self._runner.addresses:
            raise LocalError("the embedded server does not listen: await start() first")
        host, port = self._runner.addresses[0][:2]
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 -- "everywhere" is no address to ask
        return f"http://[{host}]:{port}/v1" if ":" in host else f"http://{host}:{port}/v1"

    @property
    def text_state(self) -> str:
        """Of the language model: ``ready``, ``loading``, ``idle``, or what is wrong and what to do about it."""
        return self._engine.state

    async def start(self, *, load: bool = True) -> None:
        """Listen; with *load* the language model begins to load in the background, else with the first request.

        Raises LocalError when the address cannot be used.
        """
        application = web.Application(
            client_max_size=BODY_LIMIT, middlewares=[timed, explain, self._guard, self._rates]
        )
        application.on_response_prepare.append(tell)
        application.add_routes(self._handlers.routes())
        # With handler_cancellation a client who hangs up cancels the handler, and that stops the model.
        runner = web.AppRunner(
            application,
            access_log_class=Diary,
            access_log=diary_log if self._diary else None,
            handle_signals=False,
            handler_cancellation=True,
            shutdown_timeout=_FAREWELL,
        )
        await runner.setup()
        try:
            await web.TCPSite(runner, self._host, self._port).start()
        except OSError as error:
            await runner.cleanup()
            raise LocalError(
                f"the embedded server cannot listen on {self._host}:{self._port} ({error.strerror}): "
                "choose another port, or 0 for any free one"
            ) from error
        self._runner = runner
        await self._handlers.start()
        if not (self._keyed or is_loopback(self._host)):
            log.warning("the embedded server on %s is open to all who reach it: give it an api_key", self._host)
        if load:
            self._engine.start()

    async def warm(self, prompt: str | Sequence[Mapping[str, Any]]) -> None:
        """Read *prompt* (a completion's text, or a chat's messages) ahead of the first request that begins like it.

        Waits until that is done (about 10 s for 300 tokens of the 1.5B model).  Raises ModelMissingError, LocalError,
        ApiError.
        """
        answers = await self._engine.answers()
        if isinstance(prompt, str):
            await answers.complete({"prompt": prompt, "max_tokens": 1})
        else:
            await answers.chat({"messages": list(prompt), "max_tokens": 1})

    async def close(self) -> None:
        """Stop listening, end what runs, unload the model.  May be called twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await self._engine.close()
            await self._handlers.close()
            await runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()
