"""What a service manager is told of a running bot: that it is in its games, how it is, that its loop goes round."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from mudbot.logs import masked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mudbot.clock import Clock
    from mudbot.config import Config
    from mudbot.mud.session import Session
    from mudbot.notify import Notifier

STARTING = 0.25
"""Seconds between two looks while the bot starts: who waits for it is told soon."""
EVERY = 1.0
"""Seconds between two looks after that."""
PATIENCE = 30.0
"""Seconds that are asked for at each look while a MUD is away: the bot goes on trying, and systemd must not end it."""
LONGEST = 200
"""Letters of a status: it is one line of ``systemctl status``."""


class Bot(Protocol):
    """The bot, as far as it is concerned."""

    @property
    def config(self) -> Config: ...
    @property
    def sessions(self) -> Sequence[Session]: ...
    @property
    def clock(self) -> Clock: ...


class Service:
    """Tells *notifier* how *bot* is, as long as ``run`` lasts.

    It is ready once a character is in its game and every other one has been tried: those that cannot get in are tried
    again, and named in the status.
    """

    def __init__(self, bot: Bot, notifier: Notifier) -> None:
        self._bot, self._notifier = bot, notifier
        self._tried: set[str] = set()
        self._ready = False
        self._reloads = 0
        self._status = ""
        self._stopping = False

    def __repr__(self) -> str:
        return f"<Service {'ready' if self._ready else 'starting'}: {self._status}>"

    async def run(self) -> None:
        """Look, and tell, for ever.  In the loop, so that a loop that stands still gives no sign of life."""
        while True:
            self._look()
            often = EVERY if self._ready else STARTING
            if self._notifier.watchdog is not None:
                # Half of it is what sd_watchdog_enabled(3) advises; a third leaves room for a busy moment.
                often = min(often, self._notifier.watchdog / 3)
            await self._bot.clock.sleep(often)

    @contextlib.contextmanager
    def reloading(self) -> Iterator[None]:
        """The configuration is read again within this."""
        self._reloads += 1
        if self._ready and self._reloads == 1:
            self._notifier.reloading()
        try:
            yield
        finally:
            self._reloads -= 1
            if self._ready and not self._reloads and not self._stopping:
                self._notifier.ready()

    def stopping(self) -> None:
        """The bot ends."""
        if not self._stopping:
            self._stopping = True
            self._notifier.stopping()
            self._notifier.status("stopping")

    def _look(self) -> None:
        self._notifier.alive()
        if self._stopping:
            return
        sessions = self._bot.sessions
        self._tried |= {each.name for each in sessions if each.state in ("playing", "waiting", "stopped")}
        playing = sum(each.state == "playing" for each in sessions)
        if not self._ready:
            if playing and len(self._tried) == len(self._bot.config.sessions):
                self._ready = self._notifier.ready()  # said again until it was heard
            else:
                self._notifier.patience(PATIENCE)
        self._tell(playing)

    def _tell(self, playing: int) -> None:
        sessions, wanted = self._bot.sessions, len(self._bot.config.sessions)
        status = f"{playing} of {wanted} characters in the game"
        away = next((each for each in sessions if each.state != "playing"), None)
        if len(sessions) < wanted:
            status = f"starting; {status}"
        elif away is not None:
            status = f"{status}; {away.name}: {away.state}{f', {away.why}' if away.why else ''}"
        status = masked(status)[:LONGEST]
        if status != self._status and self._notifier.status(status):
            self._status = status
