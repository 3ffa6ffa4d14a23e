"""The tavern over real sockets: several people, two languages, two encodings, telnet, GMCP."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import telnetlib3

from mudbot.errors import LocalError
from mudbot.local.tavern import Tavern
from mudbot.local.tavern.__main__ import main

IAC, GA, DO, DONT, WILL, WONT = b"\xff", b"\xff\xf9", b"\xff\xfd", b"\xff\xfe", b"\xff\xfb", b"\xff\xfc"
ECHO, SGA, GMCP = b"\x01", b"\x03", b"\xc9"
_TELNET = re.compile(rb"\xff\xfa.*?\xff\xf0|\xff[\xfb-\xfe].|\xff[^\xff]", re.DOTALL)


class Guest:
    """A bare TCP client that leaves telnet's commands out of what it shows."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, encoding: str) -> None:
        self.reader, self.writer, self.encoding = reader, writer, encoding
        self.raw = b""
        self.seen = 0

    async def until(self, text: str) -> str:
        """What came since the last call, up to and with *text*."""
        async with asyncio.timeout(10):
            while (at := self.text.find(text, self.seen)) < 0:
                data = await self.reader.read(65536)
                assert data, f"closed before {text!r}: {self.text[self.seen :]!r}"
                self.raw += data
        start, self.seen = self.seen, at + len(text)
        return self.text[start : self.seen]

    async def until_bytes(self, data: bytes) -> None:
        """Read until the bytes came."""
        async with asyncio.timeout(10):
            while data not in self.raw:
                self.raw += await self.reader.readexactly(1)

    async def rest(self) -> str:
        """All that still comes, until the other side hangs up."""
        async with asyncio.timeout(10):
            self.raw += await self.reader.read()
        return self.text[self.seen :]

    @property
    def text(self) -> str:
        return _TELNET.sub(b"", self.raw).decode(self.encoding, "ignore")

    def type(self, line: str) -> None:
        self.writer.write(line.encode(self.encoding) + b"\r\n")

    async def does(self, line: str) -> list[str]:
        """The lines that answer a command, up to the next prompt."""
        self.type(line)
        return (await self.until("\r\n> ")).split("\r\n")[:-1]

    async def enter(self, name: str, password: str = "pw") -> str:
        """Log in; what was shown from the welcome to the first prompt."""
        self.type(name)
        self.type(password)
        return await self.until("\r\n> ")


class Inn:
    """A tavern and the guests that a test lets in."""

    def __init__(self, tavern: Tavern, encoding: str) -> None:
        self.tavern, self.encoding = tavern, encoding
        self.guests: list[Guest] = []

    async def connect(self) -> Guest:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.tavern.port)
        guest = Guest(reader, writer, self.encoding)
        self.guests.append(guest)
        return guest

    async def guest(self, name: str, password: str = "pw") -> Guest:
        guest = await self.connect()
        await guest.enter(name, password)
        return guest


@asynccontextmanager
async def open_inn(encoding: str = "utf-8", language: str = "en") -> AsyncIterator[Inn]:
    async with Tavern(encoding=encoding, language=language) as tavern:
        inn = Inn(tavern, encoding)
        try:
            yield inn
        finally:
            for guest in inn.guests:
                guest.writer.close()


@pytest.fixture
async def inn() -> AsyncIterator[Inn]:
    async with open_inn() as inn:
        yield inn


class TelnetGuest(telnetlib3.TelnetClient):
    """A real telnet client; agrees to GMCP and writes its messages down."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        assert self.writer is not None
        self.writer.environ_encoding = "utf-8"
        self.messages: asyncio.Queue[tuple[str, Any]] = asyncio.Queue()

    def on_gmcp(self, package: str, data: Any) -> None:
        self.messages.put_nowait((package, data))

    async def message(self, package: str) -> Any:
        async with asyncio.timeout(10):
            while True:
                name, data = await self.messages.get()
                if name == package:
                    return data


async def test_a_login_over_a_bare_connection(inn: Inn) -> None:
    """nc is enough: banner, name, password, welcome, room, prompt."""
    guest = await inn.connect()
    assert "Drunken Crane" in await guest.until("By what name are you known? ")
    guest.type("Bob")
    await guest.until("Password: ")
    guest.type("secret")
    room = await guest.until("\r\n> ")
    assert room.startswith("\r\nWelcome, Bob.\r\nDrunken Crane Inn\r\nSmoke")
    assert room.endswith("\r\nExits: south, west.\r\n> ")
    assert inn.tavern.people == ("Bob",)


async def test_people_talk_in_two_encodings() -> None:
    """The same Chinese scene in UTF-8 and in GBK."""
    for encoding in ("utf-8", "gbk"):
        async with open_inn(encoding, "zh") as inn:
            one, other = await inn.guest("张三"), await inn.guest("李四")
            await one.until("李四走进了这个世界。\r\n")
            assert await one.does("说 许功盖，你好") == ["你说道：许功盖，你好"]
            await other.until("张三说道：许功盖，你好\r\n")
            assert await other.does("tell 张三 嘘") == ["你告诉张三：嘘"]
            await one.until("李四告诉你：嘘\r\n")
            assert "张三说道".encode(encoding) in other.raw


async def test_gbk_reads_gb18030_and_answers_in_gbk() -> None:
    """A character that GBK lacks is shown as a question mark to all, and breaks nothing."""
    async with open_inn("gbk", "zh") as inn:
        guest = await inn.guest("张三")
        guest.writer.write("说 好😀吧\n".encode("gb18030"))
        await guest.until("你说道：好?吧\r\n")


async def test_each_hears_his_own_language(inn: Inn) -> None:
    """Two languages at one table."""
    bob, ann = await inn.guest("Bob"), await inn.guest("Ann")
    assert await ann.does("language zh") == ["语言：中文。"]
    await bob.does("say hello")
    await ann.until("Bob说道：hello\r\n")
    await ann.does("chat 你好")
    await bob.until("[chat] Ann: 你好\r\n")


async def test_an_answer_ends_with_a_prompt_and_news_does_not(inn: Inn) -> None:
    """As on FluffOS: what others do follows the waiting prompt on its line, and no second prompt comes."""
    bob, ann = await inn.guest("Bob"), await inn.guest("Ann")
    await bob.does("say one")
    await bob.does("say two")
    await ann.does("who")
    assert '> Bob says, "one"\r\nBob says, "two"\r\nIn the world: 2\r\n' in ann.text
    bob.type("")
    await bob.until("> ")


async def test_lines_may_end_and_break_anywhere(inn: Inn) -> None:
    """Line ends of every kind; a line, a character, a line end split over packets."""
    guest = await inn.guest("Bob")
    for packet in (b"say a\r", b"\nsa", b"y \xe4\xbd", b"\xa0\r", b"\0say c\n", b"say d\r"):
        guest.writer.write(packet)
        await guest.writer.drain()
    await guest.until('You say, "a"\r\n> You say, "你"\r\n> You say, "c"\r\n> You say, "d"\r\n> ')


async def test_the_password_is_not_shown(inn: Inn) -> None:
    """WILL ECHO with the question, WONT ECHO and the line end with the answer."""
    guest = await inn.connect()
    guest.type("Bob")
    await guest.until("Password: ")
    assert WILL + ECHO + b"Password: " in guest.raw
    assert WONT + ECHO not in guest.raw
    guest.writer.write(DO + ECHO + b"secret\r\n" + DONT + ECHO)
    await guest.until("Welcome")
    assert b"Password: \r\n" + WONT + ECHO + b"Welcome" in guest.raw
    assert "secret" not in guest.text


async def test_wrong_passwords(inn: Inn) -> None:
    """Asked again twice, then hung up on."""
    await inn.guest("Bob", "right")
    thief = await inn.connect()
    thief.type("Bob")
    for _ in range(2):
        thief.type("wrong")
        await thief.until("Wrong password.\r\nPassword: ")
    thief.type("wrong")
    assert (await thief.rest()).strip().startswith("Wrong password.")
    assert inn.tavern.people == ("Bob",)


async def test_go_ahead_follows_fluffos(inn: Inn) -> None:
    """No GA for a client without telnet, nor with SGA; GA after the prompt for one that refused SGA."""
    bare, with_sga, without = await inn.guest("Bob"), await inn.connect(), await inn.connect()
    with_sga.writer.write(DO + SGA)
    without.writer.write(DONT + SGA)
    await with_sga.enter("Ann")
    await without.enter("Cy")
    await without.until_bytes(b"> " + GA)
    assert without.raw.count(GA) == 2  # the question for the password, hidden but a question, and the prompt
    for guest in (bare, with_sga):
        await guest.does("look")
        assert GA not in guest.raw


async def test_little_is_offered_and_nothing_asked(inn: Inn) -> None:
    """GMCP and SGA are offered; no DO is sent; compression and the like are refused."""
    guest = await inn.connect()
    await guest.until("known? ")
    assert guest.raw.startswith(WILL + GMCP + WILL + SGA)
    guest.writer.write(DO + b"\x56" + WILL + b"\x22" + DO + ECHO)
    await guest.until_bytes(WONT + b"\x56" + DONT + b"\x22" + WONT + ECHO)
    assert DO not in guest.raw


async def test_gmcp_reaches_a_telnet_client() -> None:
    """A telnetlib3 client in a GBK world reads Room.Info, people and the channel, in UTF-8."""
    async with open_inn("gbk", "zh") as inn:
        reader, writer = await telnetlib3.open_connection(
            "127.0.0.1", inn.tavern.port, encoding=False, client_factory=TelnetGuest, compression=False
        )
        client = writer.protocol
        assert isinstance(client, TelnetGuest)
        writer.write("张三\r\npw\r\n".encode("gbk"))  # type: ignore[arg-type]
        info = await client.message("Room.Info")
        assert (info["num"], info["name"], info["exits"]) == (1, "醉鹤楼", {"s": 3, "w": 2})
        assert await client.message("Room.Players") == []
        other = await inn.guest("李四")
        assert await client.message("Room.AddPlayer") == {"name": "李四", "fullname": "李四"}
        await other.does("闲聊 你好")
        assert await client.message("Comm.Channel.Text") == {"channel": "chat", "talker": "李四", "text": "你好"}
        await inn.tavern.drop("李四")
        assert await client.message("Room.RemovePlayer") == "李四"
        assert b"Room.Info" not in other.raw
        reader.feed_eof()
        writer.close()


async def test_gmcp_can_begin_late(inn: Inn) -> None:
    """A client that agrees after it came in gets its room at once."""
    guest = await inn.guest("Bob")
    guest.writer.write(DO + GMCP)
    await guest.until_bytes(IAC + b"\xfa" + GMCP + b'Room.Info {"num": 1, "name": "Drunken Crane Inn"')


async def test_a_second_login_takes_over(inn: Inn) -> None:
    """The old link is told why and closed; the new one stands where the old one stood."""
    old, ann = await inn.guest("Bob"), await inn.guest("Ann")
    await old.does("west")
    new = await inn.guest("bob")
    assert (await old.rest()).endswith("Another connection has taken your place.\r\n")
    assert (await new.does("look"))[0] == "Kitchen of the Inn"
    assert sorted(inn.tavern.people) == ["Ann", "Bob"]
    assert not any("has left" in line for line in await ann.does("look"))


async def test_drop_cuts_a_player_off(inn: Inn) -> None:
    """As a broken network would; the room sees him leave, and he can come back."""
    bob, ann = await inn.guest("Bob"), await inn.guest("Ann")
    await inn.tavern.drop("bob")
    assert inn.tavern.people == ("Ann",)
    await ann.until("Bob has left the world.\r\n")
    with pytest.raises((AssertionError, ConnectionResetError)):
        await bob.until("anything")
    assert "Welcome, Bob." in await (await inn.connect()).enter("Bob")
    with pytest.raises(LocalError, match=r"No player called 'Cy' .*here: Ann, Bob"):
        await inn.tavern.drop("Cy")


async def test_quit_and_a_lost_link_leave_the_world(inn: Inn) -> None:
    """Both are seen by the room."""
    ann = await inn.guest("Ann")
    bob, cy = await inn.guest("Bob"), await inn.guest("Cy")
    bob.type("quit")
    assert await bob.rest() == "Cy has entered the world.\r\nGoodbye, Bob.\r\n"
    await ann.until("Bob has left the world.\r\n")
    cy.writer.close()
    await ann.until("Cy has left the world.\r\n")


async def test_close_ends_every_link_and_can_be_repeated() -> None:
    """Also those at the login; afterwards the same tavern can open again, with its people remembered."""
    tavern = Tavern()
    await tavern.start()
    port, inn = tavern.port, Inn(tavern, "utf-8")
    guests = [await inn.guest("Bob"), await inn.connect()]
    async with asyncio.timeout(10):
        await tavern.close()
        await tavern.close()
    for guest in guests:
        await guest.rest()
        guest.writer.close()
    assert tavern.people == ()
    await tavern.start()
    assert tavern.port == port
    thief = await inn.connect()
    thief.type("Bob")
    thief.type("other")
    await thief.until("Wrong password.")
    thief.writer.close()
    await tavern.close()


async def test_a_taken_port_is_said_clearly(inn: Inn) -> None:
    """And so is a second start."""
    with pytest.raises(LocalError, match=f"cannot listen on 127.0.0.1:{inn.tavern.port}"):
        await Tavern(port=inn.tavern.port).start()
    with pytest.raises(LocalError, match="open already"):
        await inn.tavern.start()


async def test_its_state_is_in_its_repr(inn: Inn) -> None:
    """For whoever debugs a test."""
    await inn.guest("Bob")
    await inn.connect()
    assert repr(inn.tavern).startswith(f"<Tavern 127.0.0.1:{inn.tavern.port} utf-8, 1 people, ")


async def test_it_runs_as_a_process() -> None:
    """The port is said on stderr, and an interrupt ends it well."""
    import sys

    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "mudbot.local.tavern",
        "--port",
        "0",
        "--encoding",
        "gbk",
        "--language",
        "zh",
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    said = (await asyncio.wait_for(process.stderr.readline(), 30)).decode()
    found = re.fullmatch(r"The tavern is open on port (\d+) \(gbk, zh\)\.\n", said)
    assert found, said
    reader, writer = await asyncio.open_connection("127.0.0.1", int(found[1]))
    guest = Guest(reader, writer, "gbk")
    assert "欢迎你，张三。" in await guest.enter("张三")
    process.terminate()
    assert await asyncio.wait_for(process.wait(), 10) == 0
    writer.close()


def test_the_command_line_says_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    """An address that is none of this machine's: one line, exit status 1."""
    assert main(["--host", "192.0.2.1"]) == 1
    assert "cannot listen on 192.0.2.1:4000" in capsys.readouterr().err
