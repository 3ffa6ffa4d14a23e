"""That the plugins do what is said: each framework's tests, run with the framework in an environment of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path

from tests.real.servers.environment import UnavailableError, run
from tests.real.servers.packages import installed

TIMEOUT = 300.0
"""Seconds for the tests of one framework; they take up to ten."""

_HERE = Path(__file__).parent
_ROOT = _HERE.parent.parent


def tested(framework: str) -> str:
    """What pytest said last about a framework's plugins, or why it could not be asked."""
    folder = _HERE / framework
    if not any(folder.glob("*/test_*.py")):
        return "not written"
    try:
        python = Path(sys.executable) if framework == "mudbot" else _python(framework)
    except UnavailableError as error:
        return f"skipped: {error}"
    settings = folder / "pytest.ini"
    config = str(settings) if settings.exists() else os.devnull  # not those of this project
    command = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", config, f"--rootdir={folder}"]
    environment = os.environ | ({"PYTHONPATH": str(_ROOT)} if framework == "mudbot" else {})
    try:
        answer = subprocess.run(
            command, cwd=folder, check=False, capture_output=True, text=True, timeout=TIMEOUT, env=environment
        )
    except subprocess.TimeoutExpired:
        return f"FAILED: its tests took longer than {TIMEOUT:.0f} seconds"
    last = (answer.stdout.strip() or answer.stderr.strip() or "pytest said nothing").splitlines()[-1].strip("= ")
    return last if answer.returncode == 0 else f"FAILED: {last}"


def _python(framework: str) -> Path:
    """The interpreter of the framework's environment, made the first time.  Raises UnavailableError."""
    wanted = _HERE / f"requirements-{framework}.txt"

    def build(folder: Path) -> None:
        venv.create(folder, with_pip=True)
        pip = [str(_interpreter(folder)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        run([*pip, "--requirement", str(wanted)], folder)

    return _interpreter(installed(f"bench-plugins-{framework}", wanted.read_text(encoding="utf-8"), build))


def _interpreter(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
