"""The MUD as a plugin sees it (``self.mud``)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from mudbot.errors import PluginError
from mudbot.events import Command, Room, Speech

if TYPE_CHECKING:
    from mudbot.mind.character import Character
    from mudbot.mud.session import Session


class Mud:
    """The MUD of this session.  Whatever is said passes the gate: it arrives as words, never as a command."""

    def __init__(
        self,
        session: Session,
        character: Character,
        *,
        may_command: bool,
        colleagues: Callable[[], set[str]] = set,
    ) -> None:
        self._session, self._character, self._may_command = session, character, may_command
        self._colleagues = colleagues

    def __repr__(self) -> str:
        return repr(self._session)

    @property
    def session(self) -> str:
        """The session's name."""
        return self._session.name

    @property
    def room(self) -> Room:
        """Where the character is, as far as it is known."""
        return self._session.room.current

    async def look(self) -> Room:
        """Look around and return the room."""
        return await self._session.look()

    def addressed(self, speech: Speech) -> bool:
        """Whether somebody speaks to the character, in a way that can be answered.

        Never another character of this bot's: the two would go on for ever.
        """
        from mudbot.mind.address import addressed
        from mudbot.mud.spelling import in_both_scripts

        names = in_both_scripts(self._session.character.name, *self._character.persona.names)
        return self._session.can_answer(speech) and not self.colleague(speech) and addressed(speech, names, self.room)

    def can_answer(self, speech: Speech) -> bool:
        """Whether there is a way to answer *speech*."""
        return self._session.can_answer(speech)

    def colleague(self, speech: Speech) -> bool:
        """Whether another character of this bot's speaks: the two must not answer each other for ever."""
        return (speech.speaker or "").casefold() in self._colleagues()

    async def say(self, text: str) -> None:
        """Say *text* in the room."""
        self._session.say("say", text)

    async def tell(self, who: str, text: str) -> None:
        """Tell *who* in private."""
        self._session.say("tell", text, who)

    async def channel(self, name: str, text: str) -> None:
        """Say *text* on the channel *name*, as the MUD shows it."""
        self._session.say("channel", text, name)

    async def emote(self, text: str) -> None:
        """Do something for all to see."""
        self._session.say("emote", text)

    async def reply(self, to: Speech | Command, text: str, *, typing: bool = False) -> None:
        """Say *text* where *to* was said: in the room, in private, on its channel.

        With *typing* not before the character could have typed it: for conversation, not for the answers of a machine.
        """
        self._session.answer(to.speech if isinstance(to, Command) else to, text, typing=typing)

    async def send(self, *commands: str) -> None:
        """Send raw commands; none if one of them is not one plain line, which raises GateError.

        Only for plugins to which the owner granted ``permissions: {commands: true}``.
        """
        if not self._may_command:
            raise PluginError("raw commands want the owner's permission: plugins.NAME.permissions.commands: true")
        for command in commands[1:]:
            self._session.voice.plain(command)
        for command in commands:
            self._session.command(command)
