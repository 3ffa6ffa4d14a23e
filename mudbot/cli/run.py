"""``mudbot run``: the daemon."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path

import click

from mudbot import logs
from mudbot.app import App
from mudbot.cli.options import config_options, read


@click.command("run", short_help="Run the bot until it is told to stop (SIGTERM, Ctrl-C).")
@config_options
def command(path: Path, overrides: tuple[str, ...]) -> None:
    """Run the bot in the foreground until it is told to stop.

    Logs go to standard error; no terminal is needed.  SIGTERM or Ctrl-C ends it within 5 seconds, a second one at once.
    Exit status 0 after it was told to stop, 1 where it cannot start or every session has ended for good.
    """
    config = read(path, overrides)
    logs.setup(level=config.log.level, style=config.log.format, secrets=config.secrets())
    status = asyncio.run(_main(App(config)))
    # Worker threads may be in the middle of a long computation, and the interpreter would wait for them.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(status)


async def _main(app: App) -> int:
    told = await app.run()
    return 0 if told else 1
