"""The bot itself as a plugin sees it (``self.bot``), and what it notes down (``self.notes``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.events import Speech
    from mudbot.host.marks import CommandMark
    from mudbot.host.triggers import Triggers
    from mudbot.mud.session import Session
    from mudbot.store.store import Store


class Notes:
    """Decisions that the owner may want to read later."""

    def __init__(self, store: Store, session: str) -> None:
        self._store, self._session = store, session

    def decision(self, reason: str, text: str, *, source: str, speaker: str | None) -> None:
        """Note that *text* was refused, and why."""
        self._store.write(
            "decisions", session=self._session, speaker=speaker or "", source=source, reason=reason, text=text[:2000]
        )


class Crew(Protocol):
    """All plugins of a session, as ``Bot`` needs them."""

    @property
    def prefix(self) -> str: ...
    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]: ...
    def plugins(self) -> Sequence[tuple[str, bool]]: ...


class Bot:
    """The bot itself: what it can do and how it is."""

    def __init__(self, crew: Crew, session: Session, api: Api, triggers: Triggers) -> None:
        self._crew, self._session, self._api = crew, session, api
        self.triggers = triggers
        """The triggers of this session: what they did; on, off, more of them."""

    @property
    def prefix(self) -> str:
        """What chat commands begin with."""
        return self._crew.prefix

    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every chat command there is for who said *speech*; for anyone without it."""
        return self._crew.commands(speech)

    def status(self) -> Status:
        """How the bot is now."""
        plugins = self._crew.plugins()
        return Status(
            self._session.name,
            self._session.state,
            tuple(name for name, _ in plugins),
            tuple(name for name, paused in plugins if paused),
            self._api.running,
            self._api.waiting,
        )


@dataclass(frozen=True, slots=True)
class Status:
    """The bot at one moment.  Nothing in it that a player must not know: no address, no key."""

    session: str
    state: str
    plugins: tuple[str, ...]
    paused: tuple[str, ...]
    calls: int
    """Calls of the API in flight."""
    waiting: int
    """Calls of the API that wait for their turn."""
