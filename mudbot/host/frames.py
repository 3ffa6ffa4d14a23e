"""Whose code it is: tracebacks cut to a plugin's own lines, and the plugin that a stack is in."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from mudbot.host.loader import source_of

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin

log = logging.getLogger(__name__)

_HERE = str(Path(__file__).parents[1])
_ASYNCIO = str(Path(logging.__file__).parents[1] / "asyncio")
_IMPORTING = "<frozen importlib"  # half an import cannot be mended: numpy, for one, refuses a second
_DEBUGGERS = {"bdb", "pdb", "pydevd", "_pydevd_bundle", "_pydevd_frame_eval", "debugpy"}
DEEPEST = 20
"""Causes of causes that are looked at."""


class Files:
    """Which plugin a file is of, for the plugins that are at work.  Any thread may ask; one changes it."""

    def __init__(self) -> None:
        self._sources: dict[str, Path] = {}
        self._known: dict[str, str | None] = {}

    def __repr__(self) -> str:
        return f"<Files of {', '.join(self._sources)}>"

    def learn(self, name: str, kind: type[Plugin]) -> None:
        """The plugin *name* runs as *kind* from now on."""
        if (source := source_of(kind)) is not None:
            self._sources, self._known = {**self._sources, name: source}, {}

    def forget(self, name: str) -> None:
        """The plugin *name* does not run any more."""
        self._sources = {other: source for other, source in self._sources.items() if other != name}
        self._known = {}

    def owner(self, file: str) -> str | None:
        """The plugin whose *file* it is."""
        known = self._known
        if file not in known:
            path = Path(file)
            known[file] = next((name for name, own in self._sources.items() if path.is_relative_to(own)), None)
        return known[file]

    def at_work(self, frame: FrameType | None, *, alone: bool) -> tuple[str, FrameType] | None:
        """The plugin that is in the midst of something in the stack above *frame*, and its innermost own frame.

        With *alone* only where it is not the bot's own code that it called and that takes so long.
        """
        while frame is not None:
            if str(frame.f_globals.get("__name__")).partition(".")[0] in _DEBUGGERS:
                return None  # somebody looks at it, and takes his time
            if (name := self.owner(frame.f_code.co_filename)) is not None:
                return name, frame
            if alone and ours(frame):
                return None
            frame = frame.f_back
        return None


def ends(exc: BaseException) -> bool:
    """Whether *exc* ends the very task that it is met in, and is nothing that a plugin did or waited for."""
    task = asyncio.current_task()
    if isinstance(exc, asyncio.CancelledError):
        return task is not None and task.cancelling() > 0
    return isinstance(exc, GeneratorExit | KeyboardInterrupt)


def place_of(frame: FrameType) -> str:
    """File, line and function of *frame*."""
    return f"{frame.f_code.co_filename}:{frame.f_lineno} in {frame.f_code.co_name}"


def ours(frame: FrameType) -> bool:
    """Whether *frame* is the bot's or the event loop's own code, or an import's, which nothing must interrupt."""
    return frame.f_code.co_filename.startswith((_HERE, _ASYNCIO, _IMPORTING))


def exc_info(exc: BaseException, kind: type[Plugin]) -> tuple[type[BaseException], BaseException, TracebackType | None]:
    """*exc* for the log: with the frames of *kind*'s author alone, and those of what caused it; at debug level all."""
    if log.isEnabledFor(logging.DEBUG):
        return type(exc), exc, exc.__traceback__
    source = source_of(kind)
    for each in _chain(exc):
        each.__traceback__ = _cut(each.__traceback__, source)
    return type(exc), exc, exc.__traceback__


def _chain(exc: BaseException) -> Iterator[BaseException]:
    """*exc*, its causes, and for a group all that is in it."""
    todo, seen = [exc], set[int]()
    while todo and len(seen) < DEEPEST:
        each = todo.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        todo += [cause for cause in (each.__cause__, each.__context__) if cause is not None]
        if isinstance(each, BaseExceptionGroup):
            todo += each.exceptions


def _cut(trace: TracebackType | None, source: Path | None) -> TracebackType | None:
    frames = []
    while trace is not None:
        if source is not None and Path(trace.tb_frame.f_code.co_filename).is_relative_to(source):
            frames.append(trace)
        trace = trace.tb_next
    for each in reversed(frames):
        trace = TracebackType(trace, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return trace


def loop_frame(thread: int) -> FrameType | None:
    """What the thread *thread* does right now."""
    return sys._current_frames().get(thread)  # noqa: SLF001 - the only way to ask; CPython has it, and PyPy
