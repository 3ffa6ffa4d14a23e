"""Whether a bot runs already, and how it is; if none does, whether one could open its pages."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mudbot.control.client import ask
from mudbot.control.wire import ControlError
from mudbot.doctor.finding import Finding, error, ok, warning
from mudbot.store.lock import holder

if TYPE_CHECKING:
    from mudbot.config import Config

WITHIN = 5.0
"""Seconds for the bot to answer."""


def running(config: Config) -> tuple[list[Finding], Sequence[str]]:
    """What there is to say of it, and the names of its sessions that are in their games."""
    folder = config.path(config.store)
    pid = holder(folder)
    if pid is None:
        return [ok("bot", "none runs with this store"), *_port(config)], ()
    try:
        status = ask(folder, "status", within=WITHIN)
        sessions = ask(folder, "sessions", within=WITHIN)["sessions"]
    except ControlError as exc:
        return [error("bot", str(exc), f"see its log; if it hangs, end process {pid or '?'} and start it again")], ()
    found = [ok("bot", f"process {pid} runs, {status['playing']} of {status['sessions']} sessions are in the game")]
    for each in status["away"]:
        remedy = "see the reason; `mudbot ctl sessions` shows what becomes of it"
        found.append(warning("bot", f"session {each['name']} is {each['state']}: {each['why'] or 'not yet'}", remedy))
    for each in status["plugins"]:
        if each["state"] != "running":
            remedy = f"mend what the log says, then `mudbot ctl plugins resume {each['name']}`, or reload"
            found.append(warning("bot", f"plugin {each['name']} is {each['state']} {each['why']}".rstrip(), remedy))
    return found, [each["name"] for each in sessions if each["state"] == "playing"]


def _port(config: Config) -> list[Finding]:
    host, port = config.web.host, config.web.port
    if not port:
        return []
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[
            0
        ]
        with socket.socket(family, kind) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the web server does
            trial.bind(address)
    except OSError as exc:
        what = f"the web pages cannot open at {host}:{port}: {exc.strerror or exc}"
        return [error("bot", what, "choose another web.port (0 takes any free one), or end what listens there")]
    return [ok("bot", f"{host}:{port} is free for the web pages")]
