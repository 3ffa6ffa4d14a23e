"""Strings that try to make a MUD do something else than say them.

Built from blocks, without chance: the corpus is the same in every run.  Each string carries the families of servers for
which it is dangerous when it is sent as it is (a positive control detects those), or none: then it is aimed at the gate
itself, at folding, splitting and escaping, and at libraries nobody has read.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SEEDS: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "data" / "hostile_seeds.yaml").read_text("utf-8"))
COMMANDS: list[str] = SEEDS["commands"]
FRAMES: list[str] = SEEDS["frames"]
MARKUP: dict[str, list[str]] = SEEDS["markup"]
TARGETS: list[str] = SEEDS["targets"]
"""Addressees that somebody could have chosen, or that a model made up."""
CHANNELS: list[str] = SEEDS["channels"]
"""Such names of channels."""
META = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
LIMITS = (72, 79, 80, 250, 254, 256, 506, 508, 510, 511, 512)
"""Bytes at which servers and clients are known to cut, and the numbers beside them."""
LONG_LIMITS = (1014, 1024, 2040, 2048, 4090, 4096, 5990, 6000, 8190)


@dataclass(frozen=True, slots=True)
class Hostile:
    """One string, and where it is dangerous."""

    text: str
    families: frozenset[str] = field(default=frozenset())


def _hostile(text: str, *families: str) -> Hostile:
    return Hostile(text, frozenset(families))


def _frame(frame: str, token: str) -> str:
    return frame.replace("{}", token)


def _second_lines() -> Iterator[Hostile]:
    for end in SEEDS["breaks"]:
        for command in COMMANDS:
            yield _hostile(end + command, "all")
            yield _hostile(f"hello there{end}{command}{end}", "all")
            yield _hostile(f"好{end}{command}", "all")
    for end in (*SEEDS["rare_breaks"], *SEEDS["unicode_breaks"]):
        for command in COMMANDS:
            wide = end in SEEDS["unicode_breaks"][1:]
            yield _hostile(f"hello{end}{command}", *(() if wide else ("control",)))
            yield _hostile(f"你好{end}{command}")


def _editing() -> Iterator[Hostile]:
    for count in (*range(1, 16), 20, 25, 30, 40, 60):
        for command in COMMANDS[:5]:
            yield _hostile("\b" * count + command, "backspace", "control")
            yield _hostile("\x7f" * count + command, "delete", "control")
            yield _hostile("hi" + "\b" * (count + 2) + command, "backspace", "control")
            yield _hostile("\u200b\b" * count + command)
    for command in COMMANDS:
        yield _hostile(f"hi\0{command}", "nul", "evennia", "ranvier")
        yield _hostile(f"hi\0\r\n{command}", "all")
        yield _hostile(f"hi\r\0{command}", "all")


def _bytes_of_the_wire() -> Iterator[Hostile]:
    for escape in SEEDS["escapes"]:
        for frame in FRAMES[:8]:
            yield _hostile(_frame(frame, "x" + escape + "y"), "control")
    for code in SEEDS["telnet"]:
        for frame in ("{}", "hi {} there", "a{}b"):
            yield _hostile(_frame(frame, code), *(() if code.endswith("ÿ") and frame == "{}" else ("8bit",)))
        yield _hostile(code.replace("ÿ", "я"))
        yield _hostile(code.replace("ÿ", "ÿÿ"))
        yield _hostile(code.replace("ÿ", "\xff\x00"))


def _markup() -> Iterator[Hostile]:
    for family, tokens in MARKUP.items():
        for token in tokens:
            for frame in FRAMES:
                yield _hostile(_frame(frame, token), family)
            yield _hostile("\\" + token)
            yield _hostile(token * 40, family)
            yield _hostile("".join(token[:1] * 2 + token[1:]))
            yield _hostile(f" {token}{token[:1]}", family)
            yield _hostile(f"中文{token}汉字")
            for other in ("\x00", "\b", "\u200b", "\n"):
                yield _hostile(token[:1] + other + token[1:], *(("all",) if other == "\n" else ()))
    calls = (
        "add(1,2)",
        "pemit(me,x)",
        "name(me)",
        "set(me,dark)",
        "u(x)",
        "get(me/x)",
        "tel(me,#0)",
        "r(0)",
        "create(x)",
    )
    for call in calls:
        for frame in ("{}", "  {}", "{} hi", "{}{}", "{}; quit"):
            yield _hostile(_frame(frame, call), "pennmush")
    for word in ("waves", "smile bob", "'s dead", "quit", "grins", "bows"):
        yield _hostile(f":{word}", "pennmush", "evennia")
        yield _hostile(f";{word}", "pennmush")
        yield _hostile(f"  :{word}", "pennmush", "evennia")
        yield _hostile(f"to bob {word}", "deadsouls")
        yield _hostile(f"^encode {word}", "deadsouls")
    yield from (
        _hostile(f"{sign}{word}", "deadsouls", "pennmush") for sign in ":;" for word in ("smile", "dies", "nods at ann")
    )


def _tokens() -> list[str]:
    return [tokens[i] for tokens in MARKUP.values() for i in range(0, len(tokens), 2)]


def _leads() -> Iterator[Hostile]:
    for lead in SEEDS["leads"]:
        for before in ("", " ", "   ", '"', "'", "\u200b", "\u3000", "\ufeff", "\u202e"):
            for command in ("quit", "say pwned"):
                marked = lead in (":", ";") and before in ("", " ", "   ")
                families = ("pennmush", "evennia") if lead == ":" else ("pennmush",)
                yield _hostile(before + lead + command, *(families if marked else ()))


def wide(text: str) -> str:
    """*text* in full-width forms, which NFKC folds back."""
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text)


def _folding() -> Iterator[Hostile]:
    for sign in (*map(wide, META), *SEEDS["like_meta"]):
        for frame in ("{}quit", "hi{}quit", "{}{}r", "{} {}", "{}R{}", "say{}x"):
            yield _hostile(_frame(frame, sign))
    for token in _tokens():
        yield _hostile(wide(token))
        yield _hostile(f"hi {wide(token)} there")
        yield _hostile(wide(token[:1]) + token[1:])
        yield _hostile("\\" + wide(token))
        yield _hostile(token[:1] + wide(token[1:]) if len(token) > 1 else wide(token) + token)
    for command in COMMANDS:
        yield _hostile(wide(command))
        yield _hostile(f"hi\u3000;\u3000{wide(command)}")


def _hiding() -> Iterator[Hostile]:
    for hidden in SEEDS["invisible"]:
        for token in _tokens()[::2]:
            yield _hostile(token[:1] + hidden + token[1:] + "x")
        for lead in (":", ";", "@", "!", "'", "/", "{", "|", "%", "[", "<", "$"):
            yield _hostile(hidden + lead + "quit")
            yield _hostile(lead + hidden + lead + "r")


def _trail_bytes() -> Iterator[Hostile]:
    for codec in ("gbk", "big5"):
        for trail in b"\\|{}~^@[]`":
            found = 0
            for lead in range(0xA4, 0xFA, 7):
                try:
                    char = bytes((lead, trail)).decode(codec)
                except UnicodeDecodeError:
                    continue
                found += 1
                for frame in ("{}", "{}r", "{}quit", "hi {}", "{}{}n", "{}N"):
                    yield _hostile(_frame(frame, char))
                if found == 3:
                    break


def _limits() -> Iterator[Hostile]:
    for limit in LIMITS:
        for token in ("|r", "{r", "@r", "%r", "[add(1,2)]", "<b>", "%^RED%^", "$N", "\\", ";quit"):
            for less in (4, 5, 9):
                yield _hostile("a" * (limit - less) + token + "quit")
        for token in ("|", "\\", "{", "@"):
            yield _hostile("汉" * (limit // 3) + token * 9)
            yield _hostile(token * limit)
    for limit in LONG_LIMITS:
        for token in ("|r", "%r", "\\"):
            yield _hostile("a" * (limit - 4) + token + "quit", *(("overflow",) if limit > 1014 else ()))
        yield _hostile("word " * (limit // 5) + "\nquit", "all")


def _oddities() -> Iterator[Hostile]:
    for char in SEEDS["odd"]:
        for frame in FRAMES[:8]:
            yield _hostile(_frame(frame, char))
        yield _hostile(f"{char}\nquit", "all")
    for echo in SEEDS["echoes"]:
        for frame in ("{}", " {}", "hi {}", "{}{}"):
            text = _frame(frame, echo)
            yield _hostile(text)
        yield _hostile(f"{echo}\r\n{echo}", "all")


@functools.cache
def corpus() -> tuple[Hostile, ...]:
    """Every string once; where two blocks build the same one its families are put together."""
    parts: tuple[Iterable[Hostile], ...] = (
        *(_second_lines(), _editing(), _bytes_of_the_wire(), _markup(), _leads(), _folding(), _hiding()),
        *(_trail_bytes(), _limits(), _oddities()),
    )
    merged: dict[str, frozenset[str]] = {}
    for part in parts:
        for one in part:
            merged[one.text] = merged.get(one.text, frozenset()) | one.families
    return tuple(Hostile(text, families) for text, families in merged.items())
