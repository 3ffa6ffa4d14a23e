"""Charts as figures: where each bar stands.  Templates draw them as SVG, with words and patterns besides colours."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import floor, log10

WIDTH = 400
"""Units of a chart's width; text has 12 of them, which stays readable on a phone."""
HEIGHT = 160
"""Units of a chart of columns, without the labels below."""
ROW = 34
"""Units of a row with its words above its bar."""
LONGEST = 34
"""Latin letters of a label; Chinese ones count twice."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a column."""

    y: float
    height: float
    pattern: int
    """From 1 on."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column, its parts from the bottom up."""

    x: float
    width: float
    pieces: Sequence[Piece]
    label: str
    """Shown below; empty where there is no room."""
    told: str
    """What it says, in words."""


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns."""

    columns: Sequence[Column]
    top: float
    """The value of the line above."""
    height: int = HEIGHT
    width: int = WIDTH


@dataclass(frozen=True, slots=True)
class Bar:
    """A row: what it is, its bar, what it comes to."""

    y: float
    width: float
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A chart of rows."""

    bars: Sequence[Bar]
    height: float
    width: int = WIDTH


def columns(
    rows: Sequence[tuple[str, Sequence[float]]], told: Callable[[str, float], str], *, every: int = 7
) -> Columns:
    """A column for each of *rows*: its label and its parts.  *told* says what a column comes to."""
    top = _round_up(max((sum(parts) for _, parts in rows), default=0.0))
    step = WIDTH / max(1, len(rows))
    made = []
    for number, (label, parts) in enumerate(rows):
        pieces, y = [], float(HEIGHT)
        for pattern, part in enumerate(parts, 1):
            height = round(HEIGHT * part / top, 2) if top else 0.0
            y -= height
            if height:
                pieces.append(Piece(round(y, 2), height, pattern))
        shown = label if (len(rows) - 1 - number) % every == 0 else ""
        made.append(
            Column(round(number * step + step * 0.1, 2), round(step * 0.8, 2), pieces, shown, told(label, sum(parts)))
        )
    return Columns(made, top)


def bars(rows: Sequence[tuple[str, float]], told: Callable[[float], str]) -> Bars:
    """A row for each of *rows*, the longest as wide as the chart."""
    most = max((value for _, value in rows), default=0.0)
    made = [
        Bar(number * ROW, round(WIDTH * value / most, 2) if most else 0.0, short(label), told(value))
        for number, (label, value) in enumerate(rows)
    ]
    return Bars(made, len(rows) * ROW)


def short(label: str) -> str:
    """*label* as long as there is room for it: SVG breaks no lines."""
    room = LONGEST
    for number, letter in enumerate(label):
        room -= 2 if letter >= "\u1100" else 1
        if room < 0:
            return f"{label[:number]}…"
    return label


def _round_up(value: float) -> float:
    """The next of 1, 2 and 5 times a power of ten: what a scale ends with."""
    if value <= 0:
        return 0.0
    power = 10.0 ** floor(log10(value))
    return next(step * power for step in (1, 2, 5, 10) if step * power >= value * (1 - 1e-9))
