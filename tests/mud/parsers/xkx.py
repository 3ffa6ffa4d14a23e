"""侠客行 2001 (xkx2001) on MudOS.

Modelled from mudchina/xkx2001 ``feature/alias.c``, ``feature/command.c``, ``adm/daemons/aliasd.c``, ``channeld.c``,
``cmds/std/say.c``, ``tell.c``, ``emote.c``: ``!`` and ``!n`` repeat a line, ``'`` is say; ``tt`` and ``tf`` are
aliases.
"""

from __future__ import annotations

from tests.mud.parsers import fluffos
from tests.mud.parsers.base import Act

NAME = "xkx"
FAMILIES = fluffos.FAMILIES | {"es2", "xkx"}
ENCODINGS: tuple[str, ...] = ("gbk", "big5")
CHANNEL = "chat"
ASCII_ONLY = False
VERBS = fluffos.ES2_VERBS
LIB = fluffos.Lib(
    channels=frozenset(("chat", "rumor", "menpai", "gchat", "gwiz", "wiz", "sys")),
    shortcuts=fluffos.repeating,
    aliases={**fluffos.ALIASES, "tt": "team talk", "tt*": "team talk*", "tf": "team fight"},
)


def parse(data: bytes, encoding: str) -> list[Act]:
    """What the library does with *data*."""
    return fluffos.parse(LIB, data, encoding)
