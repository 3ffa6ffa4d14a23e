"""The reference of all that a plugin can use, in Markdown: signatures and docstrings, and nothing besides."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from mudbot.cli.plugin_members import Member, kinds_of, members, signature
from mudbot.cli.plugin_modules import Found, Function, Module, find, module, names_in

HEAD = """\
# Reference

All that a plugin can use: what `import mudbot` gives, what `self` has, and what its tests have. This page is made of
the docstrings by `make docs`; `mudbot plugin docs` prints it, and `mudbot plugin docs NAME` the same of a plugin.
"""
MARKS = "mudbot.host.marks"
SECTIONS = {
    "mudbot.host.plugin": "The class",
    MARKS: "Marks: what calls a method",
    "mudbot.events": "What happens",
    "mudbot.errors": "Errors",
    "": "And besides",
}
"""Headings for what is exported, by the beginning of the module that it is from."""
TESTING = "What tests have: mudbot.testing"
OTHERS = "Types that these name"


def markdown() -> str:
    """The whole page."""
    top = module("mudbot")
    plugin = find(top, "Plugin") if top else None
    assert top is not None
    assert plugin is not None
    exported = [each for name in _exported(top) if (each := find(top, name))]
    given = {f"self.{name}": kind for name, kind in _attributes(plugin).items()}
    kit = module("mudbot.testing")
    assert kit is not None
    tests = [each for name in _exported(kit) if (each := find(kit, name))]
    told = [*exported, *given.values()]  # what the tests' kit names would bring the whole machine with it
    parts = [HEAD, _contents([*_titles(exported), *given, TESTING, OTHERS])]
    for title, some in _sections(exported).items():
        parts += [f"## {title}\n", *(_section(each, each.name, "###") for each in some)]
    for name, kind in given.items():
        parts.append(_section(kind, name, "##"))
    parts += [f"## {TESTING}\n", *(_section(each, each.name, "###") for each in tests)]
    parts += [f"## {OTHERS}\n", *(_section(each, each.name, "###") for each in _closure(told))]
    return "\n".join(parts)


# -- what there is -----------------------------------------------------------------------------------------------------


def _exported(top: Module) -> list[str]:
    """The names of `__all__`."""
    found = top.definition("__all__")
    assert found is not None
    value = found[0].value if isinstance(found[0], ast.Assign | ast.AnnAssign) else None
    return [str(name) for name in ast.literal_eval(value)] if value is not None else []


def _attributes(plugin: Found) -> dict[str, Found]:
    """What `self` has that is of a class of mudbot's: `mud`, `ai`, ..."""
    assert isinstance(plugin.node, ast.ClassDef)
    found: dict[str, Found] = {}
    for node in plugin.node.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            for name in names_in(node.annotation):
                kind = find(plugin.module, name)
                if kind is not None and isinstance(kind.node, ast.ClassDef):
                    found.setdefault(node.target.id, kind)
    return found


def _closure(told: Iterable[Found]) -> list[Found]:
    """The classes that those *told* mention, and those that these mention, by name."""
    known = {(each.module.name, each.name) for each in told}
    queue, found = list(told), []
    while queue:
        for kind in _mentioned(queue.pop(0)):
            key = (kind.module.name, kind.name)
            if key not in known and not kind.name.startswith("_"):
                known.add(key)
                found.append(kind)
                queue.append(kind)
    return sorted(found, key=lambda each: each.name)


def _mentioned(found: Found) -> list[Found]:
    pairs = [(member.module, kind) for member in members(found) for kind in member.annotations]
    if isinstance(found.node, Function):
        pairs = [(found.module, kind) for kind in kinds_of(found.node)]
    kinds = [find(where, name) for where, kind in pairs for name in names_in(kind)]
    return [kind for kind in kinds if kind is not None and (isinstance(kind.node, ast.ClassDef) or _alias(kind))]


def _alias(found: Found) -> bool:
    """Whether it is another name for a type: `Role = Literal["anyone", "owner"]`."""
    value = found.node.value if isinstance(found.node, ast.Assign) else None
    return isinstance(value, ast.Subscript) or (isinstance(value, ast.BinOp) and isinstance(value.op, ast.BitOr))


def _sections(exported: list[Found]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {title: [] for title in SECTIONS.values()}
    for each in exported:
        title = next(text for start, text in SECTIONS.items() if _within(each.module, start))
        found[title].append(each)
    return {title: some for title, some in found.items() if some}


def _within(where: Module, package: str) -> bool:
    return not package or where.name == package or where.name.startswith(f"{package}.")


def _titles(exported: list[Found]) -> list[str]:
    return list(_sections(exported))


# -- how it is told ----------------------------------------------------------------------------------------------------


def _contents(titles: list[str]) -> str:
    return "\n".join(f"- [{_shown(title)}](#{_anchor(title)})" for title in titles) + "\n"


def _shown(title: str) -> str:
    return f"`{title}`" if title.startswith("self.") else title


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def _section(found: Found, title: str, level: str) -> str:
    """A heading and all below it."""
    return "\n".join([f"{level} `{title}`\n", *_told(found, title, level)])


def _told(found: Found, title: str, level: str) -> list[str]:
    node = found.node
    if isinstance(node, Function):
        return [_code(_called(node, found.module)), text(found.text)]
    if not isinstance(node, ast.ClassDef):
        return [_code(ast.unparse(node)), text(found.text)]
    lines = [] if title.startswith("self.") else [_code(_head(node))]
    some = members(found)
    owner = title if title.startswith("self.") else "self" if title == "Plugin" else ""
    lines.append(text(found.text))
    if fields := [_field(each, owner) for each in some if not each.method]:
        lines.append("\n".join(fields) + "\n")
    lines += [_method(each, owner or _instance(title), f"{level}#") for each in some if each.method]
    return lines


def _called(node: Function, where: Module) -> str:
    """A function as it is written; a mark that goes on a method by itself has nothing behind it."""
    if not _within(where, MARKS):
        return signature(node, node.name, where, bound=False)
    alone = bool(node.args.posonlyargs)
    return f"@{node.name}" if alone else signature(node, f"@{node.name}", where, bound=False)


def _head(node: ast.ClassDef) -> str:
    bases = ", ".join(ast.unparse(base) for base in node.bases)
    return f"class {node.name}({bases})" if bases else f"class {node.name}"


def _instance(title: str) -> str:
    """What an instance of class *title* is called in an example."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", title).lower()


def _field(member: Member, owner: str) -> str:
    """An attribute; what has a section of its own leads there."""
    line, told = member.signature.replace("\0", owner).removeprefix("."), " ".join(member.text.split())
    kind = next((find(member.module, name) for each in member.annotations for name in names_in(each)), None)
    if owner == "self" and not told and kind is not None and kind.text:
        return f"- [`{line}`](#{_anchor(f'self.{member.name}')}): {kind.text.partition(chr(10))[0]}"
    return f"- `{line}`" + (f": {told}" if told else "")


def _method(member: Member, owner: str, level: str) -> str:
    short = "" if member.name == "__call__" else f".{member.name}"
    line = member.signature.replace("\0", owner)
    return "\n".join([f"{level} `{owner}{short}`\n", _code(line), text(member.text)])


def _code(line: str) -> str:
    return f"```python\n{line}\n```\n"


def text(doc: str) -> str:
    """A docstring as Markdown: examples become code."""
    lines: list[str] = []
    within = False
    for line in doc.splitlines():
        example = line.startswith((">>>", "... ")) or line == "..."
        if example != within:
            lines.append("```" if within else "```python")
            within = example
        lines.append(line[4:] if example else line)
    return "\n".join([*lines, *(["```"] if within else [])]) + "\n" if doc else ""
