"""What families make of codes in what players type: colours, names, line breaks, functions.  Pure.

That a code works is the point: whoever speaks through a gate that lets one pass is seen to have done so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from mudbot.local.tavern.evaluate import evaluate

_COLOURS = "xrgybmcw"  # x: black


def _sgr(letter: str) -> str:
    """Diku's letters: small is dark, capital is bright."""
    number = 30 + _COLOURS.index(letter.lower())
    return f"\x1b[1;{number}m" if letter.isupper() else f"\x1b[0;{number}m"


# ROM (comm.c, colour()): {x ends a colour, {/ breaks the line, {{ is a brace, every other code is eaten.
_ROM = {"x": "\x1b[0m", "{": "{", "-": "~", "/": "\n", "*": "\a"} | {
    letter: _sgr(letter) for letter in "rgybmcwRGYBMCW"
}
# tbaMUD (protocol.c): @n ends a colour, @@ is an at sign.
_TBA = {"n": "\x1b[0m", "@": "@"} | {letter: _sgr(letter) for letter in "rgybmcwRGYBMCW"}
# Evennia (utils/ansi.py): |n ends a colour, |/ breaks the line, || is a bar; what it does not know stays.
_EVENNIA = {"n": "\x1b[0m", "/": "\n", "-": "    ", "_": " ", "|": "|"} | {
    letter: _sgr(letter.swapcase()) for letter in "rgybmcwxRGYBMCWX"
}
_RANVIER = {"b": "1", "bold": "1", "i": "3", "u": "4", "black": "30", "red": "31", "green": "32", "yellow": "33"} | {
    "blue": "34",
    "magenta": "35",
    "cyan": "36",
    "white": "37",
}
_FLUFFOS = {"RESET": "\x1b[0m", "BOLD": "\x1b[1m", "FLASH": "\x1b[5m", "BLACK": "\x1b[30m", "RED": "\x1b[31m"} | {
    "GREEN": "\x1b[32m",
    "ORANGE": "\x1b[33m",
    "YELLOW": "\x1b[1;33m",
    "BLUE": "\x1b[34m",
    "MAGENTA": "\x1b[35m",
    "CYAN": "\x1b[36m",
    "WHITE": "\x1b[37m",
}

_TAG = re.compile(r"<(/?)(\w+)>")
_PERCENT = re.compile(r"%\^([A-Z0-9_]*)(?=%\^)")


def _coded(sign: str, table: Mapping[str, str], *, keeps: bool) -> Callable[[str, str], str]:
    pattern = re.compile(re.escape(sign) + "(.)", re.DOTALL)

    def render(text: str, _: str) -> str:
        return pattern.sub(lambda found: table.get(found[1], found[0] if keeps else ""), text)

    return render


def _tags(text: str, _: str) -> str:
    def code(found: re.Match[str]) -> str:
        number = _RANVIER.get(found[2])
        if number is None:
            return found[0]
        return "\x1b[0m" if found[1] else f"\x1b[{number}m"

    return _TAG.sub(code, text)


def _percents(text: str, _: str) -> str:
    """``%^RED%^``: what stands between two marks is a colour; a name that is none vanishes."""
    if text.count("%^") < 2:
        return text
    return _PERCENT.sub(lambda found: _FLUFFOS.get(found[1], ""), text).replace("%^", "")


def _actor(text: str, name: str) -> str:
    return _percents(text.replace("$N", name), name)


RENDERERS: Mapping[str, Callable[[str, str], str]] = {
    "none": lambda text, _: text,
    "rom": _coded("{", _ROM, keeps=False),
    "tbamud": _coded("@", _TBA, keeps=True),
    "evennia": _coded("|", _EVENNIA, keeps=True),
    "ranvier": _tags,
    "fluffos": _actor,
    "fluffos_say_raw": _percents,
    "pennmush": evaluate,
}


def render(markup: str, text: str, name: str) -> str:
    """What *text*, typed by *name*, looks like to others."""
    return RENDERERS[markup](text, name)
