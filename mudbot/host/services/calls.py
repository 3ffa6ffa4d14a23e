"""Calls of ``self.t`` in a plugin's source that no text fits: found when it loads, not when somebody speaks to it."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mudbot.errors import Problem, nearest

if TYPE_CHECKING:
    from mudbot.host.plugin import Plugin
    from mudbot.host.services.words import Texts


def misfits(kind: type[Plugin], texts: Texts) -> list[Problem]:
    """Every call with a key that there is not, or without what the text wants.  What is not sure is no problem."""
    found: list[Problem] = []
    for base in kind.__mro__:
        if base.__module__.partition(".")[0] in ("mudbot", "builtins"):
            continue
        try:
            file, lines, first = inspect.getfile(base), *inspect.getsourcelines(base)
            tree = ast.parse(textwrap.dedent("".join(lines)))
        except (OSError, TypeError, SyntaxError, ValueError):
            continue  # there is no source: it was made in a shell, or by a tool
        name = file.replace("\\", "/").rpartition("/")[2]
        for call, key in _calls(tree):
            if (message := _misfit(call, key, texts)) is not None:
                found.append(Problem(f"{name}:{first + call.lineno - 1}", message))
    return found


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    """Calls of ``self.t`` and ``self.t.for_(...)`` whose key is written out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _is_words(node.func) and node.args:
            yield from ((node, key) for key in _written(node.args[0]))


def _written(key: ast.expr) -> Iterator[str]:
    """The texts that *key* is for sure one of: it, or both ways of ``"won" if points else "lost"``."""
    match key:
        case ast.Constant(value=str(text)):
            yield text
        case ast.IfExp(body=one, orelse=other):
            yield from _written(one)
            yield from _written(other)
        case ast.NamedExpr(value=inner):
            yield from _written(inner)


def _is_words(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr="for_", value=inner)):
            return _is_words(inner)
        case ast.Attribute(attr="t", value=ast.Name(id="self")):
            return True
    return False


def _misfit(call: ast.Call, key: str, texts: Texts) -> str | None:
    known = texts.keys()
    if key not in known:
        beside = f": write it in {texts.plugin or 'NAME'}.texts.yaml, or in the class: texts = 'en: {{{key}: ...}}'"
        return f"self.t({key!r}): there is no such text{nearest(key, known) or beside}"
    given = {keyword.arg for keyword in call.keywords}
    template = texts.find(key, "en")
    if None in given or template is None:  # **values: who knows
        return None
    if missing := sorted(template.names - given):
        return f"self.t({key!r}) lacks {missing[0]}=, which its text has as {{{missing[0]}}}"
    return None
