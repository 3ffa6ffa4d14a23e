"""Other people's clients and servers, each in a folder of its own, kept between test runs like the real MUDs.

Nothing of them reaches the project's environment: Python packages are plain folders for ``PYTHONPATH``, and what comes
with Node is called by its path.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from tests.real.servers.environment import UnavailableError, run
from tests.real.servers.packages import installed, pip, pip_source, unpack

OLD_OPENAI = "openai==0.26.5"
"""The client of February 2023."""
OLD_NEEDS = ("pytest==8.4.2", "pytest-asyncio==0.26.0", "pytest-mock==3.15.1")
"""No pandas: the one test of theirs that wants it has nothing to do with a server."""

NEW_OPENAI = "openai==3.54.0"
NEW_NEEDS = ("pytest==9.1.0", "pytest-asyncio==1.4.0", "rich==15.0.0", "inline-snapshot==0.36.1", "aiohttp==3.14.5")

LLMOCK = "llmock==0.2.2"
STEADY = "@stdy/cli@0.22.2"
AIMOCK = "@copilotkit/aimock@1.43.0"


def old_openai() -> Path:
    """A folder for ``PYTHONPATH`` with the old client; its own tests are the package ``openai.tests``."""

    def build(folder: Path) -> None:
        # The source archive, not the wheel: only that carries the tests.
        archive = pip_source(OLD_OPENAI, folder / "source")
        pip_folder(folder / "lib", str(archive), *OLD_NEEDS)

    return installed("openai-old", recipe(OLD_OPENAI, *OLD_NEEDS), build) / "lib"


def new_openai() -> Path:
    """A folder that holds today's client in ``lib`` and its own tests in ``tests``."""

    def build(folder: Path) -> None:
        archive = pip_source(NEW_OPENAI, folder / "source")
        pip_folder(folder / "lib", str(archive), *NEW_NEEDS)
        unpack(archive, folder, ("tests",))

    return installed("openai-new", recipe(NEW_OPENAI, *NEW_NEEDS), build)


def llmock() -> Path:
    """A folder for ``PYTHONPATH`` with llmock of Python (the other one is ``aimock``)."""
    return installed("llmock", LLMOCK, lambda folder: pip_folder(folder / "lib", LLMOCK)) / "lib"


def steady() -> Path:
    """The program that checks requests against an OpenAPI document."""
    return npm("steady", STEADY) / "node_modules" / ".bin" / "steady"


def aimock() -> Path:
    """The script of aimock's server, for ``node``.  Its own name for it is ``llmock``, so it is on no path."""
    return npm("aimock", AIMOCK) / "node_modules" / "@copilotkit" / "aimock" / "dist" / "cli.js"


def npm(name: str, package: str) -> Path:
    """The folder of *package*, installed without running scripts of it.  Raises UnavailableError without Node."""
    program = shutil.which("npm")
    if program is None or shutil.which("node") is None:
        raise UnavailableError(f"{package} needs Node: install nodejs and npm")
    command = [program, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--no-package-lock"]
    return installed(name, package, lambda folder: run([*command, "--prefix", str(folder), package], folder))


def pip_folder(target: Path, *what: str) -> None:
    """Install *what*, in one go so that the parts fit each other, into the plain folder *target*."""
    run([*pip("install"), "--target", str(target), *what], target.parent)


def recipe(*what: str) -> str:
    return " ".join(what)


def bare_python() -> list[str]:
    """This Python without the environment that our tests run in: it sees ``PYTHONPATH`` and no more."""
    return [sys.executable, "-S"]
