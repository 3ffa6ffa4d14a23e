"""``make reliability``: every promise of safety and reliability, the measured figure beside its bar.

Each row is a file of tests/reliability, which fails where its bar is missed.  Here they run one after the other, as
often as the bar says (CI does some of them less often), and what they measured is printed and written, with the date,
to docs/reliability.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "tests" / "reliability"
PAGE = ROOT / "docs" / "reliability.md"
LONGEST = 900
"""Seconds that a row may take."""

SECURITY = {
    "command injection": "command_injection",
    "prompt injection, memory poisoning": "prompt_injection",
    "impersonation": "impersonation",
    "own echo, bot loops": "bot_loops",
    "flood, wallet": "flood",
    "escapes in logs and terminals": "escapes",
    "telnet": "telnet",
    "secrets": "secrets",
    "SSRF, image bombs": "ssrf",
    "web": "web",
    "plugins": "plugins",
    "patterns": "patterns",
    "configuration": "configuration",
    "disk": "disk",
}
RELIABILITY = {
    name: name.split()[0].lower()
    for name in (
        *("reconnect", "delivery", "stop", "systemd", "reload", "memory", "API"),
        *("time", "network", "flood of text", "crash"),
    )
}
TABLES = {"Security": ("sec", SECURITY), "Reliability": ("rel", RELIABILITY)}


@dataclass(frozen=True)
class Row:
    """One row of a table: its figures, as (bar, measured), and what became of its tests."""

    name: str
    figures: tuple[tuple[str, str], ...]
    verdict: str
    took: float


def measure(kind: str, name: str, file: str) -> Row:
    """Run the tests of one row."""
    path = FOLDER / f"test_{kind}_{file}.py"
    if not path.exists():
        return Row(name, (), "no test", 0.0)
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "figures"
        began = time.monotonic()
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "--no-header",
                "-p",
                "no:cacheprovider",
                f"--timeout={LONGEST}",
                str(path),
            ],
            cwd=ROOT,
            env=os.environ | {"MUDBOT_FIGURES": str(kept)},
            capture_output=True,
            text=True,
            check=False,
        )
        took = time.monotonic() - began
        lines = kept.read_text(encoding="utf-8").splitlines() if kept.exists() else []
    figures = tuple((row["bar"], row["measured"]) for row in map(json.loads, lines))
    if done.returncode:
        print(done.stdout[-3000:], file=sys.stderr)
    return Row(name, figures, "MISSED" if done.returncode else "held" if figures else "held, without a figure", took)


def show(row: Row) -> None:
    """Print *row*."""
    print(f"{row.name} — {row.verdict} ({row.took:.0f} s)")
    for bar, measured in row.figures:
        print(f"    {bar}\n        {measured}")


def page(tables: dict[str, list[Row]]) -> str:
    """The tables as docs/reliability.md has them."""
    machine = f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}, Python {platform.python_version()})"
    about = (
        f"Made by `make reliability` on {datetime.now(UTC):%Y-%m-%d}, on a machine with {machine}. Each row is a file "
        "of `tests/reliability`, which fails where the bar is missed; CI runs all of them, some less often than here."
    )
    parts = ["# What was measured\n", f"{about}\n"]
    for title, rows in tables.items():
        parts += [f"## {title}\n", "| property | bar | measured | |", "|---|---|---|---|"]
        for row in rows:
            for at, (bar, measured) in enumerate(row.figures or (("", ""),)):
                cells = (row.name if not at else "", bar, measured, row.verdict if not at else "")
                parts.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
        parts.append("")
    return "\n".join(parts)


def main() -> int:
    """Measure, print, write the page; how many rows do not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-page", action="store_true", help="leave docs/reliability.md alone")
    parser.add_argument("rows", nargs="*", help="only these (names of files: crash, web …); the page is left alone")
    asked = parser.parse_args()
    tables: dict[str, list[Row]] = {}
    for title, (kind, rows) in TABLES.items():
        print(f"{title}\n{'=' * len(title)}")
        tables[title] = []
        for name, file in rows.items():
            if not asked.rows or file in asked.rows:
                tables[title].append(measure(kind, name, file))
                show(tables[title][-1])
        print()
    if not asked.no_page and not asked.rows:
        PAGE.write_text(page(tables), encoding="utf-8")
    return sum(not row.verdict.startswith("held") for rows in tables.values() for row in rows)


if __name__ == "__main__":
    sys.exit(main())
