"""What is installed is what was locked: the lock fits pyproject.toml, and every file in it has its hash."""

from __future__ import annotations

import importlib.util
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", ".ci/tools.lock")
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins(lock: str) -> dict[str, set[str]]:
    """The versions of each package: one, or one for each kind of system."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / lock).read_text(encoding="utf-8").splitlines():
        if match := PIN.match(line):
            found.setdefault(canonicalize_name(match[1]), set()).add(match[2])
    return found


def written() -> Iterator[Requirement]:
    yield from map(Requirement, PROJECT["build-system"]["requires"])
    yield from map(Requirement, PROJECT["project"]["dependencies"])
    for several in PROJECT["project"]["optional-dependencies"].values():
        yield from map(Requirement, several)


@pytest.mark.parametrize("requirement", list(written()), ids=str)
def test_the_lock_fits_what_is_required(requirement: Requirement) -> None:
    """Who changes what pyproject.toml depends on runs `make lock`."""
    locked = pins("requirements.lock").get(canonicalize_name(requirement.name), set())
    assert locked, f"{requirement.name} is not in requirements.lock: make lock"
    assert all(requirement.specifier.contains(version, prereleases=True) for version in locked), "make lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_file_is_known_by_its_hash_and_from_nowhere_special(lock: str) -> None:
    """So that a registry, or who stands between, can put nothing else in its place."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"(?m)^ *#.*\n", "", text))
    assert len(blocks) > 20
    for block in blocks:
        assert PIN.match(block), block
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", block), block
    assert "://" not in text
    assert " @ " not in text


def test_the_tools_are_locked_as_well() -> None:
    wanted = {line for line in (ROOT / ".ci/tools.in").read_text().splitlines() if line and line[0] != "#"}
    assert wanted <= set(pins(".ci/tools.lock"))


def test_whatever_is_set_up_is_installed_by_its_hash() -> None:
    """By the makefile, which CI uses; and mudbot itself without a look at the network."""
    lines = [line for line in (ROOT / "Makefile").read_text().splitlines() if "pip install" in line]
    lines += [
        line for line in (ROOT / ".ci/run").read_text().splitlines() if "pip install" in line or "pip wheel" in line
    ]
    assert len(lines) >= 4
    assert all("--require-hashes" in line or "--no-deps --no-build-isolation" in line for line in lines)


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("shipped", ROOT / ".ci" / "shipped.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bill_of_materials_has_what_users_get(tool: ModuleType) -> None:
    """Of what is installed here the parts of mudbot and its extras; no test tool is among them."""
    core, everything = tool.needed("mudbot", set()), tool.needed("mudbot", {"redis"})
    assert {"aiohttp", "sqlalchemy", "multidict"} <= core
    assert everything - core == {"redis"}
    assert not {"pytest", "mypy", "hatchling", "mudbot"} & everything


def test_a_bill_is_cut_to_what_is_shipped(tool: ModuleType) -> None:
    """With the ways between what is left, and what only an extra brings marked so."""
    names = ("Core_Part", "extra", "tool")
    bill: dict[str, Any] = {
        "metadata": {"component": {"bom-ref": "top"}},
        "components": [{"name": name, "bom-ref": f"{name}==1"} for name in names],
        "dependencies": [{"ref": "top", "dependsOn": [f"{name}==1" for name in names]}, {"ref": "tool==1"}],
    }
    cut = tool.shipped(bill, {"core-part"}, {"core-part", "extra"})
    assert [(each["name"], each["scope"]) for each in cut["components"]] == [
        ("Core_Part", "required"), ("extra", "optional"),
    ]  # fmt: skip
    assert cut["dependencies"] == [{"ref": "top", "dependsOn": ["Core_Part==1", "extra==1"]}]
