"""The MUD as a plugin sees it (``self.mud``)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from mudbot.errors import GateError, NoAnswer, PluginError
from mudbot.events import Command, Room, Speech
from mudbot.host.services.ask import Asks, Outcome, Waiting, Wanted, wanted
from mudbot.mud.people import plain_name

if TYPE_CHECKING:
    from mudbot.mind.actions import Action, Actions
    from mudbot.mind.character import Character, Sentence
    from mudbot.mind.manners import Manners, OptOuts
    from mudbot.mud.session import Session, State
    from mudbot.mud.told import Packages, Vitals

log = logging.getLogger(__name__)

ANSWER_WITHIN = 5.0
"""Seconds from a command to the MUD's answer, unless told otherwise: MUDs answer in tenths, their lag takes seconds."""


class Mud:
    """The MUD of this session.  Whatever is said passes the gate: it arrives as words, never as a command."""

    def __init__(
        self,
        session: Session,
        character: Character,
        *,
        may_command: bool,
        colleagues: Callable[[], set[str]] = set,
        asks: Asks | None = None,
        plugin: str = "NAME",
    ) -> None:
        self._session, self._character, self._may_command = session, character, may_command
        self.opt_outs: OptOuts | None = None
        """Who wants no answers: ``await self.mud.opt_outs.add(speech)``; None where nobody keeps them."""
        self._colleagues, self._open, self._plugin = colleagues, asks, plugin

    def __repr__(self) -> str:
        return repr(self._session)

    def _play(self, character: Character) -> None:
        self._character = character

    # -- what is known -------------------------------------------------------------------------------------------------

    @property
    def session(self) -> str:
        """The session's name."""
        return self._session.name

    @property
    def state(self) -> State:
        """``playing`` in the game; else ``new``, ``connecting``, ``logging in``, ``waiting`` (to try again) or
        ``stopped``."""
        return self._session.state

    @property
    def room(self) -> Room:
        """Where the character is, as far as it is known."""
        return self._session.room.current

    @property
    def who(self) -> tuple[str, ...]:
        """Who else is in the room, by the names that the MUD shows; empty where it did not say.

        From the last look, from people that come and go, and from GMCP.  ``await self.mud.look()`` asks the MUD.
        """
        own = self._session.own_names
        return tuple(name for name in self.room.people or () if plain_name(name) not in own)

    @property
    def vitals(self) -> Vitals:
        """How the character is, in numbers: ``self.mud.vitals.get("hp")``; empty where the MUD does not tell.

        From GMCP ``Char.Vitals`` and ``Char.MaxStats``, from MSDP, and of the character itself from ``GMCP.Status``.
        Names are in small letters; ``hp``, ``mp``, ``mv``, ``maxhp``, ``maxmp`` and ``maxmv`` are understood whatever
        the MUD calls them.  It is what is known now: it changes as the MUD tells more, and empties with a new link.
        """
        return self._session.told.vitals

    @property
    def gmcp(self) -> Packages:
        """The last data of each GMCP package on this link, by its name in any case: ``self.mud.gmcp["Room.Info"]``."""
        return self._session.told.gmcp

    @property
    def msdp(self) -> Mapping[str, Any]:
        """The last value of each MSDP variable on this link, by the name that the MUD uses: ``HEALTH``."""
        return self._session.told.msdp

    async def look(self) -> Room:
        """Look around and return the room."""
        return await self._session.look()

    # -- who speaks ----------------------------------------------------------------------------------------------------

    def addressed(self, speech: Speech) -> bool:
        """Whether somebody speaks to the character, in a way that can be answered.

        Never another character of this bot's: the two would go on for ever.
        """
        from mudbot.mind.address import addressed

        names = self._names()
        return self._session.can_answer(speech) and not self.colleague(speech) and addressed(speech, names, self.room)

    def _names(self) -> Sequence[str]:
        from mudbot.mud.spelling import in_both_scripts

        return in_both_scripts(self._session.character.name, *self._character.persona.names)

    def can_answer(self, speech: Speech) -> bool:
        """Whether there is a way to answer *speech*."""
        return self._session.can_answer(speech)

    def colleague(self, speech: Speech) -> bool:
        """Whether another character of this bot's speaks: the two must not answer each other for ever.

        It is known by its name, and where the MUD shows it by its login id.
        """
        return not self._colleagues().isdisjoint(plain_name(name) for name in (speech.speaker, speech.id) if name)

    # -- speaking ------------------------------------------------------------------------------------------------------

    # Each returns whether it goes out: False where there is no way to say it, for which the log has the reason.  What
    # goes out may still be dropped later, where the MUD mutes the character, the same was said there too often just
    # now, or the link is away for long.

    async def say(self, text: str) -> bool:
        """Say *text* in the room.  False where nothing of it can be said; the log says why."""
        return self._session.say("say", text)

    async def tell(self, who: str | Speech | Command, text: str) -> bool:
        """Tell *who* in private: a name, what ``address`` gave, or whoever said something, wherever that was.

        In MUDs whose tells want a login id, that of a name is the one that it was seen with; where it was not, the
        character looks who is here.  False where nothing is said: nobody knows the id, the name was seen with two ids,
        or this MUD's tells cannot take it; the log says why.  It cannot know whether *who* is in the game.
        """
        if isinstance(who, str):
            spoke = self._session.voice.whom(who)
        else:
            heard = who.speech if isinstance(who, Command) else who
            spoke = Speech("tell", heard.speaker, None, heard.id)
        await self._session.find_out(spoke)
        return self._session.answer(spoke, text)

    def address(self, who: Speech | Command) -> str:
        """Whoever spoke, as ``tell`` takes it: a text to keep for later, in ``self.store`` for example.

        It is the name, ``Ann``, or in MUDs whose tells want a login id the name with that, ``张三 <zhangsan>``, as far
        as it is known; empty where nobody knows who spoke.
        """
        return self._session.voice.address(who.speech if isinstance(who, Command) else who)

    async def channel(self, name: str, text: str) -> bool:
        """Say *text* on the channel *name*, as the MUD shows it.  False where that cannot be; the log says why."""
        return self._session.say("channel", text, name)

    async def emote(self, text: str) -> bool:
        """Do something for all to see.  False where that cannot be; the log says why."""
        return self._session.say("emote", text)

    async def reply(self, to: Speech | Command, text: str, *, typing: bool = False) -> bool:
        """Say *text* where *to* was said: in the room, in private, on its channel.

        With *typing* not before the character could have typed it: for conversation, not for the answers of a machine.
        False where there is no way to answer; the log says why.
        """
        speech = to.speech if isinstance(to, Command) else to
        await self._session.find_out(speech)
        return self._session.answer(speech, text, typing=typing)

    async def act(self, to: Speech | Command, part: Sentence, *, typing: bool = False) -> None:
        """Say or do *part* of an answer of ``self.ai.speak``: words where *to* was said, an emote in the room.

        What is done keeps its place among the words, however long these are typed.  A command is sent where the plugin
        has ``permissions: {commands: true}``; PluginError otherwise.
        """
        speech = to.speech if isinstance(to, Command) else to
        match part.kind:
            case "words":
                await self.reply(to, part.text, typing=typing)
            case "emote":
                self._session.say("emote", part.text, beside=speech if part.source == "model" else None)
            case "command":
                self._need_commands()
                try:
                    self._session.command(part.text, beside=speech)
                except GateError as exc:
                    log.warning("%s: not done: %s", self.session, exc)

    async def remark(self, to: Speech, occasion: Literal["later", "by_name"]) -> None:
        """Say a line that the persona has for an *occasion*, where *to* was said, in its language."""
        text = to.text or ""
        await self.reply(to, self._character.persona.spoken_to(text).line(occasion, text), typing=True)

    def manners(self, config: Any) -> Manners:
        """What knows when to answer and when to be silent; *config* are the plugin's settings.

        >>> if await self.manners.lets(speech):
        ...     await self.manners.turn(speech, self.answer)

        It looks for ``answers`` and ``within``, ``while_busy`` and ``waiting``, ``quiet``, ``ignore``, ``bots``,
        ``channels`` and ``wary`` in them: see ``mudbot.mind.manners``.
        """
        from mudbot.mind.manners import Manners

        return Manners(config, self._character.clock, say=self.remark, names=self._names, opted_out=self.opt_outs)

    def can(self, verb: Literal["say", "tell", "whisper", "channel", "emote"]) -> bool:
        """Whether this MUD has a way to do so, as far as its dialect says."""
        return verb in self._session.dialect.speak

    def actions(self, actions: Mapping[str, Action]) -> Actions:
        """What the model may do besides talking (``self.ai.speak(..., actions=...)``): the owner's list.

        Raises PluginError where it has commands and the plugin has no ``permissions: {commands: true}``.
        """
        from mudbot.mind.actions import Actions

        if any(action.command for action in actions.values()):
            self._need_commands()
        return Actions(actions, self._character.clock, role_of=self._character.lore.role_of)

    async def send(self, *commands: str) -> None:
        """Send raw commands; none if one of them is not one plain line, which raises GateError.

        Only for plugins to which the owner granted ``permissions: {commands: true}``.
        """
        self._need_commands()
        for command in commands[1:]:
            self._session.voice.plain(command)
        for command in commands:
            self._session.command(command)

    # -- waiting -------------------------------------------------------------------------------------------------------

    async def ask(
        self,
        command: str,
        /,
        *outcomes: Wanted,
        timeout: float = ANSWER_WITHIN,  # noqa: ASYNC109  # by the bot's clock, and named with what was asked
        speech: bool = False,
        **named: Wanted,
    ) -> Outcome:
        """Send *command* and wait for the first of several outcomes.

        >>> sold = await self.mud.ask("buy sword", ok=r"You buy (?P<what>.+)\\.", poor=r"can't afford")
        >>> if sold.name == "ok":
        ...     await self.mud.say(f"I have {sold['what']} now.")

        An outcome is a regular expression, or what ``@trigger`` takes, as a dict: ``poor={"text": "can't afford"}``,
        ``ok={"pattern": r"^HP: (?P<hp>\\d+)", "prompt": True}``.  Where two are found in one line, the one written
        first counts.  *timeout* is in seconds from the moment when the command left; before that it may wait for its
        turn, as any command does, 30 s at most.  Only lines read after that moment count, each for one ask, in the
        order in which the commands left; nobody's words do, unless *speech* says so.  Other triggers fire on them too.

        Where the MUD breaks long words into lines, none of those counts, as far as the dialect's ``wrap`` tells where
        words begin and end.  In a dialect without ``wrap``, and in emotes, a player's second line cannot be told from
        the MUD's own: where money hangs on it, ask for its colour, ``ok={"pattern": ..., "color": "bright green"}``.

        Only for plugins to which the owner granted ``permissions: {commands: true}``.  Raises NoAnswer that names the
        command and what was waited for: in time nothing came, it was not sent, the link ended, or the character is not
        in the game.  Raises GateError where *command* is not one plain line, PluginError for a pattern that is none.
        """
        self._need_commands()
        waiting = self._waiting("ask", wanted("ask", outcomes, named), timeout, command, speech=speech)
        undo: Callable[[], None] | None = None
        try:
            if self.state != "playing":
                waiting.fail(f"it was not sent: the character is not in the game ({self.state})")
            else:
                undo = self._session.sending(command, waiting.sent)
            return await waiting.future
        finally:
            if undo is not None:
                undo()
            waiting.close()

    async def wait_for(
        self,
        *outcomes: Wanted,
        timeout: float | None = None,  # noqa: ASYNC109  # as above
        speech: bool = True,
        **named: Wanted,
    ) -> Outcome:
        """Wait for the first of several outcomes, written as in ``ask``, without sending anything.

        It looks from this moment on, at every line that triggers see, others' words too (without *speech* not at them);
        it takes nothing from triggers, asks, or others who wait.  Without *timeout*, in seconds, the deadline of the
        handler (120 s) is the only bound.  Raises NoAnswer: in time nothing came, or the link ended.
        """
        waiting = self._waiting("wait_for", wanted("wait_for", outcomes, named), timeout, None, speech=speech)
        try:
            waiting.arm()
            return await waiting.future
        finally:
            waiting.close()

    async def wait_for_speech(
        self,
        fits: Callable[[Speech], object],
        *,
        timeout: float | None = None,  # noqa: ASYNC109  # as above
    ) -> Speech:
        """Wait until somebody says what *fits*, and return that.

        >>> yes = await self.mud.wait_for_speech(lambda speech: speech.text == "yes", timeout=60)

        It hears what ``@on(Speech)`` methods hear: neither chat commands nor the character's own words.  *timeout* is
        in seconds, as in ``wait_for``.  Raises NoAnswer: in time nothing fitted, or the link ended; and what *fits*
        raises.
        """
        waiting = self._waiting("wait_for_speech", {}, timeout, None, speech=True)
        waiting.fits = fits
        try:
            waiting.arm()
            speech = (await waiting.future).speech
            assert speech is not None
            return speech
        finally:
            waiting.close()

    def _waiting(self, call: str, hopes: Any, seconds: float | None, command: str | None, *, speech: bool) -> Waiting:
        if seconds is not None and not seconds > 0:
            raise PluginError(f"{call}: timeout is in seconds above 0, not {seconds}")
        if self._open is None:
            raise NoAnswer(f"{call}: there is no engine to find an answer with", command=command)
        return Waiting(self._open, hopes, seconds, command=command, speech=speech, owner=self)

    def _need_commands(self) -> None:
        if not self._may_command:
            where = f"plugins.{self._plugin}.permissions.commands: true"
            raise PluginError(f"raw commands want the owner's permission: {where}")
