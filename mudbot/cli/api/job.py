"""One action at work: the server that it asks, and what it says there."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.printing import Printer, raw
from mudbot.cli.api.where import Where, decide
from mudbot.errors import ApiError, ConfigError, ModelMissingError

if TYPE_CHECKING:
    from mudbot.api import Api, Server
    from mudbot.api.types import Answer
    from mudbot.config import Config
    from mudbot.config.shape import ServerConfig

DEADLINE = 600.0
"""Seconds for a call where nothing else is said: a large picture, or a long text of a model on a small machine."""

_FETCH = "the embedded server has no language model yet: get it with 'mudbot models fetch', once, and try again"

_A = TypeVar("_A", bound="Answer")


@dataclass(frozen=True, slots=True)
class Job:
    """What an action needs."""

    common: Common
    where: Where
    api: Api
    out: Printer
    kept: Mapping[str, Path]
    """Which URLs are folders of this machine: the embedded server's pictures, whose links end with the command."""

    def model(self, given: str | None, use: str) -> str:
        """The model to ask: *given*, or the configuration's for *use*.  Raises UsageError where there is none."""
        found = self.known_model(given, use)
        if found is None and self.where.embedded:
            return "local"
        if found is None:
            raise click.UsageError(f"-m MODEL is missing, and no configuration has api.models.{use}: name a model")
        return found

    def known_model(self, given: str | None, use: str) -> str | None:
        """The same, where the server may choose."""
        return given or self.where.model(use)

    def show(self, answer: _A, people: Callable[[_A], None]) -> None:
        """Print *answer*: as the server sent it for programs, else by *people*."""
        if self.common.machine:
            self.out.json(raw(answer))
        else:
            people(answer)

    def fields(self, answer: Answer) -> None:
        """Print what the server said of one thing, a line a field."""
        self.show(answer, lambda answer: self.out.fields(raw(answer)))


def run(common: Common, work: Callable[[Job], Awaitable[None]], *, writes: bool = False) -> None:
    """Do *work* at the server that *common*, the environment and the configuration name.

    With *writes* the action itself writes to ``--output``; what it says goes to standard output then.  Raises
    MudbotError, UsageError, BrokenPipeError and KeyboardInterrupt; all that was opened is closed then.
    """
    where = decide(common, os.environ, Path())
    asyncio.run(_run(common, where, work, writes=writes))


async def _run(common: Common, where: Where, work: Callable[[Job], Awaitable[None]], *, writes: bool) -> None:
    from mudbot import logs
    from mudbot.api import Api

    async with _servers(where) as (servers, kept):
        secrets = [server.api_key for server in servers if server.api_key]
        logs.setup(level="error", style="console", secrets=secrets)
        out = Printer(None if writes else common.output, machine=common.machine, secrets=secrets)
        try:
            api = Api(servers=servers, **_bounds(where.config, common.deadline or DEADLINE))
        except ConfigError as error:
            raise where.told(error) from None
        async with api:
            try:
                await work(Job(common, where, api, out, kept))
            except ApiError as error:
                if where.embedded and error.code == "model_missing":
                    raise ModelMissingError(_FETCH) from None  # the server's own words are longer than a message
                raise
            finally:
                _finish(out)


def _finish(out: Printer) -> None:
    try:
        out.end()
    finally:
        out.close()


def _bounds(config: Config | None, deadline: float) -> dict[str, Any]:
    """What may be asked and spent."""
    from mudbot.api import Limits

    if config is None:
        return {"limits": Limits(deadline=deadline)}
    from mudbot.resolve import api_settings

    return api_settings(config, deadline=deadline)


@asynccontextmanager
async def _servers(where: Where) -> AsyncIterator[tuple[Sequence[Server], Mapping[str, Path]]]:
    """The servers to ask, the first choice first; the embedded one listens as long as it is needed."""
    from mudbot.api import Server

    if not where.embedded:
        first = Server(where.base_url, where.api_key, where.organization, where.project, where.models)
        yield [first, *map(_server, where.others)], {}
        return
    import secrets

    from mudbot.local.server import LocalServer

    key = secrets.token_hex(16)  # other users of this machine have no business there
    data = _data(where.config)
    model = where.config.local.model if where.config else "auto"
    local: Any = LocalServer(model=model, api_key=key, data=data)
    await local.start(load=False)
    try:
        yield [Server(local.base_url, key, models=where.models, free=True)], {local.base_url: data / "images"}
    finally:
        await local.close()


def _server(account: ServerConfig) -> Server:
    from mudbot.api import Server

    key = account.api_key.get_secret_value() if account.api_key else None
    return Server(account.base_url, key, account.organization, account.project, account.models)


def _data(config: Config | None) -> Path:
    """The folder of what the embedded server keeps: that of the bot, or of this user."""
    from platformdirs import user_data_path

    return config.path(config.store) if config else user_data_path("mudbot", appauthor=False)
