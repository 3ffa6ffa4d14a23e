"""``mudbot run``: the daemon."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Coroutine
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from mudbot import logs
from mudbot.cli.options import config_options, read
from mudbot.errors import ConfigError, MudbotError, StoreError
from mudbot.store.lock import Lock, holder, of_characters

if TYPE_CHECKING:
    from mudbot.app import App
    from mudbot.config import Config

log = logging.getLogger(__name__)

RUNNING = 75
"""EX_TEMPFAIL of sysexits.h: later it may work."""
REFUSED = 78
"""EX_CONFIG of sysexits.h: only the owner can mend it."""


@click.command("run", short_help="Run the bot until it is told to stop (SIGTERM, Ctrl-C).")
@config_options
@click.option("--watch", is_flag=True, help="Reload a plugin whenever one of its files is saved.")
def command(path: Path, overrides: tuple[str, ...], *, watch: bool) -> None:
    """Run the bot in the foreground until it is told to stop.

    Logs go to standard error; no terminal is needed.  SIGTERM or Ctrl-C ends it within 5 seconds, a second one at once.
    SIGHUP makes it read the configuration and its plugins' files again.  With a mistake in them nothing changes, and
    the log says every one; what counts only after a restart is named.  `mudbot ctl` asks it things while it runs.

    \b
    Exit status
      0   it was told to stop
      1   it cannot start, or it was told to stop twice
      2   there is no such option
      75  another bot runs with the same store, or plays one of the characters; that one goes on
      78  the configuration is wrong, or the MUDs refused every login: only a mended configuration helps
    """
    try:
        config = read(path, overrides)
    except ConfigError as exc:
        for problem in exc.problems:
            print(logs.visible(str(problem)), file=sys.stderr)
        sys.exit(REFUSED)
    logs.setup(level=config.log.level, style=config.log.format, secrets=config.secrets(), file=_log_file(config))
    alone = _only_one(config)
    _nobody_twice(config)
    # Loaded now only: whoever must not run is told so before a second is over.
    from mudbot.app import App
    from mudbot.host import exits

    app = App(config, reread=partial(read, path, overrides))
    exits.run(ending(_main(app, watch=watch, control=alone is not None)))


def _only_one(config: Config) -> Lock | None:
    """The lock on the store's folder, None where that cannot be locked; ends the process where another bot has it."""
    lock = Lock(config.path(config.store))
    try:
        if lock.take():
            return lock
    except StoreError as exc:
        log.warning("nothing guards against a second bot with this store: %s", exc)
        return None
    log.critical(
        "a bot runs already with the store %s%s: stop it first (mudbot ctl shutdown), or give this one another store",
        lock.folder.absolute(),
        _whose(lock),
    )
    logging.shutdown()
    sys.exit(RUNNING)


def _nobody_twice(config: Config) -> None:
    """Hold the locks on the characters; ends the process where another bot, with another store, plays one of them."""
    for session, lock in of_characters(config):
        try:
            if lock.take():
                continue
        except StoreError as exc:  # a service without a home: its store is locked, and it is the only one of its user
            log.debug("nothing guards against a second bot with the same character: %s", exc)
            return
        assert session.login is not None
        log.critical(
            "a bot plays %s at %s already%s: stop it first, or delete the session %s here",
            *(session.login.name, session.host, _whose(lock), session.name),
        )
        logging.shutdown()
        sys.exit(RUNNING)


def _whose(lock: Lock) -> str:
    who = holder(lock.folder, lock.path.name)
    return f" (process {who})" if who else ""


def _log_file(config: Config) -> logs.LogFile | None:
    settings = config.log
    if settings.file is None:
        return None
    return logs.LogFile(config.path(settings.file), settings.file_size, settings.file_keep)


async def _main(app: App, *, watch: bool, control: bool) -> int:
    told = await app.run(watch=watch, control=control)
    return 0 if told else REFUSED if all(session.refused for session in app.sessions) else 1


async def ending(work: Coroutine[Any, Any, int]) -> NoReturn:
    """End the process with the status that *work* returns; an error on purpose is a line, and status 1, or 78 where
    the configuration is wrong.

    From inside the loop and without ado: asyncio would wait for every task that swallows its cancellation, and the
    interpreter for every thread that is in the middle of a long computation.
    """
    try:
        status = await work
    except MudbotError as exc:
        # By the log, which masks secrets: a plugin's own words may be in it.
        for line in exc.problems if isinstance(exc, ConfigError) else [exc]:
            log.critical("%s", line)
        status = REFUSED if isinstance(exc, ConfigError) else 1
    logging.shutdown()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
