"""RanvierMUD, on Node.js.

Modelled from ranvier-telnet ``index.js`` (attach, input), ``input-events/commands.js``, core ``CommandParser.js``,
``Channel.js``, ``PrivateAudience.js``, ``Broadcast.js``: only LF ends a line, and the byte before it is dropped
whatever it is; a packet is copied into 512 bytes and the rest of it lost; a packet without LF is a command too.
The line is trimmed and split at single blanks; a word may be the beginning of a command's name.  ``say``, ``tell``,
``chat`` are channels; a bare one prints its usage.  Tags such as ``<red>`` are colours, and ``<NEWLINE>`` in a text
becomes a line break.  No byte is filtered: what arrives is what listeners receive.
"""

from __future__ import annotations

import re

from tests.mud.parsers.base import Act, by_prefix, substitute, telnet, words

NAME = "ranvier"
FAMILIES = frozenset(("all", "control", "escape", "ranvier"))
ENCODINGS: tuple[str, ...] = ("utf-8",)
CHANNEL = "chat"
ASCII_ONLY = False
VERBS = {"say": "say {text}", "tell": "tell {target} {text}", "channel": "{target} {text}", "emote": "emote {text}"}

PACKET = 512
CHANNELS = ("chat", "say", "tell", "gtell", "whisper", "yell")
TABLE = words("ranvier")
_TAG = re.compile(r"</?[A-Za-z]\w*>")


def parse(data: bytes, encoding: str) -> list[Act]:
    """What Ranvier does with *data*, which arrives in one packet."""
    *lines, rest = data[:PACKET].split(b"\n")
    acts: list[Act] = []
    for line in [*lines, *([rest] if rest else [])]:
        clean, found = telnet(line)
        text = clean[:-1].decode(encoding, "replace").strip()
        acts += [*found, *([_command(text)] if text else [])]
    return acts


def _command(text: str) -> Act:
    if text.startswith("."):
        text = f"say {text[1:]}"
    word, _, args = text.partition(" ")
    word = word.lower()
    command = word if word in TABLE else by_prefix(word, TABLE) if word not in CHANNELS else None
    if command == "emote":
        return _said("emote", command, None, args)
    channel = None if command else next((name for name in CHANNELS if name == word), None)
    if channel is None:
        return Act("command", command or word)
    if not args:
        return Act("lost", channel)
    if channel in ("tell", "whisper"):
        target, _, args = args.partition(" ")
        return _said(channel, channel, target, args)
    return _said("say" if channel == "say" else "channel", channel, channel, args)


def _said(kind: str, verb: str, target: str | None, text: str) -> Act:
    shown, evaluated = substitute(_TAG, text.replace("<NEWLINE>", "\r\n"), {})
    return Act(kind, verb, target, text, evaluated, shown)
