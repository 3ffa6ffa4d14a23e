"""What mudbot relies on in telnetlib3, what is not public among it: an upgrade that breaks it shows here."""

from __future__ import annotations

import inspect

import telnetlib3
from telnetlib3 import _base, client_base, stream_writer, telopt

from mudbot.events import Closed, Line, Prompt
from mudbot.mud.options import OptionWriter
from mudbot.mud.stream import MudStream
from tests.mud.telnet_peer import DO, DONT, EOR, GA, IAC, SB, WILL, linked


def test_reader_and_writer_can_be_replaced() -> None:
    """The attributes that telnetlib3 makes them from are where they were."""
    assert client_base.BaseClient._reader_factory is telnetlib3.TelnetReader
    assert client_base.BaseClient._writer_factory is telnetlib3.TelnetWriter
    for name in ("feed_data", "feed_eof", "set_exception"):
        assert callable(getattr(telnetlib3.TelnetReader, name))
    for name in ("handle_will", "handle_wont", "handle_do", "handle_subnegotiation", "send_iac", "send_gmcp", "close"):
        assert callable(getattr(telnetlib3.TelnetWriter, name))
    for name in ("begin_negotiation", "setup_gmcp", "setup_zmp", "connection_lost", "eof_received"):
        assert callable(getattr(telnetlib3.TelnetClient, name))


def test_the_parser_takes_what_we_give_it() -> None:
    """The function that parses a chunk has the parameters that are passed."""
    parameters = list(inspect.signature(_base._process_data_chunk).parameters)
    assert parameters == ["data", "writer", "reader", "slc_special", "log_fn"]


async def test_the_writers_flags_are_there() -> None:
    """The state of subnegotiations and of compression is where it is looked for."""
    async with linked() as (_server, link):
        assert link.connection._stream is not None
        writer = link.connection._stream.options
        assert isinstance(writer, stream_writer.TelnetWriter)
        assert isinstance(writer, OptionWriter)
        assert len(writer._sb_buffer) == 0
        assert writer._mccp2_activated is writer.mccp2_active is False
        assert writer._compressed_remainder is None
        assert writer.cmd_received is not SB


async def test_our_names_hide_none_of_telnetlib3s() -> None:
    """What is kept on its objects beside its own is under names that neither it nor asyncio uses."""
    async with linked() as (_server, link):
        assert link.connection._transport is not None
        stream = telnetlib3.TelnetClient(encoding=False)
        writer = telnetlib3.TelnetWriter(link.connection._transport, stream, client=True)
        for ours, theirs in ((MudStream.__init__, stream), (OptionWriter.begin, writer)):
            names = {name for name in ours.__code__.co_names if name.startswith("_") and not name.startswith("__")}
            assert len(names) >= 7
            assert names.isdisjoint(dir(theirs))


async def test_text_and_marks_come_in_order() -> None:
    """GA and EOR end the prompt before them, whatever comes in the same packet behind."""
    async with linked() as (server, link):
        server.send(b"one\r\ntwo> " + IAC + GA + b"three\r\nfour: " + IAC + EOR + b"five\r\n")
        await link.until(Line("five"))
        assert link.events == [Line("one"), Prompt("two> ", "ga"), Line("three"), Prompt("four: ", "eor"), Line("five")]


async def test_iac_in_text_is_undoubled() -> None:
    """0xFF inside text travels as two."""
    async with linked("latin-1") as (server, link):
        server.send(b"a" + IAC + IAC + b"b\r\n")
        await link.until(Line("aÿb"))


async def test_the_last_line_before_the_end_is_heard() -> None:
    """What a MUD says as it hangs up arrives before the news that it did, which comes once."""
    async with linked() as (server, link):
        server.send(b"x" * 60_000 + b"\r\nBye.\r\nlast words")
        server.writer.write_eof()
        await link.until(Closed("the MUD closed the connection"))
        assert link.events[-3:] == [Line("Bye."), Prompt("last words", "eof"), Closed("the MUD closed the connection")]


async def test_sga_and_compression_are_refused() -> None:
    """Without SGA a server marks its prompts; MCCP3 corrupts the stream and MCCP2 is off."""
    async with linked() as (server, _link):
        mccp2, mccp3 = telopt.MCCP2_COMPRESS, telopt.MCCP3_COMPRESS
        server.send(IAC + WILL + telopt.SGA + IAC + WILL + mccp2 + IAC + WILL + mccp3 + IAC + WILL + telopt.MXP)
        for option in (telopt.SGA, mccp2, mccp3, telopt.MXP):
            await server.expect(IAC + DONT + option)
        assert IAC + DO not in server.received


async def test_bytes_are_sent_as_they_are() -> None:
    """What passed the gate reaches the wire byte for byte, IAC doubled by the gate and not again."""
    async with linked() as (server, link):
        link.connection.write(b"say \xff\xff\r\n")
        await server.expect(b"say \xff\xff\r\n")
