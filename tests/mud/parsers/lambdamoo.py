r"""LambdaMOO with LambdaCore.

Modelled from the server's ``net_multi.c`` (pull_input: CR or LF ends a line, what is not printable ASCII, blank or
tab is forgotten; with INPUT_APPLY_BACKSPACE, as most sites build it, backspace and DEL take the character before),
``tasks.c`` (``#$#`` is out of band, ``#$"`` quotes a line, PREFIX, SUFFIX and .program are the server's own),
``parse_cmd.c`` (``"`` say, ``:`` emote, ``;`` eval; words end at blanks, double quotes join them, a backslash takes
the next character as it is) and LambdaCore's ``say``, ``emote`` (the text as typed) and ``page`` (the words put
together again: quotes, backslashes and double blanks are gone; a first word ``with`` is dropped).  There are no
channels in the core.
"""

from __future__ import annotations

import re

from tests.mud.parsers.base import Act, Typed, erase, split_lines

NAME = "lambdamoo"
FAMILIES = frozenset(("all", "backspace", "delete", "moo"))
ENCODINGS: tuple[str, ...] = ("latin-1", "utf-8")
CHANNEL = ""
ASCII_ONLY = True
VERBS = {"say": "say {text}", "tell": "page {target} {text}", "emote": "emote {text}"}

SPECIALS = {'"': "say ", ":": "emote ", ";": "eval "}
OWN = frozenset(("PREFIX", "SUFFIX", "OUTPUTPREFIX", "OUTPUTSUFFIX", ".program", ".flush"))
_UNPRINTABLE = bytes(b for b in range(256) if b != 9 and not 32 <= b <= 126)
_WORD = re.compile(r'(?:"(?:\\.|[^"\\])*(?:"|$)|\\.|[^ "\\]|\\$)+')
_QUOTED = re.compile(r'\\(.)|["\\]')


def parse(data: bytes, encoding: str) -> list[Act]:
    """What the server does with *data*; the encoding does not matter to it."""
    lines: Typed = split_lines(erase(data, b"\b\x7f"))
    typed = (line.translate(None, _UNPRINTABLE).decode("ascii") for line in lines.lines)
    return [*lines.acts, *(act for line in typed if (act := _command(line)) is not None)]


def _command(line: str) -> Act | None:
    if line.startswith("#$#"):
        return Act("out-of-band", line[:16])
    line = line.removeprefix('#$"').lstrip(" ")
    if not line:
        return None
    if line[0] in SPECIALS:
        line = SPECIALS[line[0]] + line[1:]
    found = _WORD.match(line)
    raw = found[0] if found else ""
    verb, argstr = _QUOTED.sub(r"\1", raw).lower(), line[len(raw) :].lstrip(" ")
    if raw in OWN:
        return Act("command", raw)
    if verb in ("say", "emote"):
        return Act(verb, verb, None, argstr, (), argstr)
    return _page(argstr) if verb == "page" else Act("command", verb)


def _page(argstr: str) -> Act:
    words = [_QUOTED.sub(r"\1", word) for word in _WORD.findall(argstr)]
    if not words:
        return Act("lost", "page")
    target, said = words[0], words[1:]
    if said[:1] == ["with"] and len(said) > 1:
        said = said[1:]
    return Act("tell", "page", target, argstr, (), " ".join(said))
