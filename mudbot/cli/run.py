"""``mudbot run``: the daemon."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

import click

from mudbot import logs
from mudbot.app import App
from mudbot.cli.options import config_options, read
from mudbot.errors import ConfigError, MudbotError
from mudbot.host import exits

log = logging.getLogger(__name__)
REFUSED = 78  # EX_CONFIG of sysexits.h


@click.command("run", short_help="Run the bot until it is told to stop (SIGTERM, Ctrl-C).")
@config_options
@click.option("--watch", is_flag=True, help="Reload a plugin whenever one of its files is saved.")
def command(path: Path, overrides: tuple[str, ...], *, watch: bool) -> None:
    """Run the bot in the foreground until it is told to stop.

    Logs go to standard error; no terminal is needed.  SIGTERM or Ctrl-C ends it within 5 seconds, a second one at once.
    SIGHUP makes it read the configuration and its plugins' files again.  With a mistake in them nothing changes, and
    the log says every one; what counts only after a restart is named.

    Exit status 0 after it was told to stop, 1 where it cannot start, 78 where the MUDs refused every login: only a
    mended configuration helps then.
    """
    config = read(path, overrides)
    logs.setup(level=config.log.level, style=config.log.format, secrets=config.secrets())
    exits.run(ending(_main(App(config, reread=partial(read, path, overrides)), watch=watch)))


async def _main(app: App, *, watch: bool) -> int:
    told = await app.run(watch=watch)
    return 0 if told else REFUSED if all(session.refused for session in app.sessions) else 1


async def ending(work: Coroutine[Any, Any, int]) -> NoReturn:
    """End the process with the status that *work* returns; an error on purpose is a line and status 1.

    From inside the loop and without ado: asyncio would wait for every task that swallows its cancellation, and the
    interpreter for every thread that is in the middle of a long computation.
    """
    try:
        status = await work
    except MudbotError as exc:
        # By the log, which masks secrets: a plugin's own words may be in it.
        for line in exc.problems if isinstance(exc, ConfigError) else [exc]:
            log.critical("%s", line)
        status = 1
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
