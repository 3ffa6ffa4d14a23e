"""A running Evennia 5.0.1 with real players: the server that the bot's promises are tested against."""

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

from tests.real.servers import environment, keeper
from tests.real.servers.environment import ADMIN, ADMIN_PASSWORD, EvenniaFolder
from tests.real.servers.player import ESCAPES, Player

HOST = "127.0.0.1"
START_SECONDS = 60.0
"""How long one start may take: about four seconds on an idle machine, many more on a cold and busy one."""

LOGIN_SCREEN = r"Enter help for more info"
"""In the last line but one of the stock login screen."""

LOGGED_IN = r"^You become .+\.$"
"""What Evennia says when an account enters the game with its character."""

REFUSED = r"^Username and/or password is incorrect"


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

    # -- for tests ---------------------------------------------------------------------------------------------

    async def create_account(self, name: str, password: str) -> None:
        """Make an account with one character of the same name; nothing is done if this run has made it already.

        Names are 3 to 30 ASCII letters, digits and ``@.+-_``; passwords have at least 8 characters, are not all digits,
        not common and not like the name.  Raises AssertionError with what the server said when it refuses.
        """
        if name in self.accounts:
            return
        async with await Player.open(self.host, self.port, name) as link:
            await link.expect(LOGIN_SCREEN)
            await link.send(f"create {name} {password}")
            await link.expect(r"Is this what you intended\?")
            await link.send("y")
            await link.expect(r"^A new account '")
        self.accounts[name] = password

    async def player(self, name: str, password: str, port: int | None = None) -> Player:
        """Log *name* in and return its link once it stands in the game.

        *port* is for a way through a relay.  Close the link with ``await player.close()`` or use it in ``async with``.
        Raises AssertionError when the login is refused.
        """
        player = await Player.open(self.host, port or self.port, name)
        try:
            await log_in(player, password)
        except BaseException:
            await player.close()
            raise
        return player

    async def drop(self, name: str) -> None:
        """Have the server itself disconnect the account *name*: the superuser boots it.

        The superuser logs in for it, so a test's own link of ``Admin`` is thrown out.  Raises AssertionError when
        *name* is not online.
        """
        async with await self.player(ADMIN, ADMIN_PASSWORD) as admin:
            await admin.send(f"boot {name}")
            answer = await admin.expect(rf"(?i): {re.escape(name)} disconnected \(|was not found|^No matching sessions")
        if "disconnected (" not in answer:
            raise AssertionError(f"Evennia could not boot {name}: {answer}")

    # -- for the fixture -----------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start portal and server on free ports, and return when the login screen is served.

        A port can be taken between choosing and binding it, so a failed start is tried again with other ports.
        Raises StartError with the end of the logs.
        """
        for attempt in (1, 2, 3):
            telnet, amp = free_ports(2)
            self.port = telnet
            self._launch({environment.TELNET_PORT_VARIABLE: str(telnet), environment.AMP_PORT_VARIABLE: str(amp)})
            if wait_until(self._serves_login_screen, START_SECONDS, alive=self._alive):
                return
            ended = not self._alive()
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
        self._keeper = subprocess.Popen(
            [sys.executable, str(Path(keeper.__file__)), remove, json.dumps(parts)],
            cwd=self.game,
            env=self._folder.variables(self.game) | ports,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )

    def _alive(self) -> bool:
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


async def log_in(player: Player, password: str) -> None:
    """Bring an open link into the game; raise AssertionError when the login is refused."""
    await player.expect(LOGIN_SCREEN)
    await player.send(f"connect {player.name} {password}")
    answer = await player.expect(f"{LOGGED_IN}|{REFUSED}")
    if re.search(REFUSED, answer):
        raise AssertionError(f"Evennia refused {player.name}: {answer}  Make the account with create_account first.")


def start() -> Evennia:
    """Start a server for this test run: from the cache if it is there, else after building the cache (a minute).

    Raises UnavailableError where Evennia cannot be installed, StartError where it does not run.
    """
    folder = EvenniaFolder(environment.evennia_folder())
    with environment.locked(folder.path.with_suffix(".lock")):
        folder.ensure_installed()
        if not folder.template_is_ready():
            game = folder.build_template()
            finish_first_start(folder, game)
            folder.keep_template(game)
        game = Path(tempfile.mkdtemp(prefix="mudbot-evennia-")) / "game"
        shutil.copytree(folder.template, game)
    server = Evennia(folder, game, throwaway=True)
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
        if not wait_until(lambda: "successfully restarted" in tail(log), START_SECONDS, alive=server._alive):
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
