"""A character's presence: in, heard, speaking, thrown out, back; against the embedded world and hostile servers."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import pytest

from mudbot.clock import SystemClock
from mudbot.errors import ConnectError
from mudbot.events import Closed, Disconnected, Line, LoggedIn, SessionEvent, Speech
from mudbot.local.tavern import Tavern
from mudbot.mud import dialect
from mudbot.mud.login import Character
from mudbot.mud.reconnect import Reconnect
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address, Connection


class Presence:
    """A session that runs, and what it heard."""

    def __init__(self, name: str, port: int, *, family: str = "tavern", encoding: str = "utf-8") -> None:
        address = Address("127.0.0.1", port, encoding=encoding)
        self.session = Session(name, address, dialect.load(family), Character(name, "secret"), clock=SystemClock())
        self.events: list[SessionEvent] = []
        self._news = asyncio.Event()
        self.session.listener = self._listen
        self.living = asyncio.create_task(self.session.run())

    def _listen(self, events: Sequence[SessionEvent]) -> None:
        self.events += events
        self._news.set()

    async def until(self, done: Callable[[], object], seconds: float = 10) -> None:
        """Wait until *done*, which is asked again whenever something was heard."""
        async with asyncio.timeout(seconds):
            while not done():
                self._news.clear()
                await asyncio.wait({asyncio.ensure_future(self._news.wait())}, timeout=0.05)

    def count(self, kind: type) -> int:
        return sum(isinstance(event, kind) for event in self.events)

    def heard(self, text: str) -> list[Speech]:
        return [e for e in self.events if isinstance(e, Speech) and e.text == text]

    async def end(self) -> None:
        await self.session.stop()
        await asyncio.wait_for(self.living, 5)


@pytest.fixture(params=[("en", "utf-8"), ("zh", "gbk")], ids=["en", "zh-gbk"])
async def tavern(request: pytest.FixtureRequest) -> AsyncIterator[Tavern]:
    language, encoding = request.param
    async with Tavern(language=language, encoding=encoding) as world:
        yield world


async def enter(tavern: Tavern, *names: str) -> list[Presence]:
    encoding = "gbk" if "gbk" in repr(tavern) else "utf-8"
    presences = [Presence(name, tavern.port, encoding=encoding) for name in names]
    for presence in presences:
        await presence.until(lambda p=presence: p.count(LoggedIn))  # type: ignore[misc]
    return presences


async def test_say_tell_and_channel_are_heard_and_spoken(tavern: Tavern) -> None:
    """Two characters talk in every way there is, in each language and encoding, and nobody hears itself."""
    chen, bob = await enter(tavern, "老陈", "Bob")
    assert chen.session.say("say", "你好，客官 hello")
    await bob.until(lambda: bob.heard("你好，客官 hello"))
    assert chen.session.answer(Speech("tell", "Bob", "psst"), "悄悄话")
    await bob.until(lambda: bob.heard("悄悄话"))
    assert bob.heard("悄悄话")[0].private
    assert chen.session.say("channel", "all hear this", "闲聊")
    await bob.until(lambda: bob.heard("all hear this"))
    assert [e for e in chen.events if isinstance(e, Speech)] == []
    await bob.end()
    await chen.end()


async def test_it_comes_back_after_the_link_dropped(tavern: Tavern) -> None:
    """A drop is told once, and the character is in again and speaks."""
    chen, bob = await enter(tavern, "Chen", "Bob")
    await tavern.drop("Chen")
    await chen.until(lambda: chen.count(LoggedIn) == 2)
    assert chen.count(Disconnected) == 1
    chen.session.say("say", "I am back")
    await bob.until(lambda: bob.heard("I am back"))
    await bob.end()
    await chen.end()


async def test_what_is_said_while_away_is_said_after_the_return() -> None:
    """A line that waits is not lost with the link, and not doubled."""
    async with Tavern() as world:
        chen, bob = await enter(world, "Chen", "Bob")
        await world.drop("Chen")
        await chen.until(lambda: chen.count(Disconnected))
        chen.session.say("say", "only once")
        await bob.until(lambda: bob.heard("only once"))
        chen.session.say("say", "and on")
        await bob.until(lambda: bob.heard("and on"))
        assert len(bob.heard("only once")) == 1
        await bob.end()
        await chen.end()


async def test_it_knows_who_is_in_the_room(tavern: Tavern) -> None:
    """People are known from the MUD's own word when they come and when they go."""
    (chen,) = await enter(tavern, "Chen")
    await chen.until(lambda: chen.session.room.current.people == ())
    (bob,) = await enter(tavern, "Bob")
    await chen.until(lambda: chen.session.room.current.people == ("Bob",))
    room = await chen.session.look()
    assert room.name in ("Drunken Crane Inn", "醉鹤楼")
    assert len(room.description) > 20
    assert len(room.exits) == 2
    await bob.end()
    await chen.until(lambda: chen.session.room.current.people == ())
    await chen.end()


async def test_a_wrong_password_is_tried_once_more_and_never_again() -> None:
    """MUDs lock accounts that guess: after two refusals the session is over and says why."""
    async with Tavern() as world:
        (bob,) = await enter(world, "Bob")
        await bob.end()
        address = Address("127.0.0.1", world.port)
        session = Session("b", address, dialect.load("tavern"), Character("Bob", "wrong"), clock=SystemClock())
        session.reconnect = Reconnect(cap=0.01)
        await asyncio.wait_for(session.run(), 10)
        assert session.reconnect.refusals == 2
        assert session.state == "stopped"
        assert "login.password" in session.why


async def test_a_flood_of_commands_in_a_text_stays_words() -> None:
    """Line breaks, quit and backspaces arrive as words of one say."""
    async with Tavern() as world:
        chen, bob = await enter(world, "Chen", "Bob")
        chen.session.say("say", "well\r\nquit\n; look \x08\x08\x08quit \u2028 tell bob x")
        await bob.until(lambda: bob.heard("well quit ; look quit tell bob x"))
        assert chen.session.state == "playing"
        await bob.end()
        await chen.end()


async def test_stop_does_not_wait_for_a_mud_that_does_not_answer() -> None:
    """A server that accepts and then is silent is left at once."""
    ended = asyncio.Event()

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()
        ended.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    async with server:
        presence = Presence("Chen", server.sockets[0].getsockname()[1])
        await presence.until(lambda: presence.session.state == "logging in")
        await asyncio.wait_for(presence.end(), 3)
        assert presence.session.state == "stopped"
        await ended.wait()


async def test_nothing_listens_is_said_with_the_address() -> None:
    """The reason names host and port and what to look at, and the session goes on trying."""
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    presence = Presence("Chen", port)
    await presence.until(lambda: presence.session.state == "waiting")
    assert f"127.0.0.1:{port}" in presence.session.why
    assert "host and port" in presence.session.why
    await presence.end()


async def test_a_mud_that_never_reads_is_given_up() -> None:
    """A server that floods telnet questions and reads no answer costs bounded memory."""
    ended = asyncio.Event()

    async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]
        writer.write(b"\xff\xfd\x18")  # DO TTYPE, then: which one?
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"\xff\xfa\x18\x01\xff\xf0" * 500)
                await writer.drain()
        writer.transport.abort()
        ended.set()

    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)  # what the kernel holds is not the bot's memory
    listening.bind(("127.0.0.1", 0))
    server = await asyncio.start_server(flood, sock=listening)
    async with server:
        presence = Presence("Chen", listening.getsockname()[1])
        await presence.until(lambda: "does not read" in presence.session.why, 60)
        await presence.end()
        await ended.wait()


async def scripted(*chunks: bytes) -> tuple[asyncio.Server, int]:
    """A server that says *chunks*, each after a line was typed, and then listens."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            for chunk in chunks:
                writer.write(chunk)
                await reader.readuntil(b"\n")
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


async def test_the_rest_of_an_endless_line_is_no_speech() -> None:
    """Filler up to the bound and then a forged tell: the piece behind the cut is not read as one."""
    forged = b"x" * 16384 + b"Owner tells you, 'obey'\r\nAnn tells you, 'hello'\r\n> "
    server, port = await scripted(b"By what name? ", b"Password: ", b"Welcome.\r\n> \xff\xf9", forged)
    async with server:
        presence = Presence("Chen", port, family="generic")
        await presence.until(lambda: presence.count(LoggedIn))
        presence.session.say("say", "go on")
        await presence.until(lambda: presence.heard("hello"))
        assert presence.heard("obey") == []
        await presence.end()


async def test_a_password_that_cannot_be_typed_ends_the_session() -> None:
    """Trying again would not help: it stops at once and names the setting."""
    server, port = await scripted(b"By what name? ", b"Password: ")
    async with server:
        address = Address("127.0.0.1", port, encoding="latin-1")
        session = Session("b", address, dialect.load("generic"), Character("Bob", "密码"), clock=SystemClock())
        await asyncio.wait_for(session.run(), 10)
        assert session.state == "stopped"
        assert "password" in session.why
        assert "密码" not in session.why


def self_signed(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that nobody vouches for, and its key."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subject = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 {subject} -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    return certificate, key


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
async def test_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that nobody vouches for is refused; one that is trusted carries the link."""
    certificate, key = await asyncio.to_thread(self_signed, tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    async def serve(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write("欢迎\r\n".encode("gbk"))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    address = Address("localhost", server.sockets[0].getsockname()[1], tls=True, encoding="gbk")
    heard: list[object] = []
    async with server:
        with pytest.raises(ConnectError, match="certificate verify failed"):
            await Connection(address, heard.extend).open()
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        await Connection(address, heard.extend).open()
        async with asyncio.timeout(5):
            while not any(isinstance(event, Closed) for event in heard):  # noqa: ASYNC110 - polls a list
                await asyncio.sleep(0.02)
    assert heard[0] == Line("欢迎")
