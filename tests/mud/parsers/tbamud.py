"""tbaMUD, the heir of CircleMUD.

Modelled from ``comm.c`` (process_input, perform_subst), ``interpreter.c`` and ``act.comm.c``: a line ends at CR or
LF, a NUL hides its end; backspace and DEL take the byte before, what is not printable ASCII is forgotten, ``$``
becomes ``$$`` (which act() turns back), 510 bytes are kept.  ``!`` is history, ``^a^b`` edits the last line, ``--``
empties the queue. A word that does not begin with a letter is a one-character command.  Speech may hold ``@x``
codes, ``@@`` is the sign itself; a text with ``@(``, ``@)``, ``@<`` or ``@>`` is left as it is
(legal_communication).  ``tell m-w`` runs a program.
"""

from __future__ import annotations

import re

from tests.mud.parsers.base import Act, by_prefix, erase, first_word, substitute, telnet, words

NAME = "tbamud"
FAMILIES = frozenset(("all", "8bit", "backspace", "delete", "nul", "diku", "tbamud"))
ENCODINGS: tuple[str, ...] = ("latin-1", "utf-8")
CHANNEL = "gossip"
ASCII_ONLY = True
VERBS = {"say": "say {text}", "tell": "tell {target} {text}", "channel": "{target} {text}", "emote": "emote {text}"}

LINE = 510
SHORTCUTS = {"'": "say", ":": "emote", ";": "wiznet", ",": "gemote", "/": "command", ".": "command"}
CHANNELS = ("gossip", "auction", "grats", "shout", "holler", "gemote", "gsay", "qsay")
TABLE = words("tbamud")
_CODE = re.compile(r"@(?:.|$)", re.DOTALL)
_ILLEGAL = re.compile(r"(?:[^@]|@[^()<>])*?@[()<>]", re.DOTALL)
_UNPRINTABLE = bytes(b for b in range(256) if not 32 <= b <= 126)


def parse(data: bytes, encoding: str) -> list[Act]:
    """What tbaMUD does with *data*; the encoding does not matter to it."""
    data, acts = telnet(data)
    whole, nul, _ = data.partition(b"\0")
    *lines, rest = re.split(rb"[\r\n]+", whole)
    acts += [act for line in lines if (act := _interpret(_typed(line))) is not None]
    return [*acts, Act("unfinished")] if rest or nul else acts


def _typed(line: bytes) -> str:
    text = erase(line, b"\b\x7f").translate(None, _UNPRINTABLE).decode("ascii")
    return text.replace("$", "$$")[:LINE]


def _interpret(line: str) -> Act | None:
    if line[:1] in ("!", "^") and line:
        return Act("history", line[0])
    if line == "--":
        return Act("command", "--")
    line = line.lstrip(" ")
    if not line:
        return None
    if line[0].isalpha():
        word, text = first_word(line)
        verb = by_prefix(word.lower(), TABLE)
    else:
        verb, text = SHORTCUTS.get(line[0]), line[1:].lstrip(" ")
    return _act(verb, text)


def _act(verb: str | None, text: str) -> Act:
    target, legal = None, not _ILLEGAL.match(text)
    if verb in ("tell", "whisper", "ask"):
        target, text = first_word(text)
        if target.lower() == "m-w":
            return Act("command", "m-w")
    kind = "channel" if verb in CHANNELS else verb if verb in ("say", "tell", "whisper", "emote") else "command"
    if kind == "channel":
        target = verb
    shown, evaluated = substitute(_CODE, text, {"@@": "@"}) if legal else (text, ())
    return Act(kind, verb or "?", target, text, evaluated, shown.replace("$$", "$"))
