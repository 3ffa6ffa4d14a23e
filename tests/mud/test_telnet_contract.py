"""What mudbot relies on in telnetlib3, what is not public among it: an upgrade that breaks it shows here."""

from __future__ import annotations

import asyncio
import contextlib

import telnetlib3
from telnetlib3 import client_base, telopt

from mudbot.events import Closed, Gmcp, Line, MudEvent, Prompt
from mudbot.mud.telnet import Address, Connection

IAC, WILL, WONT, DO, DONT, SB, SE, GA, EOR = (bytes([n]) for n in (255, 251, 252, 253, 254, 250, 240, 249, 239))


class Server:
    """Sends what it is told, and keeps what it is sent."""

    def __init__(self) -> None:
        self.received = b""
        self.connected = asyncio.Event()
        self.news, self.ended = asyncio.Event(), asyncio.Event()

    async def start(self) -> int:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writer = writer
        self.connected.set()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(4096):
                self.received += data
                self.news.set()
        writer.close()
        self.ended.set()

    async def expect(self, data: bytes) -> None:
        async with asyncio.timeout(5):
            while data not in self.received:
                self.news.clear()
                await self.news.wait()

    async def close(self) -> None:
        await self.ended.wait()
        self._server.close()
        await self._server.wait_closed()


class Link:
    """A connection and its events."""

    def __init__(self, port: int, encoding: str = "utf-8") -> None:
        self.events: list[MudEvent] = []
        self.news = asyncio.Event()
        self.connection = Connection(Address("127.0.0.1", port, encoding=encoding), self._hear)

    def _hear(self, events: object) -> None:
        self.events += events  # type: ignore[arg-type]
        self.news.set()

    async def until(self, event: MudEvent) -> None:
        async with asyncio.timeout(5):
            while event not in self.events:
                self.news.clear()
                await self.news.wait()


async def linked(encoding: str = "utf-8") -> tuple[Server, Link]:
    server = Server()
    link = Link(await server.start(), encoding)
    await link.connection.open()
    await server.connected.wait()
    return server, link


async def closed(server: Server, link: Link) -> None:
    link.connection.abort("done")
    await server.close()


def test_the_reader_can_be_replaced() -> None:
    """The attribute that telnetlib3 makes its reader from is where it was."""
    assert client_base.BaseClient._reader_factory is telnetlib3.TelnetReader
    for name in ("feed_data", "feed_eof", "set_exception"):
        assert callable(getattr(telnetlib3.TelnetReader, name))
    assert callable(telnetlib3.TelnetClient._process_chunk)


async def test_text_and_marks_come_in_order() -> None:
    """GA and EOR end the prompt before them, whatever comes in the same packet behind."""
    server, link = await linked()
    server.writer.write(b"one\r\ntwo> " + IAC + GA + b"three\r\nfour: " + IAC + EOR + b"five\r\n")
    await link.until(Line("five"))
    assert link.events == [Line("one"), Prompt("two> ", "ga"), Line("three"), Prompt("four: ", "eor"), Line("five")]
    await closed(server, link)


async def test_a_prompt_is_known_by_quiet() -> None:
    """Most MUDs mark nothing: after a moment of quiet what stands there is the prompt."""
    server, link = await linked()
    server.writer.write("名字：".encode())
    await link.until(Prompt("名字：", "quiet"))
    await closed(server, link)


async def test_iac_in_text_is_undoubled() -> None:
    """0xFF inside text travels as two."""
    server, link = await linked("latin-1")
    server.writer.write(b"a" + IAC + IAC + b"b\r\n")
    await link.until(Line("aÿb"))
    await closed(server, link)


async def test_the_last_line_before_the_end_is_heard() -> None:
    """What a MUD says as it hangs up arrives before the news that it did."""
    server, link = await linked()
    server.writer.write(b"x" * 60_000 + b"\r\nBye.\r\nlast words")
    server.writer.write_eof()
    await link.until(Closed("the MUD closed the connection"))
    assert link.events[-3:] == [Line("Bye."), Prompt("last words", "eof"), Closed("the MUD closed the connection")]
    await closed(server, link)


async def test_sga_and_compression_are_refused() -> None:
    """Without SGA a server marks its prompts; MCCP3 corrupts the stream and MCCP2 is off."""
    server, link = await linked()
    mccp2, mccp3 = telopt.MCCP2_COMPRESS, telopt.MCCP3_COMPRESS
    server.writer.write(IAC + WILL + telopt.SGA + IAC + WILL + mccp2 + IAC + WILL + mccp3 + IAC + WILL + telopt.MXP)
    for option in (telopt.SGA, mccp2, mccp3, telopt.MXP):
        await server.expect(IAC + DONT + option)
    assert IAC + DO not in server.received
    await closed(server, link)


async def test_the_terminal_type_cycle_is_mtts() -> None:
    """Client name, terminal, then the bit field, and the last one again: that is how MTTS is known."""
    server, link = await linked()
    ask = IAC + SB + telopt.TTYPE + b"\x01" + IAC + SE
    server.writer.write(IAC + DO + telopt.TTYPE)
    await server.expect(IAC + WILL + telopt.TTYPE)
    for answer in (b"MUDBOT", b"XTERM-256COLOR", b"MTTS 13", b"MTTS 13"):
        server.received = b""
        server.writer.write(ask)
        await server.expect(IAC + SB + telopt.TTYPE + b"\x00" + answer + IAC + SE)
    await closed(server, link)


async def test_gmcp_is_spoken_in_utf8_whatever_the_text_is_in() -> None:
    """A GBK port's Room.Info is JSON in UTF-8; the client names itself as mudbot."""
    server, link = await linked("gbk")
    server.writer.write(IAC + WILL + telopt.GMCP)
    await server.expect(IAC + DO + telopt.GMCP)
    await server.expect(b"mudbot")
    payload = 'Room.Info {"name": "醉鹤楼"}'.encode()
    # Having agreed on the text's charset changes nothing for GMCP.
    server.writer.write(IAC + WILL + telopt.CHARSET + IAC + SB + telopt.CHARSET + b"\x01 GBK" + IAC + SE)
    await server.expect(IAC + SB + telopt.CHARSET + b"\x02GBK" + IAC + SE)
    server.writer.write(IAC + SB + telopt.GMCP + payload + IAC + SE + "你好\r\n".encode("gbk"))
    await link.until(Line("你好"))
    assert link.events == [Gmcp("Room.Info", {"name": "醉鹤楼"}), Line("你好")]
    await closed(server, link)


async def test_a_charset_that_is_not_ours_is_declined() -> None:
    """The configured encoding wins: a GBK port may offer UTF-8 and go on in GBK."""
    server, link = await linked("gbk")
    server.writer.write(IAC + WILL + telopt.CHARSET)
    await server.expect(IAC + DO + telopt.CHARSET)
    server.writer.write(IAC + SB + telopt.CHARSET + b"\x01 UTF-8" + IAC + SE)
    await server.expect(IAC + SB + telopt.CHARSET + b"\x03" + IAC + SE)
    server.writer.write(IAC + SB + telopt.CHARSET + b"\x01 UTF-8 GBK" + IAC + SE)
    await server.expect(IAC + SB + telopt.CHARSET + b"\x02GBK" + IAC + SE)
    await closed(server, link)


async def test_bytes_are_sent_as_they_are() -> None:
    """What passed the gate reaches the wire byte for byte, IAC doubled by the gate and not again."""
    server, link = await linked()
    link.connection.write(b"say \xff\xff\r\n")
    await server.expect(b"say \xff\xff\r\n")
    await closed(server, link)
