"""What a class offers to a plugin: its attributes and methods, each with its signature and its docstring."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass

from mudbot.cli.plugin_modules import Found, Function, Module, decorators, defined, find, text_below

WIDE = 100
"""Columns up to which a signature is one line."""
FOR_HOST = {
    "Plugin": ("config_type", "handlers", "rests", "spawner"),
    "CommandMark": ("check", "arguments", "call", "plan", "written"),
    "Line": ("after", "alone", "apart"),
    "Packages": ("put", "clear"),
    "Pattern": ("compiled", "regex", "re_flags"),
    "Speech": ("heard",),
    "Vitals": ("learn", "clear"),
}
"""What the host, the session or the engine calls: a plugin has no use for it."""
_FIELDS = {"NamedTuple", "TypedDict"}
"""Bases that make fields of all that is annotated, as a dataclass does."""


@dataclass(frozen=True, slots=True)
class Member:
    """An attribute or a method."""

    name: str
    signature: str
    """As a plugin writes it, of what it is a part of being left away."""
    text: str
    annotations: tuple[ast.expr, ...]
    module: Module
    """What the annotations are to be read in."""
    method: bool


def members(found: Found) -> list[Member]:
    """All that class *found* offers, what it inherits from classes of mudbot's last; attributes before methods.

    What begins with an underscore is not for plugins, and neither is an attribute that has a value and that nobody
    described; the fields of a dataclass, and what is only declared, are told whether described or not.
    """
    known: dict[str, Member] = {}
    hidden = FOR_HOST.get(found.name, ())
    for each in _line_of(found):
        for member in _own(each):
            known.setdefault(member.name, member)
    return sorted((each for name, each in known.items() if name not in hidden), key=lambda member: member.method)


def signature(node: Function, name: str, where: Module, *, bound: bool = True) -> str:
    """How *node*, in the module *where*, is called by *name*: over several lines where one would be long."""
    parts = _parameters(node.args, where, bound=bound)
    wait = "await " if isinstance(node, ast.AsyncFunctionDef) and not _iterates(node) else ""
    arrow = f" -> {ast.unparse(node.returns)}" if node.returns is not None and not name.startswith("@") else ""
    line = f"{wait}{name}({', '.join(parts)}){arrow}"
    if len(line) <= WIDE:
        return line
    return f"{wait}{name}(\n" + "".join(f"    {part},\n" for part in parts) + f"){arrow}"


def kinds_of(node: Function) -> tuple[ast.expr, ...]:
    """Every annotation of *node*."""
    args = node.args
    every = (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg)
    found = [each.annotation for each in every if each is not None and each.annotation is not None]
    return (*found, *([node.returns] if node.returns is not None else []))


def _line_of(found: Found) -> Iterator[Found]:
    """The class and those it builds on, as far as they are mudbot's."""
    yield found
    if isinstance(found.node, ast.ClassDef):
        for base in found.node.bases:
            name = base.value if isinstance(base, ast.Subscript) else base
            above = find(found.module, ast.unparse(name))
            if above is not None and isinstance(above.node, ast.ClassDef):
                yield from _line_of(above)


def _own(found: Found) -> Iterator[Member]:
    node = found.node
    if not isinstance(node, ast.ClassDef):
        return
    fields = "dataclass" in decorators(node) or bool(_FIELDS & {ast.unparse(base) for base in node.bases})
    for at, each in enumerate(node.body):
        names = [name for name in defined(each) if not name.startswith("_") or name == "__call__"]
        text = text_below(node.body, at)
        if isinstance(each, ast.AnnAssign) and names and (text or fields or each.value is None):
            yield _attribute(found, names[0], each.annotation, text, each.value)
        elif isinstance(each, Function) and names:
            yield from _methods(found, node, each)
        elif isinstance(each, Function) and each.name == "__init__":
            yield from _made(found, each)


def _methods(found: Found, owner: ast.ClassDef, node: Function) -> Iterator[Member]:
    """*node* as a member; one that is overloaded has a line for each of its ways."""
    marks = decorators(node)
    if "overload" in marks or "setter" in marks:
        return
    text = inspect.cleandoc(ast.get_docstring(node) or "")
    if marks & {"property", "cached_property"}:
        assert node.returns is not None, f"{owner.name}.{node.name} wants an annotation"
        yield _attribute(found, node.name, node.returns, text)
        return
    ways = [
        each
        for each in owner.body
        if isinstance(each, Function) and each.name == node.name and "overload" in decorators(each)
    ] or [node]
    name, bound = "" if node.name == "__call__" else f".{node.name}", "staticmethod" not in marks
    lines = "\n".join(signature(each, f"\0{name}", found.module, bound=bound) for each in ways)
    types = tuple(kind for each in ways for kind in kinds_of(each))
    yield Member(node.name, lines, text, types, found.module, method=True)


def _made(found: Found, node: Function) -> Iterator[Member]:
    """Attributes that `__init__` sets and describes."""
    kinds = {each.arg: each.annotation for each in (*node.args.args, *node.args.kwonlyargs)}
    for at, each in enumerate(node.body):
        text = text_below(node.body, at)
        match each:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=value):
                kind = kinds.get(ast.unparse(value))
            case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=kind):
                pass
            case _:
                continue
        if text and kind is not None and not name.startswith("_"):
            yield _attribute(found, name, kind, text)


def _attribute(found: Found, name: str, kind: ast.expr, text: str, value: ast.expr | None = None) -> Member:
    default = "" if value is None else f" = {_value(value, found.module)}"
    line = f"\0.{name}: {ast.unparse(kind)}{default}"
    return Member(name, line, text, (kind,), found.module, method=False)


def _parameters(args: ast.arguments, where: Module, *, bound: bool) -> list[str]:
    plain = [*args.posonlyargs, *args.args]
    defaults = [None] * (len(plain) - len(args.defaults)) + list(args.defaults)
    parts = [_parameter(each, value, where) for each, value in zip(plain, defaults, strict=True)]
    if args.posonlyargs:
        parts.insert(len(args.posonlyargs), "/")
    parts = parts[1 + (parts[1:2] == ["/"]) :] if bound else parts
    if args.vararg:
        parts.append(f"*{_parameter(args.vararg, None, where)}")
    elif args.kwonlyargs:
        parts.append("*")
    parts += [_parameter(each, value, where) for each, value in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    if args.kwarg and not _is_never(args.kwarg):
        parts.append(f"**{_parameter(args.kwarg, None, where)}")
    return parts


def _is_never(arg: ast.arg) -> bool:
    """Whether it is there only to say of a wrong name what would be right."""
    return isinstance(arg.annotation, ast.Name) and arg.annotation.id == "Never"


def _parameter(arg: ast.arg, default: ast.expr | None, where: Module) -> str:
    kind = f": {ast.unparse(arg.annotation)}" if arg.annotation else ""
    equals = " = " if kind else "="
    return f"{arg.arg}{kind}{equals + _value(default, where) if default is not None else ''}"


def _value(node: ast.expr, where: Module) -> str:
    """A default as a reader understands it: the number behind a constant's name, nothing of how a field is made."""
    match node:
        case ast.Name(id=name) if (found := find(where, name)) and isinstance(found.node, ast.Assign):
            value = found.node.value
            return ast.unparse(value) if isinstance(value, ast.Constant) else name
        case ast.Call(func=ast.Name(id="field"), keywords=given):
            plain = next((each.value for each in given if each.arg == "default"), None)
            made = next((ast.unparse(each.value) for each in given if each.arg == "default_factory"), "")
            return _value(plain, where) if plain else {"list": "[]", "dict": "{}"}.get(made, "…")
    return ast.unparse(node)


def _iterates(node: Function) -> bool:
    """Whether it gives one thing after another, with `async for`."""
    return any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node))
