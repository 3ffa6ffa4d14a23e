"""What mudbot agrees on with a MUD's telnet side, and what it tells of itself."""

from __future__ import annotations

import logging

import pytest
from telnetlib3 import telopt

from mudbot import __version__
from mudbot.events import Gmcp, Line, Msdp, Mssp
from mudbot.mud.options import Offer, capabilities, charset_name
from tests.mud.telnet_peer import DO, DONT, IAC, SB, SE, WILL, WONT, linked, sub

ASK_TYPE = sub(telopt.TTYPE, telopt.SEND)
VAR, VALUE, USERVAR = b"\x00", b"\x01", b"\x03"


@pytest.mark.parametrize(("encoding", "bits"), [("utf-8", b"525"), ("auto", b"525"), ("gbk", b"521")])
async def test_the_terminal_type_cycle_is_mtts(encoding: str, bits: bytes) -> None:
    """Client name, terminal, then the bit field, and the last one again: that is how MTTS is known."""
    async with linked(encoding) as (server, _link):
        server.send(IAC + DO + telopt.TTYPE)
        await server.expect(IAC + WILL + telopt.TTYPE)
        for answer in (b"MUDBOT", b"XTERM-256COLOR", b"MTTS " + bits, b"MTTS " + bits):
            server.received = b""
            server.send(ASK_TYPE)
            await server.expect(sub(telopt.TTYPE, telopt.IS + answer))


def test_the_bit_field_adds_up() -> None:
    """ANSI 1, UTF-8 4, 256 colours 8, MNES 512, TLS 2048, and nothing that we do not do."""
    assert capabilities("utf-8", tls=False) == 1 + 4 + 8 + 512
    assert capabilities("big5", tls=True) == 1 + 8 + 512 + 2048


@pytest.mark.parametrize("asked", [b"", VAR, VAR + USERVAR], ids=["nothing named", "VAR", "VAR USERVAR"])
async def test_mnes_tells_the_client_and_nothing_of_the_machine(asked: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Asked for all there is, it gives five variables."""
    for name in ("USER", "HOME", "DISPLAY", "LANG", "COLORTERM"):
        monkeypatch.setenv(name, "canary")
    async with linked("gbk") as (server, _link):
        server.send(IAC + DO + telopt.NEW_ENVIRON)
        await server.expect(IAC + WILL + telopt.NEW_ENVIRON)
        server.send(sub(telopt.NEW_ENVIRON, telopt.SEND + asked))
        told = {
            b"CLIENT_NAME": b"MUDBOT",
            b"CLIENT_VERSION": __version__.encode(),
            b"CHARSET": b"GBK",
            b"MTTS": b"521",
            b"TERMINAL_TYPE": b"XTERM-256COLOR",
        }
        answer = b"".join(VAR + name + VALUE + value for name, value in told.items())
        await server.expect(sub(telopt.NEW_ENVIRON, telopt.IS + answer))
        assert b"canary" not in server.received


async def test_mnes_says_what_is_not_defined() -> None:
    """A variable that was asked for and is not told comes back without a value, in the kind that was asked for."""
    async with linked() as (server, _link):
        server.send(IAC + DO + telopt.NEW_ENVIRON)
        asked = VAR + b"USER" + USERVAR + b"CHARSET" + VAR + b"IPADDRESS"
        server.send(sub(telopt.NEW_ENVIRON, telopt.SEND + asked))
        answer = VAR + b"USER" + USERVAR + b"CHARSET" + VALUE + b"UTF-8" + VAR + b"IPADDRESS"
        await server.expect(sub(telopt.NEW_ENVIRON, telopt.IS + answer))


async def test_an_environment_asked_for_without_end_is_answered_in_bounds() -> None:
    """Ten thousand names make an answer of a few hundred bytes."""
    async with linked() as (server, _link):
        server.send(IAC + DO + telopt.NEW_ENVIRON)
        server.send(sub(telopt.NEW_ENVIRON, telopt.SEND + (VAR + b"XY") * 10_000))
        await server.expect(IAC + SB + telopt.NEW_ENVIRON)
        await server.expect(IAC + SE)
        assert len(server.received) < 400


async def test_the_window_size_is_told() -> None:
    """NAWS: 200 columns, 60 rows."""
    async with linked() as (server, _link):
        server.send(IAC + DO + telopt.NAWS)
        await server.expect(sub(telopt.NAWS, b"\x00\xc8\x00\x3c"))


@pytest.mark.parametrize(
    ("encoding", "offered", "accepted"),
    [
        ("gbk", b" UTF-8", None),
        ("gbk", b" UTF-8 GBK", b"GBK"),
        ("utf-8", b";utf8;gbk", b"utf8"),
        ("auto", b" BIG5 UTF-8", b"UTF-8"),
        ("auto", b" BIG5", b"BIG5"),
        ("auto", b" KLINGON", None),
        ("latin-1", b" ISO-8859-1", b"ISO-8859-1"),
        ("utf-8", b"[TTABLE]\x01 UTF-8", None),
    ],
)
async def test_the_configured_encoding_wins(encoding: str, offered: bytes, accepted: bytes | None) -> None:
    """A GBK port may offer UTF-8 and go on in GBK; auto takes UTF-8 first."""
    async with linked(encoding) as (server, _link):
        server.send(IAC + WILL + telopt.CHARSET)
        await server.expect(IAC + DO + telopt.CHARSET)
        server.send(sub(telopt.CHARSET, telopt.REQUEST + offered))
        rejected = sub(telopt.CHARSET, telopt.REJECTED)
        await server.expect(sub(telopt.CHARSET, telopt.ACCEPTED + accepted) if accepted else rejected)


async def test_a_mismatch_of_encodings_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    """The log names both sides, however often the MUD asks."""
    async with linked("gbk") as (server, link):
        with caplog.at_level(logging.INFO, "mudbot"):
            server.send(
                IAC + WILL + telopt.CHARSET + sub(telopt.CHARSET, telopt.REQUEST + b" UTF-8 BIG5") * 3 + b".\r\n"
            )
            await link.until(Line("."))
    (said,) = [record.getMessage() for record in caplog.records]
    assert "UTF-8, BIG5" in said
    assert "gbk" in said


def test_every_encoding_has_a_name_for_the_mud() -> None:
    """The names are those that MNES and CHARSET use."""
    encodings = ("utf-8", "auto", "gbk", "gb18030", "big5", "latin-1", "cp1251", "koi8-r")
    names = ("UTF-8", "UTF-8", "GBK", "GB18030", "BIG5", "ISO-8859-1", "WINDOWS-1251", "KOI8-R")
    assert tuple(map(charset_name, encodings)) == names


async def test_gmcp_is_greeted_and_its_messages_arrive() -> None:
    """The client names itself and what it supports; a GBK port's Room.Info is JSON in UTF-8."""
    async with linked("gbk") as (server, link):
        server.send(IAC + WILL + telopt.GMCP)
        await server.expect(IAC + DO + telopt.GMCP)
        await server.expect(b'Core.Hello {"client":"mudbot"')
        await server.expect(b'"Room.Info 1"')
        await server.expect(b'"Comm.Channel 1"')
        # Having agreed on the text's charset changes nothing for GMCP.
        server.send(IAC + WILL + telopt.CHARSET + sub(telopt.CHARSET, telopt.REQUEST + b" GBK"))
        await server.expect(sub(telopt.CHARSET, telopt.ACCEPTED + b"GBK"))
        server.send(sub(telopt.GMCP, 'Room.Info {"name": "醉鹤楼"}'.encode()))
        server.send(sub(telopt.GMCP, b'Char.Vitals { "hp": "12" }'))
        server.send(sub(telopt.GMCP, b'Comm.Channel.Text {"channel": "chat", "talker": "Ann", "text": "\xff"}'))
        server.send(sub(telopt.GMCP, "Core.Goodbye 再见".encode("gbk")) + "你好\r\n".encode("gbk"))
        await link.until(Line("你好"))
        assert link.events[:2] == [Gmcp("Room.Info", {"name": "醉鹤楼"}), Gmcp("Char.Vitals", {"hp": "12"})]
        assert isinstance(link.events[2], Gmcp)
        assert link.events[3:] == [Gmcp("Core.Goodbye", "再见"), Line("你好")]


async def test_gmcp_is_greeted_again_after_a_restart_in_place() -> None:
    """A MUD that says WONT and then WILL has forgotten whom it talks to; a mere repetition has not."""
    async with linked() as (server, link):
        will = IAC + WILL + telopt.GMCP
        server.send(will * 3 + IAC + WONT + telopt.GMCP + will + b".\r\n")
        await link.until(Line("."))
        link.connection.write(b"end")
        await server.expect(b"end")
        assert server.received.count(b"Core.Hello") == 2


async def test_msdp_is_asked_for_what_it_can_report() -> None:
    """LIST first, then REPORT of those that are wanted among the answer, each once; the values arrive."""
    async with linked() as (server, link):
        server.send(IAC + WILL + telopt.MSDP)
        await server.expect(IAC + DO + telopt.MSDP)
        await server.expect(sub(telopt.MSDP, b"\x01LIST\x02REPORTABLE_VARIABLES"))
        names = b"\x01REPORTABLE_VARIABLES\x02\x05\x02HEALTH\x02ROOM_NAME\x02SHOE_SIZE\x06"
        server.send(sub(telopt.MSDP, names) * 2)
        await server.expect(sub(telopt.MSDP, b"\x01REPORT\x02HEALTH") + sub(telopt.MSDP, b"\x01REPORT\x02ROOM_NAME"))
        room = (
            b"\x01ROOM\x02\x03\x01NAME\x02" + "客栈".encode() + b"\x01EXITS\x02\x03\x01n\x02101\x04\x04\x01HEALTH\x0212"
        )
        server.send(sub(telopt.MSDP, room) + b".\r\n")
        await link.until(Line("."))
        assert link.events[-2] == Msdp({"ROOM": {"NAME": "客栈", "EXITS": {"n": "101"}}, "HEALTH": "12"})
        assert server.received.count(b"REPORT\x02") == 2
        # A MUD that restarts in place says WONT, and has forgotten.
        server.send(IAC + WONT + telopt.MSDP + IAC + WILL + telopt.MSDP + sub(telopt.MSDP, names) + b"..\r\n")
        await link.until(Line(".."))
        link.connection.write(b"end")
        await server.expect(b"end")
        assert server.received.count(b"LIST\x02") == 2
        assert server.received.count(b"REPORT\x02") == 4
        assert b"SHOE_SIZE" not in server.received


async def test_mssp_arrives() -> None:
    """What the MUD says of itself to listings; a GBK server's in GBK."""
    async with linked("gbk") as (server, link):
        server.send(IAC + WILL + telopt.MSSP)
        await server.expect(IAC + DO + telopt.MSSP)
        server.send(sub(telopt.MSSP, b"\x01NAME\x02" + "侠客行".encode("gbk") + b"\x01port\x0223\x024000"))
        await link.until(Mssp({"NAME": "侠客行", "PORT": ["23", "4000"]}))


async def test_hidden_input_is_known() -> None:
    """A MUD takes over the echo to hide a password, and gives it back."""
    async with linked() as (server, link):
        hides = [link.connection.hides]
        link.on_events = lambda _events: hides.append(link.connection.hides)
        server.send(IAC + WILL + telopt.ECHO + b"Password:\r\n" + IAC + WONT + telopt.ECHO + b"Welcome\r\n")
        await link.until(Line("Welcome"))
        assert hides == [False, True, False]
    assert hides == [False, True, False, False]


async def test_what_was_negotiated_can_be_listed() -> None:
    """Each offer once, in order, with whether it is in force; also after the end."""
    async with linked() as (server, link):
        server.send(IAC + DO + telopt.TTYPE + IAC + WILL + telopt.MXP + (IAC + WILL + telopt.GMCP) * 5)
        server.send(IAC + WILL + b"\xdd" + IAC + DO + telopt.ECHO + b".\r\n")
        await link.until(Line("."))
    assert link.connection.negotiated == (
        Offer("TTYPE", "DO", agreed=True),
        Offer("MXP", "WILL", agreed=False),
        Offer("GMCP", "WILL", agreed=True),
        Offer(telopt.name_option(b"\xdd"), "WILL", agreed=False),
        Offer("ECHO", "DO", agreed=False),
    )


async def test_every_option_there_is_can_be_offered() -> None:
    """All 256, both ways: the text behind is heard, none is agreed on that is not known, the list stays bounded."""
    async with linked() as (server, link):
        for number in range(255):
            server.send((IAC + WILL + bytes([number]) + IAC + DO + bytes([number])) * 2)
        server.send(b"still here\r\n")
        await link.until(Line("still here"))
        offers = link.connection.negotiated
        assert len(offers) == 2 * 255
        agreed = {(offer.by, offer.option) for offer in offers if offer.agreed}
        assert {option for by, option in agreed if by == "WILL"} == {
            "BINARY", "ECHO", "EOR", "CHARSET", "GMCP", "MSDP", "MSSP"
        }  # fmt: skip
        assert {option for by, option in agreed if by == "DO"} == {
            "BINARY", "SGA", "EOR", "TTYPE", "NAWS", "NEW_ENVIRON", "CHARSET", "TM"
        }  # fmt: skip


async def test_what_was_not_agreed_on_is_dropped_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """Subnegotiations of strangers, malformed ones and a start of compression out of the blue leave the text whole."""
    with caplog.at_level(logging.INFO, "mudbot"):
        async with linked() as (server, link):
            server.send(sub(telopt.MCCP2_COMPRESS) + sub(telopt.MXP, b"x" * 1000) + sub(b"\xc8", b"ATCP"))
            server.send(sub(telopt.CHARSET, b"\x09") + sub(telopt.CHARSET, telopt.REQUEST) + sub(telopt.TTYPE, b"\x07"))
            server.send(sub(telopt.NEW_ENVIRON, b"\x02") + sub(telopt.GMCP, b" ") + IAC + SB + IAC + SE + b"text\r\n")
            await link.until(Line("text"))
            assert link.events == [Line("text")]
            assert IAC + DONT not in server.received
    assert any("7 telnet subnegotiations" in record.getMessage() for record in caplog.records)
