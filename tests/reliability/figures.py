"""What a row of the tables in docs/reliability.md was measured to be."""

from __future__ import annotations

import json
import os
from pathlib import Path


def figure(row: str, bar: str, measured: str) -> None:
    """Print that *row* has to be within *bar* and is *measured*; with ``MUDBOT_FIGURES`` also a JSON line of that file.

    Say it before asserting it: a bar that is missed shows its figure, too.
    """
    print(f"{row}: {measured} (bar: {bar})")  # noqa: T201 - pytest shows it with a failure
    if path := os.environ.get("MUDBOT_FIGURES"):
        with Path(path).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"row": row, "bar": bar, "measured": measured}, ensure_ascii=False) + "\n")


def times(whole: int, *, quick: int) -> int:
    """How often something is to be done: *whole*, as the table says, where figures are kept; else *quick*, for CI."""
    return whole if os.environ.get("MUDBOT_FIGURES") else quick
