"""NT7, the 泥潭 (nitan) library on FluffOS.

Modelled from fluffos/nt7 ``feature/alias.c`` (process_input and process_input_basic_parse),
``adm/daemons/aliasd.c``, ``adm/daemons/channeld.c``, ``cmds/std/say.c``, ``tell.c``, ``emote.c``: ``/`` and ``//``
are dropped from the front, then ``'`` is say, ``"`` tell, ``]`` chat, ``]]`` chat*, ``!n`` history, ``.`` skip;
``do a,b`` runs commands.  On the family, party, team, other and gwiz channels ``[name] text`` speaks on another
sub-channel; ``gwiz-x`` and ``other-x`` go abroad.
"""

from __future__ import annotations

from tests.mud.parsers import fluffos
from tests.mud.parsers.base import Act

NAME = "nt7"
FAMILIES = fluffos.FAMILIES | {"es2", "nt7"}
ENCODINGS: tuple[str, ...] = ("utf-8", "gbk")
CHANNEL = "chat"
ASCII_ONLY = False
VERBS = fluffos.ES2_VERBS


def _shortcuts(text: str) -> str | Act:
    text = (text[2:] if text.startswith("//") else text.removeprefix("/")).lstrip(" ")
    if text.startswith('"'):
        return f"tell {text[1:]}"
    if text.startswith("]]"):
        return f"chat* {text[2:]}"
    if text.startswith("]"):
        return f"chat {text[1:]}"
    if text.startswith("."):
        return f"skip {text[1:]}"
    return fluffos.repeating(text)


LIB = fluffos.Lib(
    channels=frozenset(("chat", "rumor", "family", "party", "gt", "war", "dt", "other", "gwiz", "wiz", "ad", "mess")),
    shortcuts=_shortcuts,
    aliases={**fluffos.ALIASES, "sc": "score", "tt": "team talk"},
    subchannels=frozenset(("family", "party", "gt", "other", "gwiz")),
)


def parse(data: bytes, encoding: str) -> list[Act]:
    """What NT7 does with *data*."""
    return fluffos.parse(LIB, data, encoding)
