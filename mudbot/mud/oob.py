"""What MUDs send beside the text: GMCP, MSDP and MSSP, from the bytes of their telnet subnegotiations.  Pure.

Everything here came from a stranger: nesting is bounded, and nothing raises.  Text is UTF-8 by these protocols; where
it is not, it is what the MUD's text is in (older Chinese libraries send GBK everywhere).
"""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable
from typing import Any

from mudbot.events import Gmcp, Msdp, Mssp

log = logging.getLogger(__name__)

MAX_DEPTH = 32
"""Tables in tables; MUDs nest three deep."""

# tintin.mudhalla.net/protocols/msdp and /mssp; the bytes are the same characters in every encoding offered.
VAR, VAL, TABLE_OPEN, TABLE_CLOSE, ARRAY_OPEN, ARRAY_CLOSE = "\1\2\3\4\5\6"
_MSDP_TOKEN = re.compile(r"[\x01-\x06]|[^\x01-\x06]+")
_MSSP_ITEM = re.compile(r"([\x01\x02])([^\x01\x02]*)")


def decode(payload: bytes, encoding: str) -> str:
    """*payload* as UTF-8, else in *encoding*, else with replacement characters."""
    for codec in ("utf-8", encoding):
        try:
            return payload.decode(codec)
        except UnicodeDecodeError:
            pass
    return payload.decode(encoding, "replace")


def gmcp(payload: bytes, encoding: str) -> Gmcp | None:
    """``Package.Message JSON``; None without a package.  What is no JSON is given as the text that it is.

    Some MUDs send bare words, and dropping them would hide what the MUD says from whoever could read it.
    """
    package, _, text = decode(payload, encoding).strip().partition(" ")
    if not package:
        return None
    if not (text := text.strip()):
        return Gmcp(package)
    try:
        return Gmcp(package, json.loads(text))
    except (ValueError, RecursionError) as exc:
        log.debug("GMCP %r carries no JSON (%s): %.200r", package, type(exc).__name__, text)
        return Gmcp(package, text)


def mssp(payload: bytes, encoding: str) -> Mssp:
    """Names in capitals; a variable without a value is left out, one with several is a list."""
    found: dict[str, list[str]] = {}
    name = ""
    for kind, text in _MSSP_ITEM.findall(decode(payload, encoding)):
        if kind == VAR:
            name = text.strip().upper()
        elif name:
            found.setdefault(name, []).append(text)
    return Mssp({name: values[0] if len(values) == 1 else values for name, values in found.items()})


def msdp(payload: bytes, encoding: str) -> Msdp:
    """Names and values, as far as they can be read; what is nested deeper than 32 is cut off."""
    return Msdp(_MsdpReader(_MSDP_TOKEN.findall(decode(payload, encoding))).pairs("", 0))


def msdp_command(name: str, value: str) -> bytes:
    """The payload that asks a MUD for something: ``LIST``, ``REPORT``, ``SEND``."""
    return f"{VAR}{name}{VAL}{value}".encode()


class _MsdpReader:
    """Tokens to values.  Each loop takes a token a turn, so that no input holds it for ever."""

    def __init__(self, tokens: Iterable[str]) -> None:
        self._tokens = list(tokens)[::-1]

    def pairs(self, end: str, depth: int) -> dict[str, Any]:
        """``VAR name VAL value`` until *end*; several VAL under one name are a list."""
        found: dict[str, Any] = {}
        name, values = "", 0
        while self._tokens:
            token = self._tokens.pop()
            if token == end:
                break
            if token == VAR:
                name, values = self._text(), 0
                found[name] = ""
            elif token == VAL and name in found:
                value = self._value(depth)
                if values == 1:
                    found[name] = [found[name], value]
                elif values:
                    found[name].append(value)
                else:
                    found[name] = value
                values += 1
        found.pop("", None)
        return found

    def _array(self, depth: int) -> list[Any]:
        found = []
        while self._tokens:
            token = self._tokens.pop()
            if token == ARRAY_CLOSE:
                break
            if token == VAL:
                found.append(self._value(depth))
        return found

    def _value(self, depth: int) -> Any:
        if depth < MAX_DEPTH and self._tokens and self._tokens[-1] in (TABLE_OPEN, ARRAY_OPEN):
            opened = self._tokens.pop()
            return self.pairs(TABLE_CLOSE, depth + 1) if opened == TABLE_OPEN else self._array(depth + 1)
        return self._text()

    def _text(self) -> str:
        return self._tokens.pop() if self._tokens and self._tokens[-1] > ARRAY_CLOSE else ""
