"""Logs: a line an event for people, a JSON object for machines, fields for systemd's journal.

No control characters, no secrets.  Entries are those of the standard library's ``logging``; structlog gives them their
fields and is loaded by ``setup`` only.

``masking`` what may be printed · ``entries`` an entry's fields, and how they are written · ``sinks`` where to
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterable
from contextlib import AbstractContextManager

from mudbot.logs.masking import Safe, mask, masked, visible
from mudbot.logs.sinks import BoundedFile, Journal, LogFile, Stderr, journal_reads_stderr

__all__ = ["LEVELS", "LogFile", "about", "formatter", "mask", "masked", "setup", "visible"]

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def setup(
    *, level: str = "info", style: str = "auto", secrets: Iterable[str] = (), file: LogFile | None = None
) -> None:
    """Send the logs of the whole process to standard error, and to *file* as well where one is given.

    *style* is ``console``, ``json``, or ``auto``: fields where systemd's journal reads standard error, else console.
    """
    from mudbot.logs import entries

    mask(secrets)
    handlers: list[logging.Handler] = [_stderr(style)]
    if file is not None:
        kept = BoundedFile(file)
        kept.setFormatter(entries.json_lines() if style == "json" else entries.console(time=entries.DATE))
        handlers.append(kept)
    root = logging.getLogger()
    before, root.handlers[:] = root.handlers[:], handlers
    for handler in before:
        if isinstance(handler, Stderr | Journal | BoundedFile):
            handler.close()
    root.setLevel(logging.WARNING)
    logging.getLogger("mudbot").setLevel(LEVELS[level])
    entries.configure()


def _stderr(style: str) -> logging.Handler:
    from mudbot.logs import entries

    journal = style == "auto" and journal_reads_stderr()
    if journal and (connected := Journal.open()) is not None:
        connected.setFormatter(entries.journal_fields())
        return connected
    handler = Stderr(sys.stderr)
    if style == "json":
        handler.setFormatter(entries.json_lines())
    else:
        colour = sys.stderr.isatty() and "NO_COLOR" not in os.environ
        handler.setFormatter(entries.console(time="" if journal else entries.TIME, colour=colour))
    return handler


def about(**what: str) -> AbstractContextManager[None]:
    """Entries are about *what*, ``session="inn"`` for example: within this, and in tasks that begin within."""
    from structlog.contextvars import bound_contextvars

    return bound_contextvars(**what)


def formatter(secrets: Iterable[str], fmt: str) -> logging.Formatter:
    """What writes entries by *fmt* as safely as ``setup`` has them written; *secrets* are masked from now on."""
    mask(secrets)
    return Safe(fmt)
