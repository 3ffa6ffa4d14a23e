"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from typing import Self

_WIDTH = 30


class Bar:
    """Shows how much of an upload or a download is done; call it with the bytes so far and in all, if known."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._terminal = sys.stderr.isatty()
        self._shown = ""

    def __call__(self, done: int, total: int | None) -> None:
        if not self._terminal:
            return
        line = f"{self._label}  {_size(done)}" if not total else f"{self._label}  {_filled(done, total)}"
        if line != self._shown:  # a bar that has not moved is not worth a write
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)
            self._shown = line

    def close(self) -> None:
        """Leave the line."""
        if self._shown:
            print(file=sys.stderr, flush=True)
            self._shown = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _filled(done: int, total: int) -> str:
    part = min(done / total, 1.0)
    bar = "#" * int(_WIDTH * part)
    return f"[{bar:-<{_WIDTH}}] {int(100 * part):3d} %  {_size(done)} / {_size(total)}"


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 100_000 else f"{count / 1e3:,.1f} kB"
