"""What the log says in a test, and what a plugin's handler raised."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from types import TracebackType

from mudbot.host.loader import source_of
from mudbot.host.plugin import Plugin
from mudbot.testing.script import NotScriptedError

HOST = "mudbot.host"
"""Whose errors are those of plugins.  What a plugin logs itself is its own business."""


class Notice(logging.Handler):
    """Keeps all that mudbot logs from ``begin`` to ``end``; *on_failure* is told what a plugin's handler raised."""

    def __init__(self, on_failure: Callable[[BaseException], None]) -> None:
        super().__init__(logging.INFO)
        self.records: list[logging.LogRecord] = []
        self._on_failure = on_failure
        self._logger = logging.getLogger("mudbot")
        self._before = logging.NOTSET

    def begin(self) -> None:
        """Listen."""
        self._before = self._logger.level
        if not self._logger.isEnabledFor(logging.INFO):
            self._logger.setLevel(logging.INFO)
        self._logger.addHandler(self)

    def end(self) -> None:
        """Listen no more."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._before)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)
        if record.levelno >= logging.ERROR and record.name.startswith(HOST):
            raised = record.exc_info[1] if record.exc_info else None
            if raised is not None:
                self._on_failure(raised)


def of_author(failure: BaseException, sources: Sequence[Path]) -> TracebackType | None:
    """The frames of *failure* from the first that is in one of *sources*; all of them where none is."""
    trace = failure.__traceback__
    while trace is not None:
        if any(Path(trace.tb_frame.f_code.co_filename).is_relative_to(each) for each in sources):
            return trace
        trace = trace.tb_next
    return failure.__traceback__


def show_authors_own(failure: BaseException, folders: Sequence[Path]) -> None:
    """Leave *failure*, and what caused it, with the frames below *folders* and no others."""
    seen: BaseException | None = failure
    while seen is not None:
        trace = of_author(seen, folders)
        seen.__traceback__ = None if trace is seen.__traceback__ else trace
        seen = seen.__cause__


def sources_of(kinds: Iterable[type[Plugin]]) -> list[Path]:
    """The files of plugins, or the folders of their packages."""
    return [source for kind in kinds if (source := source_of(kind)) is not None]


def told(failure: BaseException) -> str:
    """*failure* in a line."""
    return "".join(traceback.format_exception_only(failure)).strip()


def raise_first(failures: Sequence[BaseException], kinds: Iterable[type[Plugin]]) -> None:
    """Raise the one among *failures* that tells most, as its author sees it; nothing where there is none."""
    __tracebackhide__ = True
    if not failures:
        return
    unscripted = [each for each in failures if isinstance(each, NotScriptedError)]
    failure = (unscripted or failures)[0]
    if len(failures) > 1 and not unscripted:  # what nobody answers fails as well
        others = "; ".join(told(each) for each in failures if each is not failure)
        failure.add_note(f"and {len(failures) - 1} more: {others}")
    raise failure.with_traceback(of_author(failure, sources_of(kinds)))
