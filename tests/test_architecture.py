"""Modules may import only from floors below their own: no cycles, by construction."""

from __future__ import annotations

import ast
from collections.abc import Collection
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import mudbot

PACKAGE = Path(mudbot.__file__).parent

# From the ground up.  What stands on one floor knows nothing of its neighbours.
FLOORS = [
    {"errors", "events", "clock", "logs", "notify"},
    {"config"},
    {"mud", "triggers", "api", "store"},
    {"mind"},
    {"host"},
    {"web", "local"},
    {"resolve"},
    {"equip", "recollection", "refresh", "journal"},
    {"upkeep", "casting", "control", "service"},
    {"app", "probing"},
    {"replay", "doctor"},
    {"testing", "cli"},
    {"templates"},
]
FLOOR = {name: number for number, names in enumerate(FLOORS) for name in names}
# Values, errors and time are one thing in four files; a version is known to all.
GROUND = FLOORS[0]
MODULES = sorted(p for p in PACKAGE.rglob("*.py") if p.parent != PACKAGE or p.stem not in ("__init__", "__main__"))


def part_of(path: Path) -> str:
    """The top-level part that a module belongs to: ``mud`` for ``mud/gate.py``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The parts of mudbot that a module imports, those under TYPE_CHECKING and inside functions included."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "mudbot":
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {a.name for a in node.names if a.name in FLOOR}
        elif isinstance(node, ast.Import):
            found |= {a.name.split(".")[1] for a in node.names if a.name.startswith("mudbot.")}
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_downwards(path: Path) -> None:
    """A module reaches only what stands below it, or its own part."""
    own = part_of(path)
    wrong = {part for part in imported(path) - {own} if FLOOR[part] >= FLOOR[own] and part not in GROUND}
    assert not wrong, f"{path.relative_to(PACKAGE)} reaches up or sideways to {sorted(wrong)}"


def needed(path: Path, known: Collection[str]) -> set[str]:
    """Those of *known* that a module imports, under TYPE_CHECKING and inside functions too."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = (f"{node.module}.{each.name}" for each in node.names)
            found |= {name if name in known else node.module for name in inner}
    return found & set(known)


PARTS = ["config", "mud", "triggers", "api", "store", "mind", "host", "web", "control", "local"]


@pytest.mark.parametrize("part", PARTS)
def test_no_two_modules_need_each_other(part: str) -> None:
    """Within a part as well, by what they import for their types too: one can be read without the other."""
    modules = {".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path for path in MODULES}
    modules = {name.removesuffix(".__init__"): path for name, path in modules.items() if part_of(path) == part}
    needs = {name: needed(path, modules) - {name} for name, path in modules.items()}
    TopologicalSorter(needs).prepare()  # raises CycleError, which names them


def test_every_part_has_a_floor() -> None:
    """A new part of the house is placed on purpose."""
    parts = {part_of(path) for path in MODULES} - {"shipped"}
    assert parts == set(FLOOR)


def test_plugins_import_only_mudbot() -> None:
    """What ships as an example uses nothing that an author may not use."""
    for path in (PACKAGE.parent / "plugins").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                assert not node.module.startswith("mudbot."), f"{path.name} reaches into {node.module}"


def test_mudbot_itself_imports_only_the_plugin_interface() -> None:
    """``import mudbot`` stays light because it takes from five modules only."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    top = {node.module for node in tree.body if isinstance(node, ast.ImportFrom) and node.module != "__future__"}
    assert top == {
        *("typing", "mudbot.errors", "mudbot.events"),
        *("mudbot.host.cached", "mudbot.host.marks", "mudbot.host.plugin"),
    }
