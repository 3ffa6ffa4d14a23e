"""``mudbot run``: the daemon."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

import click

from mudbot import logs
from mudbot.app import App
from mudbot.cli.options import config_options, read
from mudbot.errors import MudbotError


@click.command("run", short_help="Run the bot until it is told to stop (SIGTERM, Ctrl-C).")
@config_options
def command(path: Path, overrides: tuple[str, ...]) -> None:
    """Run the bot in the foreground until it is told to stop.

    Logs go to standard error; no terminal is needed.  SIGTERM or Ctrl-C ends it within 5 seconds, a second one at once.
    Exit status 0 after it was told to stop, 1 where it cannot start or every session has ended for good.
    """
    config = read(path, overrides)
    logs.setup(level=config.log.level, style=config.log.format, secrets=config.secrets())
    asyncio.run(ending(_main(App(config))))


async def _main(app: App) -> int:
    told = await app.run()
    return 0 if told else 1


async def ending(work: Coroutine[Any, Any, int]) -> NoReturn:
    """End the process with the status that *work* returns; an error on purpose is a line and status 1.

    From inside the loop and without ado: asyncio would wait for every task that swallows its cancellation, and the
    interpreter for every thread that is in the middle of a long computation.
    """
    try:
        status = await work
    except MudbotError as exc:
        print(f"mudbot: {exc}", file=sys.stderr)
        status = 1
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
