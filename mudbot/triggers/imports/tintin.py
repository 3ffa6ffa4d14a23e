"""TinTin++: ``#action``, ``#gag`` and ``#substitute``, with the classes they stand in.

What fires first is what TinTin++ takes first: the lower priority, then the pattern in the order of its bytes; one
action a line.  Gags and substitutions do not hinder actions there, so they come before all of them here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mudbot.triggers.imports.found import (
    Draft,
    Finds,
    Imported,
    NotCarriedError,
    commands,
    group_name,
    literal,
    plain_name,
)
from mudbot.triggers.imports.tintin_body import UNPARTED, World, read_body, reason, template, without_colors
from mudbot.triggers.imports.tintin_pattern import pattern
from mudbot.triggers.imports.tintin_source import argument, command_sign, full_name, word_of
from mudbot.triggers.imports.tintin_source import commands as commands_of

_USUAL = 5.0
"""The priority of an action that names none."""
_LISTS = ("action", "gag", "substitute")
_SILENT = ("nop", "config", "message")
_FIRST = 10
"""The priority here of gags and substitutions; those of actions are from -4 to 4."""


@dataclass(slots=True)
class _Entry:
    """One of TinTin++'s lists holds it under its pattern."""

    line: int
    kind: str
    pattern: str
    body: str
    priority: float
    group: str
    once: bool
    strange: str = ""
    """A priority that is none."""


class _File:
    def __init__(self, text: str) -> None:
        self.sign = command_sign(text)
        self.finds = Finds()
        self.entries: dict[tuple[str, str], _Entry] = {}
        self.aliases: dict[str, int] = {}
        self.variables: set[str] = set()
        self._classes: list[str] = []
        for line, command in commands_of(text):
            self._take(line, command)

    def _take(self, line: int, command: str, *, once: bool = False) -> None:
        if not command.startswith(self.sign):
            self.finds.refuse(line, command, "a command that is sent when the file is read")
            return
        word, rest = word_of(command[1:] or " nop")
        if "{" in word:
            self.finds.refuse(line, command, UNPARTED)
            return
        name = full_name(word)
        if name in _LISTS:
            self._define(line, name, rest, once=once)
        elif name == "class":
            self._class(line, command, rest)
        elif name == "line" and argument(rest)[0].lower() == "oneshot" and argument(rest)[1].startswith(self.sign):
            self._take(line, argument(rest)[1].strip(), once=True)
        elif name.startswith("un") and name[2:] in _LISTS:
            self._remove(line, command, (name[2:], argument(rest, whole=True)[0]))
        elif name not in _SILENT:
            self._note(line, command, name, rest)

    def _note(self, line: int, command: str, name: str, rest: str) -> None:
        first = argument(rest)[0]
        if name == "alias":
            head = first.split("%")[0].removeprefix("^").strip()
            if head and " " not in head:
                self.aliases[head] = line
        elif name == "variable":
            self.variables.add(first.split("[")[0])
        told = {"alias": "an alias is no trigger", "if": "what is in it depends on a condition"}
        self.finds.refuse(line, command, told.get(name) or reason(name))

    def _define(self, line: int, kind: str, rest: str, *, once: bool) -> None:
        found, rest = argument(rest, whole=kind == "gag")
        body, rest = argument(rest, whole=True)
        written, _ = argument(rest, whole=True)
        if not found or not (body or kind == "gag"):
            self.finds.refuse(line, f"#{kind} {{{found}}}", "it only shows what is defined")
            return
        try:
            priority = min(max(float(written or _USUAL), 1.0), 9.999)
            strange = "" if priority == float(written or _USUAL) else written
        except ValueError:
            priority, strange = _USUAL, written
        group = self._classes[-1] if self._classes else ""
        if old := self.entries.get((kind, found)):
            group = old.group  # what is defined again stays in the class where it was first
        self.entries[kind, found] = _Entry(line, kind, found, body, priority, group, once, strange)

    def _class(self, line: int, command: str, rest: str) -> None:
        name, rest = argument(rest)
        option = argument(rest)[0].lower()
        if option and "open".startswith(option):
            self._classes = [each for each in self._classes if each != name] + [name]
        elif option and "close".startswith(option):
            self._classes = [each for each in self._classes if each != name]
        elif option in ("kill", "clear"):
            self.entries = {key: entry for key, entry in self.entries.items() if entry.group != name}
        else:
            self.finds.refuse(line, command, "of classes only open, close, kill and clear are understood")

    def _remove(self, line: int, command: str, key: tuple[str, str]) -> None:
        if self.entries.pop(key, None) is None:
            self.finds.refuse(line, command, "it names no pattern that was defined before, or several at once")


def convert(text: str) -> Imported:
    """The triggers of a file of TinTin++ commands.  Raises ConfigError where TinTin++ would not read it."""
    file = _File(text)
    world = World(file.sign, file.variables, file.aliases)
    for entry in file.entries.values():
        draft = Draft(entry.line, f"#{entry.kind} {{{plain_name(entry.pattern)}}}")
        try:
            _fill(draft, entry, world)
        except NotCarriedError as exc:
            file.finds.refuse(entry.line, draft.what, exc.why)
        else:
            file.finds.add(draft)
    return file.finds.imported(ordered=True)


def _fill(draft: Draft, entry: _Entry, world: World) -> None:
    found = pattern(entry.pattern)
    draft.keys |= found.keys()
    if found.color:
        draft.lose("~", "the colour of the whole match is asked for, not the codes themselves")
    if found.counts:
        draft.lose(entry.pattern, "TinTin++ counts bytes, and this pattern counts characters: mend the numbers")
    if entry.strange:
        draft.lose(f"priority {entry.strange}", f"priorities are from 1 to 9.999; it has {entry.priority:g} now")
    doing = {"action": _action, "gag": _gag, "substitute": _substitute}[entry.kind]
    draft.keys |= doing(draft, entry, found.arguments, world)
    if entry.once:
        draft.keys["count"] = 1
    if entry.group:
        draft.keys["group"] = group_name(entry.group)
    priority = round(_USUAL - entry.priority) if entry.kind == "action" else _FIRST
    if priority:
        draft.keys["priority"] = priority
    # Priorities here are whole numbers; where those of TinTin++ are finer, the order of the list says the rest.
    draft.rank = (entry.kind == "action", entry.priority, entry.pattern.encode("utf-8", "surrogatepass"))


def _action(draft: Draft, entry: _Entry, arguments: dict[int, int], world: World) -> dict[str, Any]:
    body = read_body(entry.body, entry.pattern, arguments, world)
    for what, why in body.losses:
        draft.lose(what, why)
    keys: dict[str, Any] = {"command": commands(body.commands)} if body.commands else {}
    if body.gag:
        keys["gag"] = True
    if body.once:
        keys["count"] = 1
    return keys | {"stop": True}


def _gag(_draft: Draft, _entry: _Entry, _arguments: dict[int, int], _world: World) -> dict[str, Any]:
    return {"gag": True}


def _substitute(draft: Draft, entry: _Entry, arguments: dict[int, int], world: World) -> dict[str, Any]:
    if entry.body == ".":  # so TinTin++ has always spelt: not at all
        return {"gag": True}
    text, colored = without_colors(entry.body)
    if colored:
        draft.lose("its colours", "transcripts have none")
    return {"substitute": template(text, arguments, world) or literal("")}
