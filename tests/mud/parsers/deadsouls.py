"""Dead Souls, an English library on FluffOS.

Modelled from the Dead Souls sources ``lib/nmsh.c`` (process_input, do_nickname, do_alias), ``lib/history.c``,
``lib/command.c``, ``verbs/common/say.c``, ``cmds/players/emote.c``, ``secure/cmds/players/tell.c`` and
``secure/daemon/chat.c`` (cmdChannel): ``!`` and ``^a^b`` are history; every word that begins with a backslash loses
it; ``'`` and ``"`` are say, ``:`` emote, ``]`` its own verb; ``chat`` stands for ``newbie``.  ``say to bob x``
speaks to bob if he is here.  On a channel ``:x`` and ``;x`` at the front are emotes, ``^encode`` is Morse, and a
bare channel is switched off; a channel's name may carry ``emote``, ``:``, ``;`` and pipes, of which ``|file`` reads
a file.  ``%^RED%^`` is a colour.  Listeners see the text with a capital and a full stop, which is not modelled.
"""

from __future__ import annotations

import re

from tests.mud.parsers import fluffos
from tests.mud.parsers.base import Act, decoded, first_word, substitute

NAME = "deadsouls"
FAMILIES = fluffos.FAMILIES | {"8bit", "deadsouls"}
ENCODINGS: tuple[str, ...] = ("utf-8", "latin-1")
CHANNEL = "newbie"
ASCII_ONLY = False
VERBS = {"say": "say {text}", "tell": "tell {target} {text}", "channel": "{target} {text}", "emote": "emote {text}"}

HERE = frozenset(("bob", "ann"))
CHANNELS = frozenset(("newbie", "gossip", "intergossip", "cre", "admin", "dchat", "death", "connections"))
XVERBS = {"'": "say ", '"': "say ", ":": "emote ", "]": "] "}
ALIASES = {
    "chat": "newbie",
    "ig": "intergossip",
    "dc": "dchat",
    "t": "tell",
    "k": "kill",
    "exit": "go out",
    "l": "look",
    "n": "go north",
    "s": "go south",
    "e": "go east",
    "w": "go west",
    "x": "look at",
    "i": "inventory",
    "c": "cre",
}
_COLOUR = re.compile(r"%\^\w*(?:%\^)?")


def parse(data: bytes, encoding: str) -> list[Act]:
    """What Dead Souls does with *data*."""
    lines = fluffos.typed(data)
    return [*lines.acts, *(_command(text) for text in decoded(lines.lines, encoding) if text.strip(" "))]


def _command(text: str) -> Act:
    if text[0] in "!^":
        return Act("history", text[0])
    words = [word.removeprefix("\\") if word.startswith("\\") else word for word in text.lstrip(" ").split(" ")]
    if words[0][:1] in XVERBS and words[0]:
        words[0] = XVERBS[words[0][0]] + words[0][1:]
    else:
        words[0] = ALIASES.get(words[0], words[0])
    verb, _, arg = " ".join(words).rstrip(" ").partition(" ")
    if verb == "tell":
        target, arg = first_word(arg)
        return _said("tell", verb, target, arg) if arg else Act("lost", verb)
    if verb == "say":
        spoken_to = re.match(r"to (\w+) ", arg)
        return _said("say-to" if spoken_to and spoken_to[1].lower() in HERE else "say", verb, None, arg)
    if verb == "emote":
        return _said("emote", verb, None, arg)
    return _channel(verb, arg)


def _channel(verb: str, arg: str) -> Act:
    base = re.split(r"[|:;]|emote", verb)[0].removesuffix("forced")
    if base not in CHANNELS:
        return Act("command", verb)
    if base != verb:
        return Act("channel-pipe", verb, base, arg)
    if not arg:
        return Act("toggle", verb)
    if re.match(r"[:;][A-Za-z][^ ]", arg):
        return Act("channel-emote", verb, base, arg)
    act = _said("channel", verb, base, arg)
    coded = ("morse",) if arg.startswith(("^encode", "-.--. . -")) else ()
    return Act(act.kind, act.verb, act.target, arg, act.evaluated + coded, act.shown)


def _said(kind: str, verb: str, target: str | None, text: str) -> Act:
    shown, evaluated = substitute(_COLOUR, text, {})
    return Act(kind, verb, target, text, evaluated, shown)
