"""What a MUD puts on the wire, as bytes: text, prompts, GMCP and MSDP; and what words a command says.  Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from mudbot.events import Gmcp, Line, Msdp, Prompt
from mudbot.mud.dialect import Dialect

Heard = str | Line | Prompt | Gmcp | Msdp
"""What a test can let the MUD send; a text may have several lines, and colours as ANSI."""

IAC, SB, SE, GA, WILL = b"\xff", b"\xfa", b"\xf0", b"\xf9", b"\xfb"
"""Telnet commands (RFC 854)."""
_GMCP, _MSDP = b"\xc9", b"\x45"
"""Options 201 and 69."""
GO_AHEAD = IAC + GA
VAR, VAL, TABLE_OPEN, TABLE_CLOSE, ARRAY_OPEN, ARRAY_CLOSE = (bytes([number]) for number in range(1, 7))
"""Of MSDP (tintin.mudhalla.net/protocols/msdp)."""


def sent(heard: Heard, codec: str) -> bytes:
    """*heard* as a MUD sends it.  Raises TypeError for what none sends, ValueError for what the encoding lacks."""
    match heard:
        case Gmcp():
            return gmcp(heard.package, heard.data, codec)
        case Msdp():
            return msdp(heard.variables, codec)
        case Prompt():
            return text(heard.text, codec) + GO_AHEAD
        case Line():
            return text(heard.text, codec) + b"\r\n"
        case str():
            return b"".join(text(line, codec) + b"\r\n" for line in heard.split("\n"))
    raise TypeError(f"a MUD sends text, Line, Prompt, Gmcp and Msdp, not {heard!r}")


def shown(heard: Heard) -> str:
    """*heard* for people."""
    match heard:
        case str():
            return heard
        case Gmcp():
            return f"[{heard.package}] {json.dumps(heard.data, ensure_ascii=False)}"
        case Msdp():
            return f"[MSDP] {json.dumps(heard.variables, ensure_ascii=False)}"
        case _:
            return heard.text


def words(dialect: Dialect, command: str) -> str | None:
    """The words that *command* says, tells or emotes in *dialect*; None where it is no speech."""
    known = sorted(set(dialect.channels.values()), key=len, reverse=True)
    channels = "|".join(map(re.escape, known)) or "(?!)"
    for form in dialect.speak.values():
        pattern = re.escape(form).replace(r"\{text\}", "(?P<text>.*)").replace(r"\{to\}", r"\S+")
        if found := re.fullmatch(pattern.replace(r"\{channel\}", f"(?:{channels})"), command, re.DOTALL):
            return found["text"]
    return None


def text(line: str, codec: str) -> bytes:
    """A line, without its end.  Raises ValueError where the encoding lacks a letter of it."""
    try:
        return line.encode(codec).replace(IAC, IAC + IAC)
    except UnicodeEncodeError as exc:
        raise ValueError(f"{line[exc.start : exc.end]!r} cannot be written in {codec}: {line!r}") from None


def gmcp(package: str, data: Any, codec: str) -> bytes:
    """A GMCP message, after the offer of the option, which is harmless if it was made before."""
    body = package if data is None else f"{package} {json.dumps(data, ensure_ascii=False)}"
    return _offered(_GMCP, text(body, codec))


def msdp(variables: Mapping[str, Any], codec: str) -> bytes:
    """MSDP variables."""
    body = b"".join(VAR + text(name, codec) + VAL + _value(value, codec) for name, value in variables.items())
    return _offered(_MSDP, body)


def _value(value: Any, codec: str) -> bytes:
    if isinstance(value, Mapping):
        inner = b"".join(VAR + text(str(name), codec) + VAL + _value(each, codec) for name, each in value.items())
        return TABLE_OPEN + inner + TABLE_CLOSE
    if isinstance(value, list | tuple):
        return ARRAY_OPEN + b"".join(VAL + _value(each, codec) for each in value) + ARRAY_CLOSE
    return text(str(value), codec)


def _offered(option: bytes, body: bytes) -> bytes:
    return IAC + WILL + option + IAC + SB + option + body + IAC + SE
