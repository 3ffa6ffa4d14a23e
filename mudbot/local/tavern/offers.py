"""What is negotiated on a link, as its family does: offers, MSSP, a CHARSET that lies, terminal types."""

from __future__ import annotations

import time
from typing import Any

from telnetlib3 import telopt
from telnetlib3.stream_writer import TelnetWriter
from telnetlib3.telopt import BINARY, CHARSET, DO, GMCP, MSSP, NEW_ENVIRON, SGA, TM, TTYPE, WILL

from mudbot.local.tavern.manners import Telnet
from mudbot.local.tavern.wire import Codec, codec_named
from mudbot.local.tavern.world import World

_EVERY_OPTION = frozenset(bytes([number]) for number in range(256))
# What the tavern may agree to beside what it offers.  ECHO joins only while a password is asked for: a client that is
# told WILL ECHO stops showing what is typed.  LOGOUT (RFC 727), compression, LINEMODE and the rest are refused.
_OURS = frozenset({SGA, BINARY, TM})
_THEIRS = frozenset({SGA, GMCP, BINARY})
_STARTED = int(time.time())


class Offers:
    """One link's side of the negotiation."""

    def __init__(self, plan: Telnet, world: World) -> None:
        self._plan, self._world = plan, world
        self._made = [(verb, getattr(telopt, option)) for verb, option in map(str.split, plan.offers)]
        self._told_status = self._asked_charset = False
        self._terminal = ""

    def bind(self, writer: TelnetWriter) -> None:
        """Say which options may be agreed to."""
        self._writer = writer
        ours = _OURS | {option for verb, option in self._made if verb == "will"}
        theirs = _THEIRS | {option for verb, option in self._made if verb == "do"}
        writer.always_wont = set(_EVERY_OPTION - ours)
        writer.always_dont = set(_EVERY_OPTION - theirs)
        writer.set_ext_offer_callback(CHARSET, lambda: [self._plan.charset or "UTF-8"])
        writer.set_ext_callback(CHARSET, lambda _: None)  # accepted or not, the text stays as it is
        writer.set_ext_callback(TTYPE, self._take_terminal)
        writer.set_ext_offer_callback(NEW_ENVIRON, list)

    def make(self) -> None:
        """Send the offers."""
        for verb, option in self._made:
            self._writer.iac(WILL if verb == "will" else DO, option)

    @property
    def sga_refused(self) -> bool:
        """Whether the client said DONT SGA."""
        return SGA in self._writer.local_option and not self._writer.local_option.enabled(SGA)

    def settle(self, codec: Codec) -> Codec:
        """Do what follows from what the client agreed to; the codec that text goes on in."""
        local = self._writer.local_option
        if local.enabled(MSSP) and not self._told_status:
            self._told_status = True
            self._writer.send_mssp(self._status())
        if local.enabled(CHARSET) and self._plan.charset and not self._asked_charset:
            self._asked_charset = True
            self._writer.request_charset()
        trap = self._plan.terminal_trap.get(self._terminal.lower()) if self._world.terminal_trap else None
        return codec if trap is None else codec_named(trap, self._world.manners.encodings)

    def _take_terminal(self, name: Any) -> None:
        self._terminal = self._terminal or str(name)

    def _status(self) -> dict[str, str | list[str]]:
        """MSSP's three required variables and the family's own (tintin.mudhalla.net/protocols/mssp)."""
        players = str(len(self._world.everyone()))
        return {"NAME": "The Drunken Crane", "PLAYERS": players, "UPTIME": str(_STARTED), **self._plan.mssp}
