"""炎黄群侠传 (oiuv/mud) on FluffOS.

Modelled from oiuv/mud ``feature/alias.c``, ``adm/daemons/aliasd.c``, ``adm/daemons/channeld.c``, ``cmds/std/say.c``
and ``tell.c``: ``/`` and ``//`` are dropped from the front, ``'`` is say, ``.`` skip; there is no history.
"""

from __future__ import annotations

from tests.mud.parsers import fluffos
from tests.mud.parsers.base import Act

NAME = "oiuv"
FAMILIES = fluffos.FAMILIES | {"es2", "oiuv"}
ENCODINGS: tuple[str, ...] = ("utf-8", "gbk")
CHANNEL = "chat"
ASCII_ONLY = False
VERBS = fluffos.ES2_VERBS


def _shortcuts(text: str) -> str | Act:
    text = text[2:] if text.startswith("//") else text.removeprefix("/")
    return f"skip {text[1:]}" if text.startswith(".") else fluffos.quoted(text)


LIB = fluffos.Lib(
    channels=frozenset(("chat", "ic", "bill", "shout", "rumor", "sing", "party", "family", "inter", "ultra", "rultra")),
    shortcuts=_shortcuts,
    aliases={**fluffos.ALIASES, "l": "app_look", "tt": "team talk"},
)


def parse(data: bytes, encoding: str) -> list[Act]:
    """What the library does with *data*."""
    return fluffos.parse(LIB, data, encoding)
