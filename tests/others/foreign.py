"""Running other people's tests: by their own pytest, in their own environment, one result a test."""

from __future__ import annotations

import os
import subprocess
import xml.etree.ElementTree as ET
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from tests.others.installs import bare_python

SECONDS = 240
"""The longest run takes 45 on an idle machine: it asks for some sixty pictures of 1024 x 1024."""


@dataclass(frozen=True)
class Results:
    """What became of each test, by its name (``module::test[parameters]``)."""

    outcome: dict[str, str] = field(default_factory=dict)
    """``passed``, ``failed`` (errors too) or ``skipped``."""
    why: dict[str, str] = field(default_factory=dict)
    """Of those that failed: the first line of the reason."""
    printed: str = ""

    def count(self) -> dict[str, int]:
        return dict(Counter(self.outcome.values()))

    def named(self, outcome: str) -> list[str]:
        return sorted(name for name, became in self.outcome.items() if became == outcome)

    def complaint(self) -> str:
        """What to read when it is not as expected: all that failed, each with its reason."""
        lines = [f"{name}: {self.why[name]}" for name in self.named("failed")]
        return "\n".join(lines) or self.printed[-3000:]


def run_pytest(library: Path, folder: Path, arguments: list[str], variables: dict[str, str]) -> Results:
    """Run pytest of *library* in *folder*; *variables* are added to the environment."""
    report = folder / "report.xml"
    report.unlink(missing_ok=True)
    quiet = ["-q", "-p", "no:cacheprovider", "--tb=line", "--show-capture=no", "-W", "ignore", f"--junit-xml={report}"]
    done = subprocess.run(
        [*bare_python(), "-m", "pytest", *quiet, *arguments],
        cwd=folder,
        env=environment(library) | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
        check=False,
    )
    printed = done.stdout.decode(errors="replace")
    assert report.is_file(), f"their pytest ended with {done.returncode} before it reported:\n{printed[-3000:]}"
    return read(report, printed)


def environment(library: Path) -> dict[str, str]:
    """Variables for programs of *library*: its own commands first, and nothing of ours that could change a client."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "PYTEST_"))}
    path = f"{library / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return kept | {"PYTHONPATH": str(library), "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NO_PROXY": "*"}


def read(report: Path, printed: str) -> Results:
    outcome: dict[str, str] = {}
    why: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        name = f"{case.get('classname')}::{case.get('name')}"
        trouble = case.find("failure") if case.find("failure") is not None else case.find("error")
        skipped = case.find("skipped") is not None
        outcome[name] = "failed" if trouble is not None else "skipped" if skipped else "passed"
        if trouble is not None:
            why[name] = (trouble.get("message") or "").split("\n")[0][:300]
    return Results(outcome, why, printed)
