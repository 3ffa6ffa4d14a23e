"""What becomes of typed bytes before they are a command: dropped, taken back, cut, repeated.  Pure."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass

from mudbot.local.tavern.manners import Hearing, Shell
from mudbot.local.tavern.wire import Codec, TypedLine

_UNPRINTABLE = re.compile(rb"[^ -~]")
_HISTORY = 20
_SEVERAL = 20


@dataclass(frozen=True, slots=True)
class Heard:
    """One typed line as its family takes it."""

    text: str
    says: str = ""
    """What the player is told about it."""
    refused: bool = False
    hangs_up: bool = False


def hear(typed: TypedLine, codec: Codec, hearing: Hearing) -> Heard:
    """The text of a typed line."""
    limit, data = hearing.limit, typed.data
    if limit.hang_up_over is not None and typed.length > limit.hang_up_over:
        return Heard("", limit.last_words, hangs_up=True)
    if typed.cut and limit.then == "refuse":
        return Heard("", limit.says, refused=True)
    if hearing.backspace:
        data = _take_back(data)
    if codec.name in hearing.ascii_only:
        data = _UNPRINTABLE.sub(b"", data)
    line = TypedLine(data, typed.cut, typed.length)
    if hearing.bad_text == "refuse" and not codec.can_read(line):
        return Heard("", refused=True)
    text = codec.read(line, escapes=hearing.escapes == "pass")
    return Heard(text, limit.says.replace("{text}", text) if typed.cut else "")


def _take_back(data: bytes) -> bytes:
    kept = bytearray()
    for byte in data:
        if byte in b"\x08\x7f":
            del kept[-1:]
        else:
            kept.append(byte)
    return bytes(kept)


class History:
    """One player's typed lines, for ``!``, ``!n``, ``!tell`` and ``^old^new``."""

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._lines: deque[str] = deque(maxlen=_HISTORY)

    def read(self, line: str) -> tuple[list[str], str]:
        """The commands that *line* means, and what the player is shown about it."""
        shell = self._shell
        if shell.swallow and line.startswith(shell.swallow):
            return [], ""
        if shell.flush and line == shell.flush:
            return [], shell.flushed
        says = ""
        line = self._begun(line)
        if shell.repeat and line.startswith(shell.repeat):
            line = self._older(line[len(shell.repeat) :].strip())
            says = line if shell.repeated else ""
        elif shell.substitute and line.startswith(shell.substitute):
            changed = self._changed(line)
            if changed is None:
                return [], "Invalid substitution."
            line = changed
        self._lines.append(line)
        word, _, rest = line.partition(" ")
        if shell.several and word == shell.several:
            return [each.strip() for each in rest.split(",")[:_SEVERAL]], says
        return [line], says

    def _begun(self, line: str) -> str:
        """*line* without what may stand before it, and with what its beginning stands for."""
        for begin, meant in self._shell.instead.items():
            if line.casefold().startswith(begin):
                return meant + line[len(begin) :]
        begin = next((begin for begin in self._shell.strip if line.startswith(begin)), "")
        return line[len(begin) :]

    def _older(self, which: str) -> str:
        lines = list(self._lines)
        if not lines:
            return ""
        if which.lstrip("-").isdigit():
            back = abs(int(which[:6]))
            return lines[-min(max(back, 1), len(lines))]
        return next((each for each in reversed(lines) if each.startswith(which)), "") if which else lines[-1]

    def _changed(self, line: str) -> str | None:
        old, sep, new = line[1:].partition(self._shell.substitute)
        last = self._lines[-1] if self._lines else ""
        return last.replace(old, new, 1) if sep and old and old in last else None
