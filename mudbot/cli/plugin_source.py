"""What a plugin's source says that its objects do not: what it is for, what a setting means, what it reaches for.

The source is read, never run, so that all plugins can be listed without waking one.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

_URL = re.compile(r"https?://([A-Za-z0-9.-]+)")


def parsed(path: Path) -> ast.Module | None:
    """The source in *path*; None where it cannot be read or is no Python."""
    try:
        return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def about(path: Path) -> str:
    """In a line what the plugin in *path* is for: the docstring of its file, else of its class."""
    tree = parsed(path)
    if tree is None:
        return ""
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and _is_plugin(node)]
    texts = [ast.get_docstring(tree), *map(ast.get_docstring, classes)]
    return next((first_line(text) for text in texts if text), "")


def first_line(text: str | None) -> str:
    """The first line of a docstring."""
    return (text or "").strip().partition("\n")[0].strip()


def fields(path: Path, name: str) -> dict[str, tuple[str, str]]:
    """The annotation, as it is written, and the meaning of each field of class *name* in *path*.

    The meaning is the text below the field, or the comment behind or above it.
    """
    tree = parsed(path)
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name] if tree else []
    if not found:
        return {}
    comments, body = _comments(path), found[0].body
    told = {}
    for at, node in enumerate(body):
        if not isinstance(node, ast.AnnAssign) or not isinstance(node.target, ast.Name):
            continue
        then = body[at + 1] if at + 1 < len(body) else None
        meaning = _text(then) or _comment(node, comments)
        told[node.target.id] = (ast.unparse(node.annotation), meaning)
    return told


def reaches(paths: list[Path], folder: Path) -> dict[str, list[str]]:
    """Which permissions the plugin in *paths* seems to want, and where: `commands`, `images` and `http`.

    It is what stands there in the plain way, such as `self.mud.send(...)`; who hides it finds that it is refused when
    it runs.  *folder* is that of the plugin, from which the places are told.
    """
    wanted: dict[str, list[str]] = {}
    for path in paths:
        tree = parsed(path)
        found = (
            (node.lineno, _permission(node)) for node in (ast.walk(tree) if tree else ()) if isinstance(node, ast.expr)
        )
        shown = path.relative_to(folder) if path.is_relative_to(folder) else path
        for line, permission in sorted((line, each) for line, each in found if each):
            wanted.setdefault(permission, []).append(f"{shown}:{line}")
    return wanted


def hosts(paths: list[Path]) -> list[str]:
    """The hosts of all http addresses that stand in the source."""
    texts = (
        node.value
        for path in paths
        for node in ast.walk(parsed(path) or ast.Module([], []))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return sorted({host.lower() for text in texts for host in _URL.findall(text)})


def _permission(node: ast.AST) -> str | None:
    """What permission the host asks for, where *node* is `self.mud.send` and the like."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Attribute(attr="mud"), attr="ask"), keywords=keywords):
            return None if any(each.arg == "say" for each in keywords) else "commands"
        case ast.Attribute(value=ast.Attribute(attr="mud"), attr="send"):
            return "commands"
        case ast.Attribute(value=ast.Attribute(attr="ai"), attr="image" | "paint" | "edit_image" | "vary_image"):
            return "images"
        case ast.Attribute(value=ast.Attribute(value=ast.Name(id="self"), attr="http")):
            return "http"
    return None


def _is_plugin(node: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "Plugin" for base in node.bases)


def _text(node: ast.stmt | None) -> str:
    """*node* as a text that stands by itself, in one line."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return " ".join(node.value.value.split())
    return ""


def _comments(path: Path) -> dict[int, tuple[str, bool]]:
    """The comment on each line, and whether it is alone there."""
    found = {}
    for token in _tokens(path):
        if token.type == tokenize.COMMENT:
            alone = not token.line[: token.start[1]].strip()
            found[token.start[0]] = (token.string.lstrip("#").strip(), alone)
    return found


def _tokens(path: Path) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.tokenize(io.BytesIO(path.read_bytes()).readline)
    except (OSError, SyntaxError, tokenize.TokenError):
        return


def _comment(node: ast.AnnAssign, comments: dict[int, tuple[str, bool]]) -> str:
    behind, alone = comments.get(node.end_lineno or node.lineno, ("", True))
    if behind and not alone:
        return behind
    above: list[str] = []
    line = node.lineno - 1
    while line in comments and comments[line][1]:
        above.insert(0, comments[line][0])
        line -= 1
    return " ".join(above)
