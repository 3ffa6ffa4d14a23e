"""A running Evennia 5.0.1 with real players: the server that the bot's promises are tested against."""

from __future__ import annotations

import re

from mudbot.testing.servers import evennia
from mudbot.testing.servers.evennia import HOST, LOGIN_SCREEN, StartError, free_ports, tail, wait_until
from tests.real.servers.environment import ADMIN, ADMIN_PASSWORD, evennia_folder
from tests.real.servers.player import Player

__all__ = ["HOST", "Evennia", "StartError", "free_ports", "log_in", "start", "tail", "wait_until"]

LOGGED_IN = r"^You become .+\.$"
"""What Evennia says when an account enters the game with its character."""

REFUSED = r"^Username and/or password is incorrect"


class Evennia(evennia.Evennia):
    """The server, and ways into it that are not the product's own."""

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
    return evennia.start(evennia_folder(), Evennia)
