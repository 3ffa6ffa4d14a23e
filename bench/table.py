"""How a figure is printed."""

from __future__ import annotations

from statistics import median


def row(what: str, ours: list[float], rival: str, theirs: list[float], bar: float) -> None:
    """One line: our median, the rival's, the ratio, and whether the bar (milliseconds) is met on this machine."""
    mine, other = median(ours) * 1000, median(theirs) * 1000
    verdict = "" if mine <= bar else "  MISSED"
    print(f"{what:44} {mine:8.1f} ms   {rival:34} {other:8.1f} ms   {mine / other:6.2f} x   bar {bar:g} ms{verdict}")
