"""A newcomer's project: a plugin, a test, and pytest run there as anybody would."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import mudbot

PLUGIN = "mudbot.testing.pytest_plugin"


def pytest_in(folder: Path, *options: str, asyncio: bool = False, **variables: str) -> subprocess.CompletedProcess[str]:
    """What ``pytest`` says in *folder*, with *asyncio* among the plugins that are there, in its strict mode, or not."""
    args = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:timeout", *options]
    if not any(each.value == PLUGIN for each in entry_points(group="pytest11")):  # installed before there was one
        args = ["-p", PLUGIN, *args]
    if asyncio:
        args += ["-o", "asyncio_default_fixture_loop_scope=function"]
    else:
        args += ["-p", "no:asyncio"]
    path = os.pathsep.join(filter(None, [str(Path(mudbot.__file__).parents[1]), os.environ.get("PYTHONPATH", "")]))
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "COV"))}
    return subprocess.run(
        [sys.executable, "-m", "pytest", *args],
        cwd=folder,
        env=clean | {"PYTHONPATH": path, "PYTHONWARNINGS": "error", "COLUMNS": "120"} | variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def project(folder: Path, plugin: str, test: str, name: str = "hello") -> Path:
    """A folder with one plugin and its test."""
    for kind, text, file in (("plugins", plugin, f"{name}.py"), ("tests", test, f"test_{name}.py")):
        (folder / kind).mkdir(exist_ok=True)
        (folder / kind / file).write_text(text)
    return folder
