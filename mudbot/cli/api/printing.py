"""What an action says: on standard output or in a file, never with a control character or the key in it."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from mudbot.errors import MudbotError
from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.api.types import Answer

HIDDEN = "[···]"
_SHORTEST = 8
"""A shorter key ("test", for a server at home) is a word that answers may hold, and no secret."""
_SURROGATES = re.compile("[\ud800-\udfff]")
_JOINERS = re.compile("([\u200c\u200d])")
"""They hold a family of emoji together and Persian words apart; no terminal obeys them."""


class Printer:
    """Writes for people, or with *machine* for programs, to the file *output* or to standard output.

    The file is made with the first word that is written: an action that fails leaves what was there.  Every word is
    flushed, so that a pipe gets it at once.  Raises MudbotError where nothing can be written, and BrokenPipeError where
    nobody reads any more.
    """

    def __init__(self, output: str | None = None, *, machine: bool = False, secrets: Sequence[str] = ()) -> None:
        self.machine = machine
        self._path = None if output in (None, "-") else Path(str(output))
        self._stream: TextIO | None = None
        self._held = ""
        self._ended = True
        long = [secret for secret in secrets if len(secret) >= _SHORTEST]
        self._secrets = sorted({*long, *(json.dumps(secret)[1:-1] for secret in long)}, key=len, reverse=True)

    # -- for people ------------------------------------------------------------------------------------------------

    def text(self, text: str) -> None:
        """Write *text* on lines of its own."""
        self.piece(text)
        self.end()

    def piece(self, text: str) -> None:
        """Write more of a text.  What may be the beginning of the key, or of a line end, waits for what follows."""
        text = self._masked(self._held + text).replace("\r\n", "\n")
        keep = max((size for secret in (*self._secrets, "\r\n") for size in _begun(text, secret)), default=0)
        text, self._held = text[: len(text) - keep], text[len(text) - keep :]
        if text:
            self._write(_clean(text))

    def end(self) -> None:
        """End the text that was written in pieces."""
        if self._held:
            held, self._held = self._held, ""
            self._write(_clean(held))
        if not self._ended:
            self._write("\n")

    def line(self, text: str) -> None:
        """Write *text* as exactly one line."""
        self._write(_single(self._masked(text)) + "\n")

    def rows(self, rows: Iterable[Sequence[object]]) -> None:
        """Write a line for each row, its cells in columns; None and nothing become a dash."""
        cells = [[_single(self._masked("-" if cell in (None, "") else str(cell))) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        for row in cells:
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self._write("  ".join(padded).rstrip() + "\n")

    def fields(self, values: Mapping[str, object]) -> None:
        """Write a line for each field and its value."""
        from mudbot.cli.options import as_json

        for name, value in values.items():
            self.line(f"{name}: {value if isinstance(value, str) else as_json(value)}")

    # -- for programs ----------------------------------------------------------------------------------------------

    def json(self, value: object, *, indent: int | None = 2) -> None:
        """Write *value* as JSON; without *indent* on one line."""
        from mudbot.cli.options import as_json

        self._write(self._masked(as_json(_finite(value), indent=indent)) + "\n")

    # -- writing ---------------------------------------------------------------------------------------------------

    def _masked(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        return text

    def _write(self, text: str) -> None:
        try:
            stream = self._open()
            stream.write(text)
            stream.flush()
        except BrokenPipeError:
            raise
        except OSError as error:
            if self._path is None:  # what it still holds would fail once more when Python ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            where = self._path or "standard output"
            raise MudbotError(f"cannot write to {where}: {error.strerror}: check the path and the disk") from None
        self._ended = text.endswith("\n")

    def _open(self) -> TextIO:
        if self._stream is None:
            if self._path is None:
                self._stream = sys.stdout
                if hasattr(self._stream, "reconfigure"):  # whatever a model says can be written in any encoding
                    self._stream.reconfigure(errors="backslashreplace")
            else:
                self._stream = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        return self._stream

    def close(self) -> None:
        """Close the file, if there is one."""
        if self._stream is not None and self._path is not None:
            self._stream.close()


def raw(answer: Answer) -> dict[str, Any]:
    """An answer as the server sent it: what it did not say is not there, what mudbot does not know is."""
    return answer.model_dump(mode="json", exclude_unset=True)


def when(seconds: object) -> str:
    """A time that the server gave, seconds since 1970, as people here write it; empty where there is none."""
    import datetime as dt

    try:
        moment = dt.datetime.fromtimestamp(float(str(seconds)), dt.UTC).astimezone()
    except (ValueError, OverflowError, OSError):
        return ""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def note(text: str) -> None:
    """Tell the person, on standard error, what is no part of the answer."""
    print(_single(text), file=sys.stderr, flush=True)


def _clean(text: str) -> str:
    """*text* with its line breaks and tabs; what a terminal could obey is shown instead."""
    parts = _JOINERS.split(_SURROGATES.sub("\ufffd", text))
    return "".join(part if _JOINERS.fullmatch(part) else visible(part) for part in parts)


def _single(text: str) -> str:
    return _clean(" ".join(text.splitlines()).replace("\t", " "))


def _begun(text: str, secret: str) -> Iterable[int]:
    """How many characters at the end of *text* could be the beginning of *secret*."""
    return (size for size in range(1, min(len(text), len(secret) - 1) + 1) if text.endswith(secret[:size]))


def _finite(value: object) -> object:
    """*value* without the numbers that JSON does not know."""
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list) else value
