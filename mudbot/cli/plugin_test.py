"""pytest for one plugin's test."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from mudbot.errors import PluginError, nearest

FIXTURES = "mudbot.testing.pytest_plugin"
"""The module that gives pytest the fixture `bot`."""

Finder = Callable[[str], object]


def run(name: str, options: Sequence[str] = (), *, folder: Path = Path()) -> int:
    """Run the test of plugin *name* in *folder*; the exit status of pytest.

    Raises PluginError where there is no such test, or where pytest is missing, with the command that gets it.
    """
    path = file_of(name, folder)
    require()
    return subprocess.run(arguments(path, options), check=False, cwd=folder).returncode  # noqa: S603 - our own python


def arguments(path: Path, options: Sequence[str] = (), *, find: Finder = find_spec) -> list[str]:
    """The command: a test is `async def` and nothing more, whatever pytest is told by the folder that it runs in."""
    command = [sys.executable, "-m", "pytest", str(path)]
    if find("pytest_asyncio") is not None:
        command += ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function"]
    if not any(each.value == FIXTURES for each in entry_points(group="pytest11")):
        command += ["-p", FIXTURES]  # mudbot runs from a folder and was never installed
    return [*command, *options]


def file_of(name: str, folder: Path) -> Path:
    """The test of plugin *name*, from *folder*.  Raises PluginError where there is none."""
    tests = folder / "tests"
    path = tests / f"test_{name}.py"
    if path.is_file():
        return path.relative_to(folder)
    known = sorted(each.stem.removeprefix("test_") for each in tests.glob("test_*.py"))
    hint = nearest(name, known) or "; 'mudbot plugin new' writes one with each plugin, to begin with"
    raise PluginError(f"there is no {path.relative_to(folder)} here{hint}")


def require(find: Finder = find_spec) -> None:
    """Raise PluginError that says how to get pytest where it is missing."""
    if find("pytest") is None:
        raise PluginError(
            f"pytest runs the tests and is not there; get it with: {sys.executable} -m pip install pytest"
        )
