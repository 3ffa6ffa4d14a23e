"""A running Evennia 5.0.1 on free ports of loopback, in a copy of a game that is made once."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mudbot.testing.servers import environment, keeper
from mudbot.testing.servers.environment import ADMIN, ADMIN_PASSWORD, EvenniaFolder

HOST = "127.0.0.1"
START_SECONDS = 60.0
"""How long one start may take: about four seconds on an idle machine, many more on a cold and busy one."""

LOGIN_SCREEN = r"Enter help for more info"
"""In the last line but one of the stock login screen."""

ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
"""ANSI control sequences (ECMA-48)."""


class StartError(Exception):
    """The server was installed but did not come up; the message holds the end of its logs."""


class Evennia:
    """One server on free loopback ports, in a temporary copy of the template game; made by :func:`start`."""

    def __init__(self, folder: EvenniaFolder, game: Path, *, throwaway: bool) -> None:
        self.host = HOST
        self.port = 0
        self.accounts: dict[str, str] = {ADMIN: ADMIN_PASSWORD}
        """Passwords by account name.  Each account has one character of the same name."""
        self.game = game
        self._folder = folder
        self._throwaway = throwaway
        self._keeper: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        state = "running" if self._keeper and self._keeper.poll() is None else "stopped"
        return f"<Evennia {state} at {self.host}:{self.port}, accounts {', '.join(self.accounts)}>"

    def start(self) -> None:
        """Start portal and server on free ports, and return when the login screen is served.

        A port can be taken between choosing and binding it, so a failed start is tried again with other ports.
        Raises StartError with the end of the logs.
        """
        for attempt in (1, 2, 3):
            telnet, amp = free_ports(2)
            self.port = telnet
            self._launch({environment.TELNET_PORT_VARIABLE: str(telnet), environment.AMP_PORT_VARIABLE: str(amp)})
            if wait_until(self._serves_login_screen, START_SECONDS, alive=self.alive):
                return
            ended = not self.alive()
            self._end_keeper()
            if attempt == 3 or not ended:
                why = "ended" if ended else f"served no login screen within {START_SECONDS} s"
                raise StartError(f"Evennia in {self.game} {why}.\n{self.logs()}")

    def stop(self) -> None:
        """Stop the server and wait until all of its processes are gone; the temporary game is removed."""
        self._end_keeper()
        if self._throwaway:
            shutil.rmtree(self.game.parent, ignore_errors=True)

    def logs(self) -> str:
        """The end of both logs, for messages."""
        return "\n".join(f"--- {path.name}\n{tail(path)}" for path in (self._log("portal"), self._log("server")))

    def _log(self, part: str) -> Path:
        return self.game / "server" / "logs" / f"{part}.out"

    def _launch(self, ports: dict[str, str]) -> None:
        parts = [{"argv": self._folder.twistd(part), "log": str(self._log(part))} for part in ("portal", "server")]
        remove = str(self.game.parent) if self._throwaway else "-"
        self._keeper = subprocess.Popen(  # noqa: S603 - our own python
            [sys.executable, str(Path(keeper.__file__)), remove, json.dumps(parts)],
            cwd=self.game,
            env=self._folder.variables(self.game) | ports,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def alive(self) -> bool:
        """Whether its processes run."""
        return self._keeper is not None and self._keeper.poll() is None

    def _serves_login_screen(self) -> bool:
        """Whether the whole chain answers: the portal takes the connection, the server behind it sends the screen."""
        with contextlib.suppress(OSError), socket.create_connection((self.host, self.port), timeout=1) as link:
            link.settimeout(3)
            seen = b""
            while chunk := link.recv(4096):
                seen += chunk
                if re.search(LOGIN_SCREEN, ESCAPES.sub("", seen.decode(errors="replace"))):
                    return True
        return False

    def _end_keeper(self) -> None:
        if self._keeper is None:
            return
        if self._keeper.stdin:
            self._keeper.stdin.close()
        self._keeper.wait(timeout=30)
        self._keeper = None


_E = TypeVar("_E", bound=Evennia)


def start(cache: Path | None = None, kind: type[_E] = Evennia) -> _E:  # type: ignore[assignment]  # the default is one
    """Start a server for this test run: from the *cache* if it is there, else after building it (a minute).

    Raises UnavailableError where Evennia cannot be installed, StartError where it does not run.
    """
    folder = EvenniaFolder(cache or environment.evennia_folder())
    with environment.locked(folder.path.with_suffix(".lock")):
        folder.ensure_installed()
        if not folder.template_is_ready():
            game = folder.build_template()
            finish_first_start(folder, game)
            folder.keep_template(game)
        game = Path(tempfile.mkdtemp(prefix="mudbot-evennia-")) / "game"
        shutil.copytree(folder.template, game)
    server = kind(folder, game, throwaway=True)
    try:
        server.start()
    except BaseException:
        server.stop()
        raise
    return server


def finish_first_start(folder: EvenniaFolder, game: Path) -> None:
    """Start *game* for the first time: Evennia makes its first room and superuser, and resets itself once."""
    server = Evennia(folder, game, throwaway=False)
    server.start()
    try:
        log = game / "server" / "logs" / "server.log"
        if not wait_until(lambda: "successfully restarted" in tail(log), START_SECONDS, alive=server.alive):
            raise StartError(f"the first start of Evennia in {game} did not end.\n{tail(log)}\n{server.logs()}")
    finally:
        server.stop()


def free_ports(count: int) -> list[int]:
    """Loopback ports that nothing listens on at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind((HOST, 0))
        return [each.getsockname()[1] for each in sockets]


def wait_until(done: Callable[[], bool], seconds: float, *, alive: Callable[[], bool]) -> bool:
    """Ask *done* again and again; False when *seconds* are over or *alive* denies."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and alive():
        if done():
            return True
        time.sleep(0.1)
    return False


def tail(path: Path, characters: int = 3000) -> str:
    """The end of a log, or an empty text when there is none."""
    return path.read_text(errors="replace")[-characters:] if path.is_file() else ""
