"""北大侠客行 (pkuxkx) on FluffOS.

Modelled from ly19811105/pkuxkx-utf8 ``feature/alias.c``, ``feature/command.c``, ``adm/daemons/aliasd.c``,
``channeld.c``, ``cmds/std/say.c``, ``tell.c``, ``emote.c``: ``!`` and ``!n`` repeat a line, ``'`` is say, forty
words are aliases; a channel refuses more than 180 columns; ``emote`` goes through message_vision, so ``$N`` in it
is a name.
"""

from __future__ import annotations

from tests.mud.parsers import fluffos
from tests.mud.parsers.base import Act

NAME = "pkuxkx"
FAMILIES = fluffos.FAMILIES | {"es2", "pkuxkx"}
ENCODINGS: tuple[str, ...] = ("gbk", "utf-8")
CHANNEL = "chat"
ASCII_ONLY = False
VERBS = fluffos.ES2_VERBS
LIB = fluffos.Lib(
    channels=frozenset(("chat", "rumor", "bd", "qy", "qq", "group", "mp", "tt", "jy", "helpme", "rw", "jh", "wiz")),
    shortcuts=fluffos.repeating,
    aliases={
        **fluffos.ALIASES,
        "sc": "score",
        "exit": "quit",
        "cut": "zhan",
        "wi": "wield",
        "chi": "eat",
        "he": "drink",
        "kaichu": "expell",
        "bai": "apprentice",
        "fangqi": "abandon",
        "xue": "learn",
        "yun": "exert",
        "cha": "skills",
        "shou": "recruit",
    },
    channel_limit=180,
)


def parse(data: bytes, encoding: str) -> list[Act]:
    """What the library does with *data*."""
    return fluffos.parse(LIB, data, encoding)
