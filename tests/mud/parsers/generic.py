"""A MUD about which nothing is known: the line discipline that nearly every server has, and no markup.

Lines end at CR, LF or both; backspace and DEL take away the byte before (DikuMUD, LPMud and MUSH do); a NUL cuts
the line; the commands are ``say``, ``tell``, ``emote`` and ``chat``; a word that begins with no letter is a
shortcut of some kind; anything else is another command.  What arrives is what listeners receive, control bytes
included (mudpy, nanomud, chat daemons).  What is markup there cannot be known, so none is modelled.
"""

from __future__ import annotations

from tests.mud.parsers.base import Act, decoded, erase, first_word, split_lines, telnet

NAME = "generic"
FAMILIES = frozenset(("all", "8bit", "backspace", "delete", "control", "escape", "generic"))
ENCODINGS: tuple[str, ...] = ("utf-8", "latin-1")
CHANNEL = "chat"
ASCII_ONLY = False
VERBS = {"say": "say {text}", "tell": "tell {target} {text}", "channel": "{target} {text}", "emote": "emote {text}"}
CHANNELS = frozenset(("chat", "ooc", "newbie", "gossip"))


def parse(data: bytes, encoding: str) -> list[Act]:
    """What such a server does with *data*."""
    data, acts = telnet(data)
    lines = split_lines(erase(data, b"\b\x7f"))
    kept = (line.partition(b"\0")[0] for line in lines.lines)
    return [*acts, *lines.acts, *(_command(text) for text in decoded(kept, encoding) if text.strip(" "))]


def _command(text: str) -> Act:
    verb, arg = first_word(text)
    if not verb[:1].isalpha():
        return Act("shortcut", verb[:1])
    if verb in ("say", "emote"):
        return Act(verb, verb, None, arg, (), arg)
    if verb == "tell":
        target, arg = first_word(arg)
        return Act("tell", verb, target, arg, (), arg)
    return Act("channel", verb, verb, arg, (), arg) if verb in CHANNELS else Act("command", verb)
