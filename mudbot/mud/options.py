"""What is agreed on with a MUD's telnet side: the option policy, and what comes in subnegotiations.

Stands on telnetlib3's negotiation engine by the two methods that it offers for extension (options and
subnegotiations).  Of its subnegotiations only two are left to it: the others gather what strangers send without bound,
or can be made to loop for ever by malformed input.
"""

from __future__ import annotations

import codecs
import collections
import contextlib
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import telnetlib3
from telnetlib3 import telopt

from mudbot import __version__
from mudbot.events import MudEvent
from mudbot.mud import oob
from mudbot.mud.address import Address

log = logging.getLogger(__name__)

COLUMNS, ROWS = 200, 60
CLIENT_NAME, TERMINAL = "MUDBOT", "XTERM-256COLOR"
GMCP_MODULES = ["Core 1", "Char 1", "Char.Vitals 1", "Room 1", "Room.Info 1", "Comm 1", "Comm.Channel 1"]
"""With the parts named beside the whole: some servers take the whole for its parts, some do not."""
# fmt: off
MSDP_WANTED = frozenset((
    "CHARACTER_NAME", "SERVER_ID", "HEALTH", "HEALTH_MAX", "MANA",
    "MANA_MAX", "LEVEL", "ROOM", "ROOM_VNUM", "ROOM_NAME", "ROOM_EXITS",
    "ROOM_AREA", "AREA_NAME", "AREA_VNUM", "AREA", "WORLD_TIME", "OPPONENT_NAME",
))
# fmt: on
"""Of what a MUD can report, what a mind has use for."""
MAX_UNDEFINED = 16
"""Variables of the environment that we do not have and say so of, an answer."""

# What a MUD may call the encodings offered here.
_CHARSETS = {
    "utf-8": "UTF-8",
    "gbk": "GBK",
    "gb2312": "GBK",
    "gb18030": "GB18030",
    "big5": "BIG5",
    "big5hkscs": "BIG5",
    "iso8859-1": "ISO-8859-1",
    "cp1251": "WINDOWS-1251",
    "koi8-r": "KOI8-R",
}

_REFUSE_THEIRS = {
    telopt.MCCP3_COMPRESS,  # corrupts the stream
    telopt.ZMP,
    telopt.MXP,  # text would arrive escaped as in HTML
    telopt.SGA,  # without it a server marks its prompts with GA
    telopt.COM_PORT_OPTION,
    telopt.STATUS,
    telopt.TM,
    telopt.LOGOUT,
}
_REFUSE_OURS = {
    telopt.ECHO,
    telopt.LINEMODE,
    telopt.TSPEED,
    telopt.XDISPLOC,
    telopt.STATUS,
    telopt.LFLOW,
    telopt.LOGOUT,
    telopt.MCCP2_COMPRESS,
    telopt.MCCP3_COMPRESS,
}
_ENVIRON_NAME = re.compile(rb"([\x00\x03])((?:\x02[\x00-\xff]|[^\x00\x02\x03])*)")


@dataclass(frozen=True, slots=True)
class Offer:
    """An option that the MUD brought up."""

    option: str
    """Its name, or its number where it has none."""
    by: Literal["WILL", "DO"]
    """WILL: the MUD would do it; DO: we should."""
    agreed: bool
    """Whether it is in force now."""


def charset_name(encoding: str) -> str:
    """What *encoding* is called towards a MUD; ``auto`` hopes for UTF-8."""
    codec = "utf-8" if encoding == "auto" else codecs.lookup(encoding).name
    return _CHARSETS.get(codec, codec.upper())


def capabilities(encoding: str, *, tls: bool) -> int:
    """The MTTS bit field (tintin.mudhalla.net/protocols/mtts): ANSI, UTF-8, 256 colours, MNES, TLS."""
    return 1 + (4 if charset_name(encoding) == "UTF-8" else 0) + 8 + 512 + (2048 if tls else 0)


class OptionWriter(telnetlib3.TelnetWriter):
    """The telnet side of one link.  ``begin`` gives it what it needs before any byte is read."""

    _address: Address
    _emit: Callable[[MudEvent], None]
    _codec: Callable[[], str]

    def begin(self, address: Address, emit: Callable[[MudEvent], None], codec: Callable[[], str]) -> None:
        """Set the policy.  *codec* tells what the MUD's text is read in by now."""
        self._address, self._emit, self._codec = address, emit, codec
        self._offers: dict[tuple[Literal["WILL", "DO"], bytes], None] = {}
        self._types_sent = 0
        self._reported: set[str] = set()
        self._told_charset = False
        self.completed = 0
        """Subnegotiations that came to their end."""
        self.malformed = 0
        """Those among them that could not be read: counted here instead of logged, as they may come as a flood."""
        self.slc_simulated = False
        self.slctab = {}  # 2 KB of a line editor's keys, which is refused
        self.compression = None if address.compress else False
        self.always_dont |= _REFUSE_THEIRS
        self.always_wont |= _REFUSE_OURS
        self.passive_do |= {telopt.GMCP, telopt.MSDP, telopt.MSSP}
        self.set_ext_send_callback(telopt.TTYPE, self._terminal_type)
        self.set_ext_send_callback(telopt.CHARSET, self._charset)
        self.set_ext_send_callback(telopt.NAWS, lambda: (ROWS, COLUMNS))

    @property
    def offers(self) -> tuple[Offer, ...]:
        """What the MUD brought up, in its order.  512 at most: there are no more options."""
        return tuple(
            Offer(
                telopt.name_option(option) if option[0] < 255 else "255",
                by,
                (self.remote_option if by == "WILL" else self.local_option).enabled(option),
            )
            for by, option in self._offers
        )

    @property
    def in_subnegotiation(self) -> int | None:
        """How many bytes of an unfinished subnegotiation there are; None outside of one."""
        return len(self._sb_buffer) if self.cmd_received == telopt.SB else None

    # -- options -------------------------------------------------------------------------------------------------------

    def handle_will(self, opt: bytes) -> None:
        self._offers["WILL", opt] = None
        before = self.remote_option.enabled(opt)
        super().handle_will(opt)
        if before or not self.remote_option.enabled(opt):
            return
        if opt == telopt.GMCP:
            self.send_gmcp("Core.Hello", {"client": "mudbot", "version": __version__})
            self.send_gmcp("Core.Supports.Set", GMCP_MODULES)
        elif opt == telopt.MSDP:
            self._send(telopt.MSDP, oob.msdp_command("LIST", "REPORTABLE_VARIABLES"))

    def handle_do(self, opt: bytes) -> bool:
        self._offers["DO", opt] = None
        return super().handle_do(opt)

    def handle_wont(self, opt: bytes) -> None:
        super().handle_wont(opt)
        if opt == telopt.MSDP:  # a MUD that restarts in place says so, and has forgotten what was asked of it
            self._reported.clear()

    # -- subnegotiations -----------------------------------------------------------------------------------------------

    def handle_subnegotiation(self, buf: collections.deque[bytes]) -> None:
        self.completed += 1
        option = buf[0]
        try:
            if option in (telopt.TTYPE, telopt.CHARSET):
                super().handle_subnegotiation(buf)
                return
            payload = b"".join(buf)[1:]
            if option == telopt.GMCP:
                self._deliver(oob.gmcp(payload, self._codec()))
            elif option == telopt.MSSP:
                self._deliver(oob.mssp(payload, self._codec()))
            elif option == telopt.MSDP:
                self._heard_msdp(payload)
            elif option == telopt.NEW_ENVIRON:
                self._tell_environment(payload)
            elif option == telopt.MCCP2_COMPRESS and self.remote_option.enabled(option) and not self.mccp2_active:
                self._mccp2_activated = True  # telnetlib3 stops reading here and hands back what follows
            else:
                self.malformed += 1  # nothing of the kind was agreed on
        except (ValueError, LookupError, NotImplementedError):  # of telnetlib3's, on malformed input
            self.malformed += 1

    def _deliver(self, event: MudEvent | None) -> None:
        if event is None:
            self.malformed += 1
        else:
            self._emit(event)

    def _heard_msdp(self, payload: bytes) -> None:
        event = oob.msdp(payload, self._codec())
        names: Any = event.variables.get("REPORTABLE_VARIABLES", ())
        if isinstance(names, str):  # some servers send words in place of an array
            names = names.split()
        for name in names if isinstance(names, list) else ():
            if isinstance(name, str) and name in MSDP_WANTED and name not in self._reported:
                self._reported.add(name)
                self._send(telopt.MSDP, oob.msdp_command("REPORT", name))
        self._emit(event)

    def _tell_environment(self, payload: bytes) -> None:
        """MNES (tintin.mudhalla.net/protocols/mnes) by NEW-ENVIRON (RFC 1572): the client, nothing of the machine."""
        if payload[:1] != telopt.SEND:
            self.malformed += 1
            return
        have = {
            "CLIENT_NAME": CLIENT_NAME,
            "CLIENT_VERSION": __version__,
            "CHARSET": charset_name(self._address.encoding),
            "MTTS": str(capabilities(self._address.encoding, tls=self._secure)),
            "TERMINAL_TYPE": TERMINAL,
        }
        asked = [(kind, name) for kind, name in _ENVIRON_NAME.findall(payload[1:]) if name]
        answer, undefined = telopt.IS, 0
        # Without a name: all there are.
        for kind, name in asked or [(telopt.VAR, name.encode()) for name in have]:
            value = have.pop(name.decode("latin-1"), None)
            if value is not None:
                answer += kind + name + telopt.VALUE + value.encode("ascii")
            elif undefined < MAX_UNDEFINED and len(name) <= 64:
                undefined += 1
                answer += kind + name  # a name without VALUE is not defined
        self._send(telopt.NEW_ENVIRON, answer)

    def _terminal_type(self) -> str:
        """The MTTS cycle: client's name, terminal, capabilities, and those again, by which a MUD knows that it ends."""
        self._types_sent += 1
        bits = capabilities(self._address.encoding, tls=self._secure)
        return (CLIENT_NAME, TERMINAL, f"MTTS {bits}")[min(self._types_sent, 3) - 1]

    def _charset(self, offered: list[str]) -> str | None:
        """Accept the configured encoding, else decline: it is the owner who knows (a GBK port may offer UTF-8)."""
        known: dict[str, str] = {}
        for name in offered:
            with contextlib.suppress(LookupError, ValueError):
                known.setdefault(codecs.lookup(name.strip()).name, name)
        if self._address.encoding == "auto":
            return known.get("utf-8") or next((known[codec] for codec in _CHARSETS if codec in known), None)
        ours = codecs.lookup(self._address.encoding).name
        if ours not in known and not self._told_charset:
            self._told_charset = True
            # FluffOS offers UTF-8 whatever the port speaks, so this alone is no reason to worry an owner.
            log.info(
                "%s: the MUD offers %s; the configured encoding, %s, stays",
                self._address,
                ", ".join(name.strip()[:40] for name in offered[:8]) or "no charset",
                self._address.encoding,
            )
        return known.get(ours)  # telnetlib3 rejects on None; "" would send a malformed answer

    @property
    def _secure(self) -> bool:
        return bool(self.get_extra_info("ssl_object"))

    def _send(self, option: bytes, payload: bytes) -> None:
        payload = payload.replace(telopt.IAC, telopt.IAC * 2)
        self.send_iac(telopt.IAC + telopt.SB + option + payload + telopt.IAC + telopt.SE)
