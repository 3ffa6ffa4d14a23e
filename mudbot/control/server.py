"""Listens in the bot: a Unix socket in the store's folder, for its owner alone (mode 0600)."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mudbot import logs
from mudbot.control.actions import Actions
from mudbot.control.wire import MAX_REQUEST, SOCKET, ControlError, decoded, encoded, socket_path
from mudbot.errors import ConfigError, MudbotError

if TYPE_CHECKING:
    from mudbot.control.actions import Bot

log = logging.getLogger(__name__)

LINKS = 16
"""Connections at once: one for each thing that an owner does at the same time, and a monitor or two."""
PATIENCE = 30.0
"""Seconds for a request to come, and for its answer to be read: a program that hangs keeps no place for ever."""


class ControlServer:
    """What the owner asks of *bot*, from ``open`` to ``close``.

    Only one process may listen for a folder: whoever opens it holds the folder's lock, so what lies there is stale.
    """

    def __init__(self, bot: Bot) -> None:
        self._folder = Path(bot.store.folder)
        self._actions = Actions(bot)
        logs.mask(bot.config.secrets())
        self._server: asyncio.Server | None = None
        self._links: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<ControlServer in {self._folder}, {len(self._links)} links>"

    async def open(self) -> None:
        """Listen.  Raises ControlError where that cannot be; the bot can do without."""
        if not hasattr(socket, "AF_UNIX"):
            raise ControlError("this system has no Unix sockets: `mudbot ctl` finds nobody")
        try:
            self._server = await asyncio.start_server(self._link, sock=_bound(self._folder), limit=MAX_REQUEST)
        except OSError as exc:
            raise ControlError(f"{self._folder / SOCKET}: {exc.strerror or exc}; `mudbot ctl` finds nobody") from exc

    async def close(self) -> None:
        """Listen no more; who waits for an answer gets none."""
        if self._server is None:
            return
        self._server.close()
        for link in self._links:
            link.cancel()
        if self._links:
            await asyncio.wait(self._links, timeout=1)
        with contextlib.suppress(OSError):
            (self._folder / SOCKET).unlink()

    async def _link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = asyncio.current_task()
        assert link is not None
        self._links.add(link)
        try:
            await self._serve(reader, writer)
        except (OSError, TimeoutError, asyncio.CancelledError):
            pass  # it went, it said nothing, or the bot ends: nobody is there to be told
        except Exception:
            log.exception("a link to `mudbot ctl` failed")
        finally:
            self._links.discard(link)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        refused = _stranger(writer) or ("too many ask at once: try again" if len(self._links) > LINKS else "")
        if refused:
            await _tell(writer, {"ok": False, "error": refused})
            return
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    line = await reader.readuntil()
            except asyncio.IncompleteReadError:
                return
            except asyncio.LimitOverrunError:
                await _tell(writer, {"ok": False, "error": f"the request is longer than {MAX_REQUEST} bytes"})
                return
            await _tell(writer, _clean(await self._answer(line)))

    async def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            asked = decoded(line, whose="the request")
            return {"ok": True, **await self._actions.do(str(asked.pop("do", "")), asked)}
        except ConfigError as exc:
            problems = [{"where": each.where, "message": each.message} for each in exc.problems]
            return {"ok": False, "error": str(exc), "problems": problems}
        except MudbotError as exc:
            return {"ok": False, "error": str(exc)}
        except Exception:
            log.exception("what `mudbot ctl` asked failed")
            return {"ok": False, "error": "a fault of the bot's own: its log has it"}


def _clean(value: Any) -> Any:
    """*value* without secrets: what a plugin raises, or a MUD repeats, may hold one."""
    if isinstance(value, str):
        return logs.masked(value)
    if isinstance(value, Mapping):
        return {key: _clean(inner) for key, inner in value.items()}
    if isinstance(value, Sequence):
        return [_clean(inner) for inner in value]
    return value


def _bound(folder: Path) -> socket.socket:
    """A socket in *folder* that does not listen yet.  Raises OSError and ControlError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket_path(folder) as path:
            (folder / SOCKET).unlink(missing_ok=True)
            bound.bind(path)
            Path(path).chmod(0o600)  # before anybody can connect: nothing listens yet
    except BaseException:
        bound.close()
        raise
    return bound


async def _tell(writer: asyncio.StreamWriter, answer: dict[str, Any]) -> None:
    writer.write(encoded(answer))
    async with asyncio.timeout(PATIENCE):
        await writer.drain()


def _stranger(writer: asyncio.StreamWriter) -> str:
    """Why whoever connected is not answered; nothing for the bot's own user and root.

    The socket's mode says the same; this holds where somebody changed it, on systems that tell who connected.
    """
    sock = writer.get_extra_info("socket")
    if sock is None or not hasattr(socket, "SO_PEERCRED"):
        return ""
    _, user, _ = struct.unpack("3i", sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    if user in (0, os.geteuid()):
        return ""
    log.warning("user %d asked by `mudbot ctl` and was refused: only root and the bot's own user may", user)
    return "only root and the user that runs the bot may ask"
