"""The FluffOS driver, and what the Chinese ES2 libraries on it have in common.

Modelled from FluffOS ``src/comm.cc`` (on_user_input, cmd_in_buf, first_cmd_in_buf; MudOS v22 is alike): a line ends
at CR, LF or both; backspace and DEL take away the byte before, over line ends too; a command is a C string, so a
NUL cuts it; a line that does not fit the buffer is skipped.  Blanks at the end are dropped (user_parser).  From the
libraries, all children of ES2: ``process_input`` and the global aliases of ``aliasd.c``, then ``command_hook``: an
exit or a command file, else a verb of ``EMOTE_D``, else ``CHANNEL_D``, where a ``*`` behind the channel's name
makes it an emote. ``tell`` and ``whisper`` split with ``sscanf(arg, "%s %s")``, and ``name@mud`` goes to another
MUD.  Colours are written ``%^RED%^``, names and pronouns ``$N $n $P $p`` (message_vision): a library should never
read them in what players say, but one that was read does (pkuxkx: emote), so they count everywhere.  ``$HIR$`` is a
colour in titles and rooms only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.mud.parsers.base import Act, Typed, decoded, erase, split_lines, substitute, telnet, words

BUFFER = 2048
FAMILIES = frozenset(("all", "backspace", "delete", "control", "fluffos"))
ES2_VERBS = {"say": "say {text}", "tell": "tell {target} {text}", "channel": "{target} {text}", "emote": "emote {text}"}
MARKUP = re.compile(r"%\^|\$[NnPp]")
COMMANDS = frozenset(words("es2"))
MOVES = {"n": "north", "s": "south", "e": "east", "w": "west", "u": "up", "d": "down"}
ALIASES = {
    **{short: f"go {long}" for short, long in MOVES.items()},
    **{f"{a}{b}": f"go {MOVES[a]}{MOVES[b]}" for a in "nsew" for b in "ud"},
    **{f"{a}{b}": f"go {MOVES[a]}{MOVES[b]}" for a in "ns" for b in "ew"},
    "l": "look",
    "i": "inventory",
}
SHORT_WORDS = frozenset(("smile", "laugh", "wave", "nod", "bow", "hug", "kick", "slap", "hi", "bye"))
"""Verbs of EMOTE_D: one stands for hundreds."""


@dataclass(frozen=True, slots=True)
class Lib:
    """Where the libraries differ."""

    channels: frozenset[str]
    shortcuts: Callable[[str], str | Act]
    """The line after ``process_input``, or the act where that already is one."""
    aliases: Mapping[str, str]
    subchannels: frozenset[str] = frozenset()
    """Channels where ``[name] text`` goes to the sub-channel of that name."""
    channel_limit: int | None = None
    """Columns on a channel; a longer text is refused."""


def typed(data: bytes) -> Typed:
    """The lines of *data* as the driver hands them to the library."""
    data, acts = telnet(data)
    lines = split_lines(erase(data, b"\b\x7f"))
    kept = [line.partition(b"\0")[0] for line in lines.lines if len(line) < BUFFER]
    return Typed(kept, [*acts, *lines.acts])


def parse(lib: Lib, data: bytes, encoding: str) -> list[Act]:
    """What a library does with *data*."""
    lines = typed(data)
    read = (_process(lib, text) for text in decoded(lines.lines, encoding))
    return [*lines.acts, *(act for act in read if act is not None)]


def _process(lib: Lib, text: str) -> Act | None:
    done = lib.shortcuts(text)
    if isinstance(done, Act):
        return done
    words = done.lstrip(" ").split(" ")
    words[0] = lib.aliases.get(words[0], words[0])
    verb, _, arg = " ".join(words).rstrip(" ").partition(" ")
    return act_of(lib, verb, arg) if verb else None


def act_of(lib: Lib, verb: str, arg: str) -> Act:
    """The act of one command."""
    if verb in ("tell", "whisper"):
        target, _, text = arg.partition(" ")
        return speech(verb, verb, target, text) if text else Act("lost", verb)
    if verb in ("say", "emote"):
        return speech(verb, verb, None, arg)
    name = verb.removesuffix("*")
    if name in lib.channels:
        return Act("channel-emote", verb, name, arg) if name != verb else _channel(lib, verb, arg)
    return Act("command" if verb in COMMANDS or verb in SHORT_WORDS else "unknown", verb)


def _channel(lib: Lib, name: str, arg: str) -> Act:
    if name in lib.subchannels and re.match(r"\[[^]]*\] ", arg):
        return Act("channel", name, arg[: arg.index("]") + 1], arg)
    if lib.channel_limit is not None and sum(1 + (ord(c) > 0xFF) for c in arg) > lib.channel_limit:
        return Act("lost", name)
    return speech("channel", name, name, arg)


def speech(kind: str, verb: str, target: str | None, text: str) -> Act:
    """Something said, with the markup in it."""
    shown, evaluated = substitute(MARKUP, text, {})
    return Act(kind, verb, target, text, evaluated, text if not evaluated else shown)


def quoted(text: str) -> str:
    """``'`` is say, in every library's ``process_global_alias``."""
    return f"say {text[1:]}" if text.startswith("'") else text


def repeating(text: str) -> str | Act:
    """``!`` and ``!n`` repeat a line of the history; ``'`` is say."""
    return Act("history", "!") if text.startswith("!") else quoted(text)
