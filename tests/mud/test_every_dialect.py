"""Two characters talk in every dialect and in each encoding that it is found with, in a world that plays the family.

The world's formats, limits and flood rules were written from the servers' sources, the dialects' files apart from them.
A family's true pace takes its time, so all worlds are open at once and each conversation is one test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from threading import Thread

import pytest

from mudbot.clock import SystemClock
from mudbot.events import LoggedIn, SessionEvent, Speech
from mudbot.local.tavern import Tavern
from mudbot.local.tavern.manners import DIALECTS, load_manners
from mudbot.mud import dialect
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address
from mudbot.mud.voice import Manner

World = tuple[str, str]
WORLDS: list[World] = [(name, encoding) for name in DIALECTS for encoding in load_manners(name).encodings]
ES2 = ("nt7", "oiuv", "xkx", "pkuxkx")
WORDS = {
    **dict.fromkeys(("utf-8", "gbk", "gb18030"), "客官，里面请"),
    **dict.fromkeys(("cp1251", "koi8-r"), "Привет, гость"),
    "big5": "客官，裡面請",
    "latin-1": "Café, señor",
}
HOSTILE = ["a\r\nquit", "b\bquit", "c\0quit", "d;quit", "[quit]", "|quit", "%rquit", "e\x1b[2Jquit", ":quit", "'quit"]
PATIENCE = 60.0


class Presence:
    """A session that runs, and what it heard."""

    def __init__(self, tavern: Tavern, login: str, name: str) -> None:
        address = Address("127.0.0.1", tavern.port, encoding=tavern.encoding)
        character = Character(login, "secret", aliases=(name,))
        rules = dialect.load(tavern.dialect)
        clock, manner = SystemClock(), Manner(typing=0)
        self.login, self.name = login, name
        self.session = Session(login, address, rules, character, clock=clock, manner=manner)
        self.events: list[SessionEvent] = []
        self._news = asyncio.Event()
        self.session.listener = self._listen
        self.living = asyncio.create_task(self.session.run())

    def _listen(self, events: Sequence[SessionEvent]) -> None:
        self.events += events
        self._news.set()

    async def until(self, done: Callable[[], object], what: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                while not done():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"{self.session!r} waited in vain for {what}; heard {self.speech}") from None

    async def hears(self, words: str) -> Speech:
        """The speech that has *words*, once it came."""
        await self.until(lambda: self._with(words), words)
        return self._with(words)[0]

    def _with(self, words: str) -> list[Speech]:
        return [speech for speech in self.speech if words in (speech.text or "").casefold()]

    async def enters(self) -> None:
        await self.until(lambda: any(isinstance(event, LoggedIn) for event in self.events), "the game")

    @property
    def speech(self) -> list[Speech]:
        return [event for event in self.events if isinstance(event, Speech)]

    async def end(self) -> None:
        await self.session.stop()
        await asyncio.wait_for(self.living, 10)


class Conversation:
    """Two characters in a world of a family."""

    def __init__(self, tavern: Tavern, ann: Presence, bob: Presence) -> None:
        self.tavern, self.ann, self.bob = tavern, ann, bob
        self.rules = dialect.load(tavern.dialect)
        self.words = WORDS[tavern.encoding] if self.rules.charset == "any" else "Come in, guest"

    async def all(self) -> None:
        """Everything, in turn."""
        await self.say()
        await self.in_private()
        await self.on_a_channel()
        await self.at_length()
        await self.with_hostile_words()
        for each in (self.ann, self.bob):
            assert not any(each.session.is_own(speech) for speech in each.speech), "somebody heard himself"
        assert {speech.kind for speech in self.ann.speech} <= {"tell", "whisper", "channel"}
        assert self.tavern.offences == [], "a rule of the family was broken"

    async def say(self) -> None:
        """A say arrives with its speaker and its very words."""
        assert self.ann.session.say("say", f"{self.words} one")
        said = await self.bob.hears("one")
        assert said.kind == "say"
        assert said.speaker == self.ann.name
        assert f"{self.words} one".casefold() in (said.text or "").casefold()

    async def in_private(self) -> None:
        """A tell arrives as one, and its answer goes back to the one who asked."""
        self.ann.session.say("tell", f"{self.words} two", self.bob.login)
        told = await self.bob.hears("two")
        assert told.private
        assert self.bob.session.answer(told, f"{self.words} three")
        assert (await self.ann.hears("three")).private

    async def on_a_channel(self) -> None:
        """A channel's line is heard as that, and answered on it."""
        if not any(act.counts == "channel" for act in load_manners(self.tavern.dialect).speech.values()):
            return
        channel = next(iter(self.rules.channels), "Public")
        self.ann.session.say("channel", f"{self.words} four", channel)
        heard = await self.bob.hears("four")
        assert heard.kind == "channel"
        assert self.bob.session.answer(heard, f"{self.words} five")
        assert (await self.ann.hears("five")).channel == heard.channel

    async def at_length(self) -> None:
        """A long answer arrives whole: cut by wire bytes, no character halved, nothing lost."""
        most = min(3 * self.rules.max_bytes // len(f"{self.words} 99. ".encode(self.tavern.encoding)), 60)
        numbers = range(10, 10 + most)
        assert self.ann.session.say("say", " ".join(f"{self.words} {number}." for number in numbers))
        await self.bob.hears(f" {numbers[-1]}")
        heard = " ".join(speech.text or "" for speech in self.bob.speech if speech.kind == "say").casefold()
        assert [n for n in numbers if f"{self.words} {n}".casefold() not in heard] == []

    async def with_hostile_words(self) -> None:
        """Second commands, control characters, markup: the world runs nothing but what was meant."""
        before = len(self.tavern.deeds)
        self.ann.session.say("emote", "smiles at nobody")
        for text in (*HOSTILE, "and the end"):
            self.ann.session.say("say", text)
        await self.bob.hears("the end")
        mine = {w for who, w, _ in self.tavern.deeds[before:] if who.casefold() == self.ann.login.casefold()}
        assert mine <= {"say", self.rules.speak["emote"].split()[0].casefold()}
        assert self.ann.session.state == "playing"


async def converse(world: World) -> None:
    """The whole conversation in one world."""
    family, encoding = world
    people = [("Ann", "Ann"), ("Bob", "Bob")]
    if family in ES2:
        people = [("zhangsan", "張三" if encoding == "big5" else "张三"), ("lisi", "李四")]
    async with Tavern(dialect=family, encoding=encoding) as tavern:
        for login, name in people if family != "tavern" else ():
            tavern.register(login, "secret", name=name if family in ES2 else "")
        both = [Presence(tavern, login, name) for login, name in people]
        try:
            await asyncio.gather(*(each.enters() for each in both))
            await Conversation(tavern, *both).all()
        finally:
            await asyncio.gather(*(each.end() for each in both))


@pytest.fixture(scope="module")
def conversations() -> Iterator[dict[World, Future[None]]]:
    """All of them, going on in a loop of their own."""
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    yield {world: asyncio.run_coroutine_threadsafe(converse(world), loop) for world in WORLDS}
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.mark.parametrize("world", WORLDS, ids="-".join)
def test_two_characters_talk(world: World, conversations: dict[World, Future[None]]) -> None:
    """Say, private word, channel, long answer and hostile words, and no rule of the family broken."""
    conversations[world].result(110)
