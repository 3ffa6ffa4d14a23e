"""The bot itself as a plugin sees it (``self.bot``), and what it notes down (``self.notes``)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from mudbot.errors import PluginError
from mudbot.events import Command

if TYPE_CHECKING:
    from mudbot.api import Api
    from mudbot.events import Speech
    from mudbot.host.marks import CommandMark, Role
    from mudbot.host.mutes import Mutes
    from mudbot.host.services.means import Means
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


@dataclass(frozen=True, slots=True)
class PluginStatus:
    """A plugin in one session at one moment."""

    name: str
    state: Literal["running", "paused", "unloaded"]
    why: str = ""
    """Why it is paused."""
    failures: int = 0
    """In a row."""
    dropped: int = 0
    """Events that it was too slow for."""


class Outcome(Protocol):
    """What came of reading the configuration again; as a text, for people."""

    @property
    def restart(self) -> Sequence[str]:
        """The keys that changed and count after a restart."""


class Plugins(Protocol):
    """All plugins of all sessions: what may run and what does.  One change at a time."""

    @property
    def refresh(self) -> Callable[[], Awaitable[Outcome]] | None:
        """Reads the configuration again, where there is a file of it: what it names and was unloaded runs again."""

    def states(self, session: str) -> list[PluginStatus]:
        """Every plugin that the configuration names for *session*, in their order."""

    def pause(self, name: str) -> bool:
        """Let *name* rest in every session; False where it did already.  Raises PluginError where it does not run."""

    def resume(self, name: str) -> bool:
        """Let *name* go on in every session; False where it did.  Raises PluginError where it does not run."""

    async def reload(self, name: str) -> None:
        """Run the newest code of *name*.  Raises MudbotError, and then nothing has changed."""

    async def load(self, name: str) -> None:
        """Run *name*, which was unloaded.  Raises MudbotError, and then nothing has changed."""

    async def unload(self, name: str) -> None:
        """Run *name* no more, until it is loaded or the configuration is read again.

        Raises PluginError where it does not run.
        """


class Crew(Protocol):
    """All plugins of a session, as ``Bot`` needs them."""

    @property
    def prefix(self) -> str: ...
    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]: ...
    def plugins(self) -> Sequence[tuple[str, bool]]: ...
    @property
    def roster(self) -> Plugins | None: ...
    @property
    def mutes(self) -> Mutes: ...
    @property
    def owners(self) -> Sequence[str]: ...
    def role_of(self, speech: Speech) -> Role: ...
    def orders(self, speech: Speech) -> bool: ...
    def quotas(self, speech: Speech) -> Mapping[str, tuple[int, float]]: ...
    @property
    def recast(self) -> Callable[[str], Awaitable[str]] | None: ...
    @property
    def characters(self) -> Callable[[], Sequence[str]]: ...


class Bot:
    """The bot itself: what it can do and how it is."""

    def __init__(self, crew: Crew, session: Session, api: Api, triggers: Triggers) -> None:
        self._crew, self._session, self._api = crew, session, api
        self.triggers = triggers
        """The triggers of this session: what they did; on, off, more of them."""
        self.means: Means
        """What may be spent, and what was."""

    @property
    def prefix(self) -> str:
        """What chat commands begin with."""
        return self._crew.prefix

    @property
    def plugins(self) -> Plugins:
        """The plugins of all sessions: which there are; load, reload, unload, pause and resume them.

        Raises PluginError where they cannot change, in a test for example.
        """
        if self._crew.roster is None:
            raise PluginError("plugins do not change here: they were put together for this once")
        return self._crew.roster

    def commands(self, speech: Speech | None = None) -> Sequence[CommandMark]:
        """Every chat command there is for who said *speech*; for anyone without it."""
        return self._crew.commands(speech)

    @property
    def muted(self) -> Mapping[str, float]:
        """Who is not heard, by names in small letters, and for how many seconds yet."""
        return self._crew.mutes.names()

    def mute(self, who: str, seconds: float) -> None:
        """Let no plugin of this session hear *who*, a name as the MUD shows it or a login id, for *seconds*.

        Neither words nor commands nor what triggers look for; only ``@on(Line)`` methods still see the line.  Owners
        are heard all the same.  All plugins share it, and it outlasts a restart.
        """
        self._crew.mutes.mute(who, seconds)

    def unmute(self, who: str) -> bool:
        """Hear *who* again; whether that was muted."""
        return self._crew.mutes.unmute(who)

    def orders(self, speech: Speech) -> bool:
        """Whether *speech* is written as a chat command, ``!dance``, with the prefix and any name, known or not."""
        return self._crew.orders(speech)

    def role_of(self, who: Speech | Command) -> Role:
        """``owner``, ``trusted`` or ``anyone``, as far as the MUD proves who said it: only a tell does."""
        return self._crew.role_of(who.speech if isinstance(who, Command) else who)

    def quotas(self, who: Speech | Command) -> Mapping[str, tuple[int, float]]:
        """What is left to who said something of what plugins do, by their names: see ``Plugin.allowance``."""
        return self._crew.quotas(who.speech if isinstance(who, Command) else who)

    @property
    def owners(self) -> Sequence[str]:
        """The login ids of the owners, in small letters."""
        return self._crew.owners

    @property
    def characters(self) -> Sequence[str]:
        """The names that ``become`` knows."""
        return self._crew.characters()

    async def become(self, character: str) -> str:
        """Be another character of the configuration, or one that ships, until the bot ends; what it is called.

        It has its own memory.  Raises PluginError, naming those that there are, and ConfigError for a file with
        mistakes; then nothing has changed.
        """
        if self._crew.recast is None:
            raise PluginError("the character does not change here")
        return await self._crew.recast(character)

    async def tell_owners(self, text: str) -> bool:
        """Tell the owners in private, where the MUD's tells reach a login id and no mere name; whether that was so."""
        return tell_all(self._session, self._crew.owners, text)

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


def tell_all(session: Session, owners: Sequence[str], text: str) -> bool:
    """Tell *owners*, login ids, *text* in the game of *session*; False where the MUD's tells reach mere names."""
    reachable = session.state == "playing" and session.dialect.reply_to == "id"
    for owner in owners if reachable else ():
        session.say("tell", text, owner)
    return reachable and bool(owners)
