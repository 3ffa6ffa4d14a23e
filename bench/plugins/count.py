"""Lines of the same five plugins in five frameworks: ``python -m bench.plugins.count``.

Counted is what an author writes: lines that are not blank, not a comment and not a docstring, of the code with the side
files that its framework demands, and of the tests.  What a framework's five plugins share is counted once, in the sum.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

FRAMEWORKS = ("mudbot", "pymud", "errbot", "nonebot2", "sopel")
PLUGINS = ("greeter", "dice", "vitals", "trivia", "weather")
BAR = 1.10
"""How much longer than the shortest ours may be."""

_HERE = Path(__file__).parent
_SIDE = {".cfg", ".ini", ".json", ".plug", ".toml", ".txt", ".yaml", ".yml"}
_LAYOUT = {
    tokenize.COMMENT,
    tokenize.DEDENT,
    tokenize.ENCODING,
    tokenize.ENDMARKER,
    tokenize.INDENT,
    tokenize.NEWLINE,
    tokenize.NL,
}


class Lines(NamedTuple):
    """Of code and of tests."""

    code: int = 0
    tests: int = 0

    @property
    def both(self) -> int:
        """Their sum."""
        return self.code + self.tests

    def plus(self, other: Self) -> Lines:
        """Each with the other's."""
        return Lines(self.code + other.code, self.tests + other.tests)


def python_lines(text: str) -> int:
    """Lines of Python that hold more than a comment or a docstring."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _LAYOUT:
            lines.update(range(token.start[0], token.end[0] + 1))
    return len(lines - _docstrings(ast.parse(text)))


def _docstrings(tree: ast.Module) -> set[int]:
    lines: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) or not node.body:
            continue
        match node.body[0]:
            case ast.Expr(value=ast.Constant(value=str())) as first:
                lines.update(range(first.lineno, (first.end_lineno or first.lineno) + 1))
    return lines


def side_lines(text: str) -> int:
    """Lines of a side file that are neither blank nor a comment."""
    return sum(bool(line.strip()) and not line.lstrip().startswith(("#", ";")) for line in text.splitlines())


def counted(files: Iterable[Path]) -> Lines:
    """All of *files*; tests, and what only tests need, are told by their names."""
    code = tests = 0
    for file in files:
        if file.suffix != ".py" and file.suffix not in _SIDE:
            continue
        text = file.read_text(encoding="utf-8")
        lines = python_lines(text) if file.suffix == ".py" else side_lines(text)
        if file.name.startswith("test_") or file.name in {"conftest.py", "pytest.ini"}:
            tests += lines
        else:
            code += lines
    return Lines(code, tests)


def plugin(framework: str, name: str, root: Path = _HERE) -> Lines | None:
    """Lines of one plugin; None where it is not written."""
    folder = root / framework / name
    found = counted(file for file in folder.rglob("*") if "__pycache__" not in file.parts and file.is_file())
    return found if found.code else None


def shared(framework: str, root: Path = _HERE) -> Lines:
    """Lines that the five have in common."""
    folder = root / framework
    return counted(file for file in folder.iterdir() if file.is_file()) if folder.is_dir() else Lines()


def total(framework: str, root: Path = _HERE) -> Lines | None:
    """The five together; None where one is not written."""
    whole = shared(framework, root)
    for name in PLUGINS:
        found = plugin(framework, name, root)
        if found is None:
            return None
        whole = whole.plus(found)
    return whole


def row(what: str, kind: str, lines: dict[str, Lines | None]) -> str:
    """One line of the table: every framework's figure, ours against the shortest, and the verdict."""
    figures = {framework: getattr(found, kind) for framework, found in lines.items() if found is not None}
    cells = " ".join(f"{figures.get(framework, '-'):>9}" for framework in FRAMEWORKS)
    ours = figures.pop("mudbot", None)
    best = min(figures, key=figures.__getitem__)
    if ours is None:
        verdict = "   ours is not written"
    else:
        ratio = ours / figures[best]
        verdict = f"   {ratio:5.2f} x {best}" + ("" if ratio <= BAR else "  MISSED")
    return f"{what:10} {kind:6} {cells}{verdict}"


def table(root: Path = _HERE) -> list[str]:
    """The whole table, line by line."""
    rows = [f"{'lines of':17} " + " ".join(f"{framework:>9}" for framework in FRAMEWORKS) + "   ours / the shortest"]
    for name in PLUGINS:
        lines = {framework: plugin(framework, name, root) for framework in FRAMEWORKS}
        rows += [row(name, kind, lines) for kind in ("code", "tests", "both")]
    common: dict[str, Lines | None] = {framework: shared(framework, root) for framework in FRAMEWORKS}
    cells = " ".join(f"{found.both if found else 0:>9}" for found in common.values())
    rows.append(f"{'shared':10} {'tests':6} {cells}")
    whole = {framework: total(framework, root) for framework in FRAMEWORKS}
    return rows + [row("all five", kind, whole) for kind in ("code", "tests", "both")]


def main() -> None:
    """Print it."""
    print(f"The same five plugins; bar: {BAR:.0%} of the shortest\n")
    print("\n".join(table()))


if __name__ == "__main__":
    main()
