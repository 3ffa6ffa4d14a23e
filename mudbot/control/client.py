"""Asks a running bot.  Without asyncio: a command line asks once and waits."""

from __future__ import annotations

import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mudbot.control.wire import MAX_ANSWER, ControlError, decoded, encoded, socket_path
from mudbot.store.lock import holder

WITHIN = 15.0
"""Seconds for an answer; what reloads plugins takes longer."""
_LOOK_AGAIN = 0.05


def ask(folder: Path, do: str, /, within: float = WITHIN, **given: Any) -> dict[str, Any]:
    """What the bot whose store is *folder* answers to *do*, without ``ok``.

    Raises ControlError where none runs there, where it does not answer *within* seconds, and with its own words where
    it refuses.
    """
    if not hasattr(socket, "AF_UNIX"):
        raise ControlError("this system has no Unix sockets: use the owner's pages (web.token)")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(within)
        try:
            with socket_path(folder) as path:
                link.connect(path)
            link.sendall(encoded({"do": do, **given}))
            line = _line(link, time.monotonic() + within)
        except TimeoutError:
            raise ControlError(
                f"the bot did not answer within {within:g} s: it may be held up; its log says by whom"
            ) from None
        except OSError as exc:
            raise ControlError(_why(folder, exc)) from exc
    return _checked(decoded(line, whose="the bot's answer"))


def gone(folder: Path, within: float) -> bool:
    """Wait until no bot runs in *folder*; False where one still does after *within* seconds."""
    end = time.monotonic() + within
    while holder(folder) is not None:
        if time.monotonic() > end:
            return False
        time.sleep(_LOOK_AGAIN)
    return True


def _line(link: socket.socket, end: float) -> bytes:
    found = bytearray()
    while not found.endswith(b"\n"):
        if len(found) > MAX_ANSWER:
            raise ControlError(f"the bot's answer is longer than {MAX_ANSWER} bytes")
        link.settimeout(max(end - time.monotonic(), 0.001))
        piece = link.recv(65_536)
        if not piece:
            raise ControlError("the bot ended before it answered; its log says why")
        found += piece
    return bytes(found)


def _checked(answer: Mapping[str, Any]) -> dict[str, Any]:
    if answer.get("ok") is True:
        return {key: value for key, value in answer.items() if key != "ok"}
    problems = answer.get("problems")
    told = tuple(each for each in problems if isinstance(each, dict)) if isinstance(problems, list) else ()
    raise ControlError(str(answer.get("error") or "the bot refuses, without a word"), told)


def _why(folder: Path, exc: OSError) -> str:
    pid = holder(folder)
    if isinstance(exc, PermissionError):
        return f"{folder}: {exc.strerror}: ask as the user that runs the bot, or as root"
    if pid is None:
        return f"no bot runs with the store {folder}; is it the right one?  See -c, --set store=… and --store"
    who = f"process {pid}" if pid else "a bot"
    return f"{who} runs with the store {folder} but does not listen ({exc.strerror or exc}); its log says why"
