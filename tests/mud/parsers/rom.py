"""ROM 2.4 (and QuickMUD), a child of Merc and DikuMUD.

Modelled from ``comm.c`` (read_from_descriptor, read_from_buffer), ``interp.c`` (interpret, one_argument) and
``act_comm.c``: a burst over 1014 bytes is an overflow and disconnects; a NUL hides the line's end, so that the rest
waits for the next one; a line ends at CR or LF; backspace takes the byte before, everything that is not printable
ASCII is forgotten; what is longer than 254 bytes is cut; ``!`` repeats the last line.  A word that does not begin
with a letter or digit is a one-character command (``'`` say, ``.`` gossip, ``,`` emote, ``;`` gtell, ``:`` immtalk,
``/`` recall), other words match by prefix in table order.  ``{`` and the byte after it are a colour, ``{{`` is a
brace.  An emote that does not begin with a letter is refused, and a channel without a text is switched off.
"""

from __future__ import annotations

import re

from tests.mud.parsers.base import Act, by_prefix, erase, substitute, telnet, words

NAME = "rom"
FAMILIES = frozenset(("all", "8bit", "backspace", "nul", "diku", "rom", "overflow"))
ENCODINGS: tuple[str, ...] = ("latin-1", "utf-8")
CHANNEL = "gossip"
ASCII_ONLY = True
VERBS = {"say": "say {text}", "tell": "tell {target} {text}", "channel": "{target} {text}", "emote": "emote {text}"}

LINE, BURST = 254, 1014
SHORTCUTS = {"'": "say", ".": "gossip", ",": "emote", ";": "gtell", ":": "immtalk", "/": "recall", "[": "command"}
CHANNELS = ("auction", "gossip", "grats", "question", "answer", "music", "quote", "shout", "yell", "clan", "gtell")
TABLE = words("rom")
_COLOUR = re.compile(r"\{(?:.|$)", re.DOTALL)
_UNPRINTABLE = bytes(b for b in range(256) if not 32 <= b <= 126)


def parse(data: bytes, encoding: str) -> list[Act]:
    """What ROM does with *data*; the encoding does not matter to it."""
    if len(data) > BURST:
        return [Act("disconnect", "input overflow")]
    data, acts = telnet(data)
    whole, nul, _ = data.partition(b"\0")
    *lines, rest = re.split(rb"[\r\n]+", whole)
    acts += [act for line in lines if (act := _interpret(_typed(line))) is not None]
    return [*acts, Act("unfinished")] if rest or nul else acts


def _typed(line: bytes) -> str:
    return erase(line, b"\b").translate(None, _UNPRINTABLE)[:LINE].decode("ascii")


def one_argument(text: str) -> tuple[str, str]:
    """The first word, or what stands in quotes, in lower case; and the rest."""
    text = text.lstrip()
    end, text = (text[0], text[1:]) if text[:1] in ("'", '"') and text else (" ", text)
    word, _, rest = text.partition(end)
    return word.lower(), rest.lstrip()


def _interpret(line: str) -> Act | None:
    if line.startswith("!"):
        return Act("history", "!")
    line = line.lstrip(" ")
    if not line:
        return None
    if line[0].isalnum():
        word, text = one_argument(line)
        verb = by_prefix(word, TABLE)
    else:
        verb, text = SHORTCUTS.get(line[0]), line[1:].lstrip()
    return _act(verb, text)


def _act(verb: str | None, text: str) -> Act:
    target = None
    if verb == "tell":
        target, text = one_argument(text)
    kind = "channel" if verb in CHANNELS else verb if verb in ("say", "tell", "emote") else "command"
    if kind == "channel":
        target = verb
        if not text:
            return Act("toggle", verb or "")
    if kind == "emote" and not text[:1].isalpha():
        return Act("lost", "emote")
    shown, evaluated = substitute(_COLOUR, text, {"{{": "{"})
    return Act(kind, verb or "?", target, text, evaluated, shown)
