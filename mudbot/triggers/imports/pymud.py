"""PyMUD modules, read and never run: triggers whose arguments are written out.

``Trigger`` and ``SimpleTrigger`` calls, and methods under ``@trigger``.  PyMUD matches from the start of a line, takes
the lower priority first, and stops at the first trigger that does not say ``keepEval``.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from mudbot.errors import ConfigError, Problem
from mudbot.triggers.imports.found import (
    Doing,
    Draft,
    Finds,
    Imported,
    NotCarriedError,
    commands,
    compiled_of,
    group_name,
    patterns_of,
    placeholders_of,
    plain_name,
)
from mudbot.triggers.imports.pcre import Regex, keys_of
from mudbot.triggers.imports.pymud_code import Group, Setting, read_code, read_method
from mudbot.triggers.imports.several import several
from mudbot.triggers.trigger import Pattern

MAX_CHARACTERS = 4_000_000
"""Of one module: Python's own parser takes some hundred times as much memory."""

_CALLS = {"Trigger": ("session", "patterns"), "SimpleTrigger": ("session", "patterns", "code"), "trigger": (
    "patterns", "id", "group", "enabled", "ignoreCase", "isRegExp", "keepEval", "expandVar", "raw", "priority",
    "oneShot")}  # fmt: skip
"""What makes triggers, and its parameters in order."""
_FLAGS = re.compile(r"\(\?([aiLmsux]+)\)")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[(|)]", re.DOTALL)
_WRITTEN_OUT = "what it looks for is made while the module runs: only what is written out can be read"

_Method = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(slots=True)
class _Site:
    """A place where a trigger is made."""

    line: int
    name: str
    arguments: dict[str, ast.expr]
    handler: _Method | None = None


@dataclass(slots=True)
class _Module:
    sites: list[_Site] = field(default_factory=list)
    constants: dict[str, ast.expr] = field(default_factory=dict)
    methods: dict[tuple[str, str], _Method] = field(default_factory=dict)
    """By the name of the class, empty outside of one, and their own."""
    aliases: list[dict[str, ast.expr]] = field(default_factory=list)
    others: dict[str, list[int]] = field(default_factory=dict)


def convert(text: str) -> Imported:
    """The triggers of a module.  Raises ConfigError where it is no Python."""
    module = _read(_parsed(text))
    finds = Finds()
    aliases = list(_aliases(module))
    for site in module.sites:
        draft = Draft(site.line, f"{site.name}(...)")
        try:
            _fill(draft, site, module, aliases)
        except NotCarriedError as exc:
            for what, why in draft.losses:
                finds.refuse(site.line, f"{draft.what}: {what}", why)
            finds.refuse(site.line, draft.what, exc.why)
        else:
            finds.add(draft)
    for name, lines in module.others.items():
        finds.refuse(lines[0], f"{len(lines)} of {name}", "only triggers are carried over: write a plugin")
    return finds.imported()


def _parsed(text: str) -> ast.Module:
    if len(text) > MAX_CHARACTERS:
        raise ConfigError(Problem("line 1", f"the module has more than {MAX_CHARACTERS} characters: cut it up"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of "\d" in texts that are not raw: many modules have them, and they work
        try:
            return ast.parse(text)
        except SyntaxError as exc:
            raise ConfigError(Problem(f"line {exc.lineno or 1}", f"it is no Python: {exc.msg}")) from None
        except (ValueError, RecursionError, MemoryError) as exc:
            raise ConfigError(Problem("line 1", f"it is no Python: {str(exc) or 'nested too deeply'}")) from None


def _read(tree: ast.Module) -> _Module:
    """Everything in *tree* that matters, in the order of the lines."""
    found = _Module()
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    calls: list[tuple[ast.Call, str]] = []
    while waiting:
        node, owner = waiting.pop()
        if isinstance(node, _Method):
            found.methods[owner, node.name] = node
            found.sites += _decorated(node)
        if isinstance(node, ast.Call):
            calls.append((node, owner))
        inner = node.name if isinstance(node, ast.ClassDef) else owner
        waiting += [(child, inner) for child in ast.iter_child_nodes(node)]
    for statement in tree.body:
        if isinstance(statement, ast.Assign):
            for target in statement.targets:
                if isinstance(target, ast.Name):
                    # What is set twice is not known where it is used.
                    known = target.id in found.constants
                    found.constants[target.id] = ast.Name("") if known else statement.value
    for call, owner in calls:
        _called(found, call, owner)
    found.sites.sort(key=lambda site: site.line)
    return found


def _called(found: _Module, call: ast.Call, owner: str) -> None:
    name = _name(call.func)
    if name in ("Trigger", "SimpleTrigger"):
        site = _Site(call.lineno, name, _arguments(call, _CALLS[name]))
        handler = site.arguments.get("onSuccess")
        site.handler = found.methods.get((owner if isinstance(handler, ast.Attribute) else "", _name(handler)))
        found.sites.append(site)
    elif name in ("Alias", "SimpleAlias"):
        found.aliases.append(_arguments(call, ("session", "patterns", "code")))
    elif name in ("Timer", "SimpleTimer", "GMCPTrigger", "Command", "SimpleCommand"):
        found.others.setdefault(name, []).append(call.lineno)


def _decorated(method: _Method) -> Iterator[_Site]:
    for decorator in method.decorator_list:
        if isinstance(decorator, ast.Call) and _name(decorator.func) == "trigger":
            yield _Site(decorator.lineno, f"@trigger {method.name}", _arguments(decorator, _CALLS["trigger"]), method)


def _name(node: ast.expr | None) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _arguments(call: ast.Call, names: tuple[str, ...]) -> dict[str, ast.expr]:
    """The arguments by name; ``**`` stands for what cannot be known."""
    found = dict(zip(names, call.args, strict=False))
    return found | {keyword.arg or "**": keyword.value for keyword in call.keywords}


def _aliases(module: _Module) -> Iterator[re.Pattern[str]]:
    for arguments in module.aliases:
        try:
            pattern = _constant(arguments.get("patterns"), module)
            if isinstance(pattern, str):
                yield compiled_of(patterns_of(_looking(pattern, {}))[0])
        except NotCarriedError:
            continue  # what cannot be told is sent as it is


def _constant(node: ast.expr | None, module: _Module, depth: int = 0) -> Any:
    """The value that is written out as *node*.  Raises NotCarriedError."""
    if depth > 50 or node is None:
        raise NotCarriedError(_WRITTEN_OUT)
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.Name) and node.id in module.constants:
        return _constant(module.constants[node.id], module, depth + 1)
    if isinstance(node, ast.Tuple | ast.List):
        return [_constant(each, module, depth + 1) for each in node.elts]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        value = _constant(node.operand, module, depth + 1)
        return -value if isinstance(value, int) else value
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _constant(node.left, module, depth + 1), _constant(node.right, module, depth + 1)
        if isinstance(left, str) and isinstance(right, str) and len(left) + len(right) < 100_000:
            return left + right
    raise NotCarriedError(_WRITTEN_OUT)


def _fill(draft: Draft, site: _Site, module: _Module, aliases: list[re.Pattern[str]]) -> None:
    if "**" in site.arguments:
        raise NotCarriedError(_WRITTEN_OUT)
    patterns = _constant(site.arguments.get("patterns"), module)
    draft.what = f"{site.name}({plain_name(str(patterns))!r})"
    ignored = ("session", "patterns", "code", "onSuccess", "onFailure", "onTimeout")
    given = {name: _constant(node, module) for name, node in site.arguments.items() if name not in ignored}
    if given.get("id"):
        draft.keys["name"] = plain_name(str(given["id"]))
    keys, group = _patterns(patterns, given)
    doing = _doing(site, module, Setting(group, aliases))
    for what, why in doing.losses:
        draft.lose(what, why)
    if isinstance(patterns, list):
        keys = _together(keys, doing)
    draft.keys |= keys
    if doing.commands:
        draft.keys["command"] = commands(doing.commands)
    if doing.gag:
        draft.keys["gag"] = True
    _rules(draft, given)


def _rules(draft: Draft, given: dict[str, Any]) -> None:
    """When and how often it fires, and what that hinders."""
    if path := group_name(*str(given.get("group") or "").split(".")):
        draft.keys["group"] = path
    priority = given.get("priority", 100)
    if type(priority) is not int or abs(priority) > 1_000_000:
        draft.lose(f"priority {priority}", "it is no whole number")
    elif priority != 100:
        draft.keys["priority"] = 100 - priority
    if not given.get("keepEval"):
        draft.keys["stop"] = True
    if given.get("oneShot"):
        draft.keys["count"] = 1
    if not given.get("enabled", True):
        draft.keys["enabled"] = False


def _patterns(patterns: Any, given: dict[str, Any]) -> tuple[dict[str, Any], Group]:
    """The keys for one pattern or for several, and the groups."""
    if given.get("raw"):
        raise NotCarriedError("it looks at colour codes (raw): use `color:`")
    if isinstance(patterns, list):
        if not given.get("isRegExp", True) or len(patterns) < 2 or not all(isinstance(each, str) for each in patterns):
            raise NotCarriedError("several lines want regular expressions, at least two")
        sources = [_looking(each, given)["pattern"] for each in patterns]
        if any("(?x" in source for source in sources):
            raise NotCarriedError("a verbose pattern on several lines is not carried over")
        found = several(sources)
        keys: dict[str, Any] = {"all_of": found}
        if given.get("ignoreCase"):
            keys["ignore_case"] = True
        return keys, found.running_group
    if not isinstance(patterns, str):
        raise NotCarriedError(_WRITTEN_OUT)
    keys = _looking(patterns, given) if given.get("isRegExp", True) else {"text": patterns}
    compiled = compiled_of(patterns_of(keys)[0])
    if "pattern" in keys:
        keys |= keys_of(Regex(keys.pop("pattern")))

    def group(name: str) -> str:
        if int(name) > compiled.groups:
            raise NotCarriedError(f"its pattern has no %{name}")
        return f"{{{name}}}"

    return keys, group


def _together(keys: dict[str, Any], doing: Doing) -> dict[str, Any]:
    wanted = {name for command in doing.commands for name in placeholders_of(command)}
    return {**keys, "all_of": keys["all_of"].entries(wanted)}


def _looking(pattern: str, given: dict[str, Any]) -> dict[str, Any]:
    """The keys for a pattern of Python that is matched from the start of the line."""
    compiled_of(Pattern(pattern))
    flags = _FLAGS.match(pattern)
    body = pattern[flags.end() :] if flags else pattern
    depth, branches = 0, False
    for piece in _PIECE.finditer(body):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        branches |= piece[0] == "|" and depth == 0
    rest = (flags[1] if flags else "").replace("i", "").replace("u", "")
    if rest:
        body = f"(?{rest}:{body}{chr(10) * ('x' in rest)})"
    if branches or rest or not body.startswith(("^", r"\A")):
        body = f"^(?:{body})" if branches else f"^{body}"
    keys: dict[str, Any] = {"pattern": body}
    if given.get("ignoreCase") or (flags and "i" in flags[1]):
        keys["ignore_case"] = True
    return keys


def _doing(site: _Site, module: _Module, setting: Setting) -> Doing:
    if "code" in site.arguments:
        code = _constant(site.arguments["code"], module)
        if not isinstance(code, str):
            raise NotCarriedError("its code is no text")
        return read_code(code, setting)
    if site.handler is not None:
        return read_method(site.handler, setting)
    if "onSuccess" in site.arguments:
        raise NotCarriedError("what it calls is not in this module")
    raise NotCarriedError("it does nothing itself: a command of the module waits for it")
