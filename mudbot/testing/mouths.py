"""What the MUD says in a test: lines, events, and people who speak."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from mudbot.events import Gmcp, Msdp, Prompt, SpeechKind
from mudbot.host.marks import Role
from mudbot.mud.text import decoder_name
from mudbot.mud.transcript import Typed
from mudbot.testing import wires
from mudbot.testing.heard import Voices, login_of

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin
    from mudbot.mud.session import Session
    from mudbot.testing.stage import Options, Stage


class Mouths(ABC):
    """The MUD's end of a bot's link: what it says there, and what leaves.

    Every method that is awaited returns when nothing can go further by itself, and raises what a plugin's handler
    raised meanwhile.  What the MUD says and people say gives what was said because of it, the words alone.
    """

    def __init__(self) -> None:
        self.sent: list[str] = []
        """The commands that left, in order: after the gate, at the dialect's pace.

        Empty ones, by which the bot stays awake and turns pages, are left out.
        """
        self._typed = Typed()

    @property
    @abstractmethod
    def options(self) -> Options:
        """What was chosen of it."""

    @abstractmethod
    async def settle(self) -> None:
        """Return when nothing can go further by itself; no time passes."""

    @abstractmethod
    async def _begun(self) -> Stage:
        """The bot, at work."""

    @abstractmethod
    async def _in_game(self) -> Stage:
        """The bot, with a link."""

    @abstractmethod
    def _stage(self) -> Stage:
        """The bot, which is at work.  Raises RuntimeError where it is not."""

    @abstractmethod
    def _note(self, sign: str, text: str, place: str) -> None:
        """Write down what was heard or sent."""

    @property
    def session(self) -> Session:
        """The session, for whoever wants to know more of it."""
        return self._stage().host_of(self.options.session)[1]

    @property
    def said(self) -> list[str]:
        """The words alone of all that left as speech: said, told, on channels, emoted."""
        dialect = self.session.dialect
        return [said for command in self.sent if (said := wires.words(dialect, command)) is not None]

    def plugin(self, name: str) -> Plugin:
        """The instance of a plugin that runs here."""
        running = self._stage().host_of(self.options.session)[0].running
        if name not in running:
            raise LookupError(f"there is no plugin {name!r} at work; there are: {', '.join(running) or 'none'}")
        return running[name].plugin

    async def hear(self, *heard: wires.Heard) -> list[str]:
        """The MUD sends lines, of text that may have several and colours in it, or events: Gmcp, Msdp, Prompt, Line."""
        __tracebackhide__ = True
        data = b"".join(wires.sent(each, self._codec()) for each in heard)
        return await self._send(data, "\n".join(map(wires.shown, heard)))

    async def hear_bytes(self, data: bytes) -> list[str]:
        """The MUD sends *data* as it is, telnet commands included."""
        __tracebackhide__ = True
        return await self._send(data, repr(data))

    async def prompt(self, text: str) -> list[str]:
        """The MUD sends a prompt, marked by GA."""
        __tracebackhide__ = True
        return await self.hear(Prompt(text, "ga"))

    async def gmcp(self, package: str, data: Any = None) -> list[str]:
        """The MUD sends a GMCP message: ``await bot.gmcp("Char.Vitals", {"hp": 20})``."""
        __tracebackhide__ = True
        return await self.hear(Gmcp(package, data))

    async def msdp(self, **variables: Any) -> list[str]:
        """The MUD sends MSDP variables: texts, lists and mappings of texts."""
        __tracebackhide__ = True
        return await self.hear(Msdp(variables))

    async def say(self, text: str, who: str = "Ann") -> list[str]:
        """Somebody says *text* in the room, as the dialect shows it."""
        __tracebackhide__ = True
        return await self._speak("say", text, who)

    async def tell(self, text: str, who: str = "Ann", *, role: Role = "anyone", id: str = "") -> list[str]:  # noqa: A002
        """Somebody tells the character *text* in private.

        With a *role* it is somebody whom the configuration names as an owner or as trusted, and the MUD shows it for
        sure.  Only a tell proves who speaks.  *id* is the login id, by default that of the name: 张三 is zhangsan.
        """
        __tracebackhide__ = True
        if role != "anyone":
            (await self._begun()).grant(self.options.session, id or login_of(who), role)
        return await self._speak("tell", text, who, login=id, proof=role != "anyone")

    async def whisper(self, text: str, who: str = "Ann") -> list[str]:
        """Somebody whispers *text* to the character."""
        __tracebackhide__ = True
        return await self._speak("whisper", text, who)

    async def channel(self, channel: str, text: str, who: str = "Ann") -> list[str]:
        """Somebody says *text* on a channel."""
        __tracebackhide__ = True
        return await self._speak("channel", text, who, channel=channel)

    async def emote(self, text: str, who: str = "Ann") -> list[str]:
        """Somebody does something for all to see."""
        __tracebackhide__ = True
        return await self._speak("emote", text, who)

    async def hang_up(self) -> None:
        """The MUD ends the link.  The bot comes back by itself, at once or later: ``await bot.advance("1m")``."""
        __tracebackhide__ = True
        (await self._in_game()).wires[self.options.session].hang_up()
        await self.settle()

    # -- the wire --------------------------------------------------------------------------------------------------

    async def _send(self, data: bytes, shown: str) -> list[str]:
        __tracebackhide__ = True
        place = self.options.session
        wire = (await self._in_game()).wires.get(place)
        if wire is None or wire.is_closing() or self.session.state != "playing":
            raise AssertionError(f"the bot is not in the game ({self.session!r}): advance the clock until it is back")
        for line in shown.split("\n"):
            self._note("<", line, place)
        before = len(self.said)
        await wire.feed(data)
        await self.settle()
        return self.said[before:]

    def take(self, data: bytes, encoding: str) -> None:
        """What left."""
        for line in filter(None, self._typed.feed(data, encoding)):
            self.sent.append(line)
            self._note(">", line, self.options.session)

    def _codec(self) -> str:
        encoding = self.options.encoding
        return decoder_name("utf-8" if encoding == "auto" else encoding)

    async def _speak(
        self, kind: SpeechKind, text: str, who: str, *, login: str = "", channel: str = "", proof: bool = False
    ) -> list[str]:
        __tracebackhide__ = True
        await self._begun()
        voices = Voices(self.session.dialect, self.options.language)
        return await self.hear(voices.line(kind, who, text, login=login, channel=channel, proof=proof))
