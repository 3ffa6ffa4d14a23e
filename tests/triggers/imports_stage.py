"""What imported triggers would do: the naive loop that defines it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from mudbot.triggers.imports import Imported, Source, convert
from mudbot.triggers.imports.found import commands_of, patterns_of

DATA = Path(__file__).parent / "data"
FILES: dict[str, Source] = {
    "arctic.tin": "tintin",
    "xkx.tin": "tintin",
    "combat.xml": "mudlet",
    "world.mcl": "mushclient",
    "pymud_module.py.txt": "pymud",
}


def text_of(name: str) -> str:
    return (DATA / name).read_text(encoding="utf-8")


def imported(name: str) -> Imported:
    return convert(text_of(name), FILES[name])


def only(found: Imported) -> dict[str, Any]:
    """The one trigger that there is."""
    assert len(found.triggers) == 1, (found.triggers, found.notes)
    return found.triggers[0]


def reasons(found: Imported) -> str:
    return "\n".join(map(str, found.notes))


def sent(triggers: list[dict[str, Any]], *lines: str) -> list[str]:
    """The commands for *lines*, one after the other; several patterns are taken as wanted on the last lines."""
    out: list[str] = []
    spent: dict[int, int] = {}
    for end, line in enumerate(lines, 1):
        for index in sorted(range(len(triggers)), key=lambda i: -triggers[i].get("priority", 0)):
            trigger = triggers[index]
            groups = _groups(trigger, lines[:end], line)
            if (
                trigger.get("on") == "prompt"
                or groups is None
                or not trigger.get("enabled", True)
                or spent.get(index, 0) >= trigger.get("count", 99)
            ):
                continue
            spent[index] = spent.get(index, 0) + 1
            out += [_filled(command, groups) for command in commands_of(trigger)]
            if trigger.get("stop"):
                break
    return out


def _groups(trigger: dict[str, Any], lines: tuple[str, ...], line: str) -> dict[str, str] | None:
    patterns = patterns_of(trigger)
    if "all_of" not in trigger:
        found = [patterns[0].compiled().search(line)]
    elif "lines" in trigger:
        window = lines[-trigger["lines"] :]
        found = [next((m for each in window if (m := p.compiled().search(each))), None) for p in patterns]
    else:
        window = lines[-len(patterns) :]
        pairs = zip(patterns, window, strict=False)
        found = [p.compiled().search(each) for p, each in pairs] if len(window) == len(patterns) else [None]
    groups: dict[str, str] = {}
    for match in found:
        if match is None:
            return None
        groups |= {str(n): value or "" for n, value in enumerate((match[0], *match.groups()))}
        groups |= {name: value or "" for name, value in match.groupdict().items()}
    return groups


def _filled(command: str, groups: dict[str, str]) -> str:
    braces = {"{{": "{", "}}": "}"}
    return re.sub(r"\{\{|\}\}|\{(\w+)\}", lambda m: braces.get(m[0]) or groups[m[1]], command)
