"""MUSHclient's XML: worlds, plugins without entities, and triggers copied from its list.

What an attribute means when it is missing is what MUSHclient's loader makes of it: a trigger that does not say that it
is enabled is not.  All patterns are PCRE; those without ``regexp`` are for whole lines and know ``*`` only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from mudbot.errors import ConfigError, Problem
from mudbot.triggers.imports.found import (
    Draft,
    Finds,
    Imported,
    NotCarriedError,
    bounded,
    commands,
    compiled_of,
    group_name,
    literal,
    patterns_of,
    placeholders_of,
    plain_name,
)
from mudbot.triggers.imports.pcre import keys_of, translate
from mudbot.triggers.imports.several import Several, refers_back, several
from mudbot.triggers.imports.xml import Element, parse

_YES = frozenset(("y", "yes", "1", "-1", "true", "t"))
_WORLD, _QUEUE, _EXECUTE, _IMMEDIATE = 0, 8, 10, 13
_TARGETS = {
    1: "the command window", 2: "the output window", 3: "the status line", 4: "a notepad", 5: "a notepad", 6: "the log",
    7: "a notepad", 9: "a variable", 11: "a speed walk", 12: "a script", 14: "a script",
}  # fmt: skip
_COLORS = ("black", "red", "green", "yellow", "blue", "magenta", "cyan", "white")
_MARK = re.compile(r"%(?:(?P<percent>%)|(?P<number>[0-9])|<(?P<name>[^>]*)>?|(?P<other>[cCnN]))|@(?P<at>@|!?\w+)")
_NEWLINE = re.compile(r"((?:[^\\]|\\[^n])*?)\\n", re.DOTALL)
_END = re.compile(r"(?:\\n)?(?:\\[zZ]|\$)$")

Group = Callable[[str], str]
"""The placeholder for a group, by its number or name.  Raises NotCarriedError if there is none."""


@dataclass(slots=True)
class _World:
    """What the file says besides its triggers."""

    stack: str = ""
    """What stands between several commands that are executed."""
    aliases: list[tuple[re.Pattern[str], int]] = field(default_factory=list)


def convert(text: str) -> Imported:
    """The triggers of a file.  Raises ConfigError if it is none of MUSHclient's."""
    root = parse(text)
    if root.tag not in ("muclient", "triggers", "trigger", "world"):
        message = f"<{root.tag}> is no file of MUSHclient: wanted is <muclient> or <triggers>"
        raise ConfigError(Problem(f"line {root.line}", message))
    world, finds = _world(root), Finds()
    for element, defaults in _triggers(root, defaults=False):
        draft = Draft(element.line, plain_name(element.attributes.get("name") or element.attributes.get("match", "")))
        try:
            _fill(draft, element, world, defaults=defaults)
        except NotCarriedError as exc:
            for what, why in draft.losses:
                finds.refuse(draft.line, f"{draft.what}: {what}", why)
            finds.refuse(draft.line, draft.what or "a trigger", exc.why)
        else:
            finds.add(draft)
    for tag in ("alias", "timer", "macro", "script"):
        found = list(root.all(tag))
        if found:
            finds.refuse(found[0].line, f"{len(found)} of <{tag}>", "only triggers are carried over")
    return finds.imported()


def _triggers(element: Element, *, defaults: bool) -> Iterator[tuple[Element, bool]]:
    """Every trigger, and whether what it leaves out has MUSHclient's defaults; the depth is bounded by that of XML."""
    defaults = _yes(element, "use_default_triggers") or _yes(element, "defaults") or defaults
    if element.tag == "trigger":
        yield element, defaults
    for child in element.children:
        yield from _triggers(child, defaults=defaults and element.tag == "triggers")


def _world(root: Element) -> _World:
    found = _World()
    for world in root.all("world"):
        if _yes(world, "enable_command_stack"):
            found.stack = world.attributes.get("command_stack_character", ";")
    for alias in root.all("alias"):
        try:
            pattern = compiled_of(patterns_of(_pattern(alias)[0])[0])
        except NotCarriedError:
            continue  # what cannot be told is sent as it is
        found.aliases.append((pattern, alias.line))
    return found


def _yes(element: Element, name: str, *, default: bool = False) -> bool:
    value = element.attributes.get(name)
    return default if value is None else value.lower() in _YES


def _number(element: Element, name: str, default: int = 0) -> int:
    value = element.attributes.get(name, "")
    return int(value) if value.isdecimal() and value.isascii() and len(value) < 8 else default


def _fill(draft: Draft, element: Element, world: _World, *, defaults: bool) -> None:
    attributes = element.attributes
    if name := plain_name(attributes.get("name", "")):
        draft.keys["name"] = name
    if _yes(element, "expand_variables") and re.search(r"@!?\w", attributes.get("match", "")):
        raise NotCarriedError("its pattern holds a variable: what that would be is known to MUSHclient alone")
    keys, group = _multi(element) if _yes(element, "multi_line") else _pattern(element)
    draft.keys |= keys
    if found := _commands(draft, element, group, world):
        draft.keys["command"] = commands(found)
    if isinstance(lines := keys.get("all_of"), Several):
        draft.keys["all_of"] = lines.entries({name for text in found for name in placeholders_of(text)})
    if color := _color(element):
        draft.keys["color"] = color
        draft.lose("its colour", "MUSHclient looks at the first letter of the match; here all of it is to look so")
    _rules(draft, element, defaults=defaults)
    _looks(draft, element)


def _rules(draft: Draft, element: Element, *, defaults: bool) -> None:
    """When and how often it fires, and what that hinders."""
    if _yes(element, "omit_from_output"):
        draft.keys["gag"] = True
    if path := group_name(element.attributes.get("group", "")):
        draft.keys["group"] = path
    if priority := 100 - _number(element, "sequence", 100 if defaults else 0):
        draft.keys["priority"] = priority
    if not _yes(element, "keep_evaluating"):
        draft.keys["stop"] = True
    if _yes(element, "one_shot"):
        draft.keys["count"] = 1
    if not _yes(element, "enabled", default=defaults):
        draft.keys["enabled"] = False


def _looks(draft: Draft, element: Element) -> None:
    """Note what a trigger has that has no counterpart."""
    attributes = element.attributes
    if attributes.get("script"):
        draft.lose(f"script {attributes['script']}", "scripts are not carried over: write a plugin")
    if _number(element, "custom_colour") or any(
        _yes(element, f"make_{how}") for how in ("bold", "italic", "underline")
    ):
        draft.lose("its highlight", "there is no screen to colour")
    if attributes.get("sound"):
        draft.lose("its sound", "there is nobody to hear it")
    if _yes(element, "repeat"):
        draft.lose("repeat on the same line", "a trigger looks once at a line here")
    if _yes(element, "lowercase_wildcard") and "command" in draft.keys:
        draft.lose("wildcards in lower case", "they are sent as they are")
    if _number(element, "clipboard_arg"):
        draft.lose("a wildcard to the clipboard", "there is no clipboard")


def _pattern(element: Element) -> tuple[dict[str, object], Group]:
    """The keys for the pattern of an element, and its groups."""
    match = bounded(element.attributes.get("match", ""))
    keys: dict[str, object]
    if _yes(element, "regexp"):
        keys = keys_of(translate(match, bytewise=True))
    elif "*" in match:
        keys = {"glob": re.sub(r"[\\?]", r"\\\g<0>", match)}
    else:
        keys = {"exact": match}
    if _yes(element, "ignore_case"):
        keys["ignore_case"] = True
    compiled = compiled_of(patterns_of(keys)[0])

    def group(name: str) -> str:
        if name not in compiled.groupindex and not (name.isdecimal() and int(name) <= compiled.groups):
            raise NotCarriedError(f"its pattern has no %{name}")
        return f"{{{name}}}"

    return keys, group


def _multi(element: Element) -> tuple[dict[str, object], Group]:
    r"""The same for a pattern over several lines, where ``\n`` cuts it into one for each."""
    if not _yes(element, "regexp"):
        raise NotCarriedError("a pattern over several lines without `regexp` is not carried over")
    match = bounded(element.attributes.get("match", ""))
    body = _END.sub("", match)
    parts, at = [], 0
    while cut := _NEWLINE.match(body, at):
        parts.append(cut[1])
        at = cut.end()
    parts.append(body[at:])
    if len(parts) == 1:
        raise NotCarriedError(r"it looks at several lines at once, and no \n in its pattern says where one ends")
    regexes = [translate(part, bytewise=True) for part in parts]
    if any(refers_back(each.source) for each in regexes):
        raise NotCarriedError("a pattern over several lines that refers back to a group is not carried over")
    sources = []
    for number, regex in enumerate(regexes):
        before = "^" if number and not regex.source.startswith("^") else ""
        after = "$" if number < len(parts) - 1 or body != match else ""
        inner = f"(?:{regex.whole})" if "|" in regex.source else regex.whole
        sources.append(f"{before}{inner}{after}")
    found = several(sources)
    keys: dict[str, object] = {"all_of": found}
    if _yes(element, "ignore_case"):
        keys["ignore_case"] = True
    return keys, found.running_group


def _color(element: Element) -> str:
    """What the match has to look like; empty if that does not matter."""
    if any(_yes(element, f"match_{how}") for how in ("italic", "inverse", "underline")):
        raise NotCarriedError("it asks for italic, inverse or underlined text: only colours have a counterpart")
    bold, text, back = (_yes(element, f"match_{what}") for what in ("bold", "text_colour", "back_colour"))
    if not (bold or text or back):
        return ""
    fg, bg = _number(element, "text_colour"), _number(element, "back_colour")
    if not (bold and text) or max(fg, bg) > 7:
        raise NotCarriedError("it asks for a colour, bold or not: write `color: red` or `color: bright red` yourself")
    color = f"bright {_COLORS[fg]}" if _yes(element, "bold") else _COLORS[fg]
    return f"{color} on {_COLORS[bg]}" if back and bg else color


def _commands(draft: Draft, element: Element, group: Group, world: _World) -> list[str]:
    """What it sends to the MUD."""
    target, text = _number(element, "send_to"), element.child("send").strip("\r\n")
    if not text.strip():
        return []
    if target not in (_WORLD, _QUEUE, _EXECUTE, _IMMEDIATE):
        draft.lose(text.split("\n")[0], f"it goes to {_TARGETS.get(target, 'somewhere unknown')}, not to the MUD")
        return []
    found = []
    for line in text.replace("\r", "").split("\n"):
        parts = line.split(world.stack) if target == _EXECUTE and world.stack else [line]
        for part in (each.strip() for each in parts):
            try:
                if part:
                    _no_alias(part, target, world)
                    found.append(_filled(part, element, group))
            except NotCarriedError as exc:
                draft.lose(part, exc.why)
    return found


def _no_alias(command: str, target: int, world: _World) -> None:
    if target == _EXECUTE:
        for alias, line in world.aliases:
            if alias.search(command):
                raise NotCarriedError(f"it is an alias of line {line}: write what it stands for")


def _filled(text: str, element: Element, group: Group) -> str:
    """*text* with its marks as our placeholders."""
    expand = _yes(element, "expand_variables")
    parts, at = [], 0
    for mark in _MARK.finditer(text):
        parts.append(literal(text[at : mark.start()]))
        at = mark.end()
        if mark["at"]:
            if expand and mark["at"] != "@":
                raise NotCarriedError(f"{mark[0]} is a variable: what that would be is known to MUSHclient alone")
            parts.append(literal("@" if expand else mark[0]))
        elif mark["other"]:
            if mark["other"] in "cC":
                raise NotCarriedError("%C is the clipboard: there is none")
            parts.append(literal(element.attributes.get("name", "")))
        else:
            parts.append("%" if mark["percent"] else group(mark["number"] or mark["name"] or ""))
    return "".join([*parts, literal(text[at:])])
