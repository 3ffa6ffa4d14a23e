"""What the pages need of a running bot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.api.totals import Totals
    from mudbot.clock import Clock
    from mudbot.config import Config
    from mudbot.host.decisions import Decisions
    from mudbot.host.host import Host
    from mudbot.host.reload import Roster
    from mudbot.mind.character import Character
    from mudbot.mud.session import Session
    from mudbot.store.pictures import Pictures
    from mudbot.store.store import Store
    from mudbot.web.live import Live


class Bot(Protocol):
    """A running bot, or a fake of one.  ``sessions``, ``hosts`` and ``characters`` go together, number by number."""

    config: Config
    clock: Clock
    store: Store
    pictures: Pictures
    sessions: list[Session]
    hosts: list[Host]
    characters: list[Character]
    totals: Totals
    """What was asked of the API since the start."""

    @property
    def api(self) -> Api:
        """Who is asked; only once the bot has started."""

    @property
    def roster(self) -> Roster:
        """The plugins of all sessions; only once the bot has started."""

    @property
    def decisions(self) -> Decisions:
        """What owners say of what reviewers decided."""

    def personas(self) -> Sequence[str]:
        """The characters that can be tried."""

    async def audition(self, session: str, name: str) -> Character:
        """The character *name*, or without one who plays in *session*, for once and without memory.

        Raises PluginError where there is none, and ConfigError.
        """

    @property
    def live(self) -> Live:
        """The last lines of every session."""


def session_names(bot: Bot) -> Sequence[str]:
    """The names of all sessions of the configuration, in its order, whether they are open yet or not."""
    return [session.name for session in bot.config.sessions]
