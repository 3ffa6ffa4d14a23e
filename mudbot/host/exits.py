"""``sys.exit`` in a callback that a plugin made: it ends that callback, and not the bot.

Tasks have a wall of their own (``chores.Walls``).  What is called by ``call_later``, ``add_done_callback`` and the like
asyncio lets through to whoever runs the loop, and that is here: the loop goes on where it was.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from mudbot.host.faults import PLUGIN

log = logging.getLogger(__name__)


def run(work: Coroutine[Any, Any, Any]) -> None:
    """Do *work* in a loop of its own, as ``asyncio.run`` does.  Raises what it raises, and the bot's own SystemExit."""
    with asyncio.Runner() as runner:
        task = runner.get_loop().create_task(work)
        while not task.done():
            try:
                runner.run(_until(task))
            except SystemExit as exc:
                name = _plugin_in(exc)
                if name is None or task.done():
                    raise
                log.error("plugin %s: a callback of its own wants to exit (%s); only the callback ends", name, exc)  # noqa: TRY400
        task.result()


async def _until(task: asyncio.Task[Any]) -> None:
    try:
        await asyncio.wait({task})
    except asyncio.CancelledError:  # by Ctrl-C, before anything else heeds it
        task.cancel()
        await asyncio.wait({task})


def _plugin_in(exc: SystemExit) -> str | None:
    """The plugin in whose name the callback was made that raised *exc*."""
    trace = exc.__traceback__
    while trace is not None:
        handle = trace.tb_frame.f_locals.get("self")
        if isinstance(handle, asyncio.Handle):
            return handle._context.get(PLUGIN) or None  # type: ignore[attr-defined]  # noqa: SLF001 - get_context came later
        trace = trace.tb_next
    return None
