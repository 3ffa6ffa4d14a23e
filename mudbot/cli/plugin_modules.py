"""mudbot's own source, looked up by name: where a class is defined, what it has, what its docstrings say.

By the syntax tree and not by import: what a docstring below an attribute says is nowhere else, annotations are as they
were written in every version of Python, and nothing heavy is loaded.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import mudbot

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Assign | ast.AnnAssign
PACKAGE = "mudbot"


@dataclass(frozen=True, slots=True)
class Module:
    """A module of mudbot's as it is written."""

    name: str
    body: list[ast.stmt]
    names: dict[str, tuple[str, str]]
    """What it imports by name, for type checkers too: from which module, and what it is called there."""

    def definition(self, name: str) -> tuple[Definition, str] | None:
        """What *name* is in this module, and the text below it; functions that are overloaded are their last."""
        found: tuple[Definition, str] | None = None
        for at, node in enumerate(self.body):
            if isinstance(node, Definition) and name in defined(node):
                found = node, text_below(self.body, at)
        return found


@dataclass(frozen=True, slots=True)
class Found:
    """A definition and where it is."""

    module: Module
    name: str
    node: Definition
    text: str = field(default="", compare=False)
    """The docstring."""


@cache
def module(name: str) -> Module | None:
    """The module *name*; None for one that is not mudbot's."""
    if name.partition(".")[0] != PACKAGE:
        return None
    path = Path(mudbot.__file__).parent.joinpath(*name.split(".")[1:])
    file = next((each for each in (path / "__init__.py", path.with_suffix(".py")) if each.is_file()), None)
    if file is None:
        return None
    tree = ast.parse(file.read_bytes())
    imports = (node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module and not node.level)
    names = {each.asname or each.name: (node.module or "", each.name) for node in imports for each in node.names}
    return Module(name, _flat(tree.body), names)


def find(where: Module, name: str) -> Found | None:
    """What *name* means in the module *where*, followed through imports; None where that is outside mudbot."""
    here: Module | None = where
    for _ in range(10):  # longer chains there are none; a circle ends here
        if here is None:
            return None
        if found := here.definition(name):
            node, below = found
            text = ast.get_docstring(node) if isinstance(node, ast.ClassDef | Function) else below
            return Found(here, name, node, inspect.cleandoc(text or ""))
        if name not in here.names:
            return None
        source, name = here.names[name]
        here = module(source)
    return None


def names_in(annotation: ast.expr | None) -> Iterator[str]:
    """All names in an annotation, those in quotes too."""
    for node in ast.walk(annotation) if annotation else ():
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield node.value


def defined(node: ast.stmt) -> list[str]:
    """The names that *node* gives a meaning."""
    match node:
        case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            return [name]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
    return []


def text_below(body: list[ast.stmt], at: int) -> str:
    """The text that stands by itself below statement number *at*."""
    node = body[at + 1] if at + 1 < len(body) else None
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""


def decorators(node: Function | ast.ClassDef) -> set[str]:
    """The names of the decorators, without their arguments."""
    plain = (each.func if isinstance(each, ast.Call) else each for each in node.decorator_list)
    return {ast.unparse(each).rpartition(".")[2] for each in plain}


def _flat(body: list[ast.stmt]) -> list[ast.stmt]:
    """*body* with what stands in `if` and `try` at its top."""
    found: list[ast.stmt] = []
    for node in body:
        match node:
            case ast.If(body=inner, orelse=other):
                found += _flat(inner) + _flat(other)
            case ast.Try(body=inner, orelse=other):
                found += _flat(inner) + _flat(other)
            case _:
                found.append(node)
    return found
