"""The owner's files as text, bounded, with a remedy for every reason why one cannot be read."""

from __future__ import annotations

from pathlib import Path

from mudbot.config.positions import printable
from mudbot.errors import ConfigError, Problem


def text_of(path: Path, missing: str, most: int, *, example: str = "config.yaml") -> str:
    """The text of a file of at most *most* bytes; *missing* says what to do where there is none.

    *example* is what such files are called.  Raises ConfigError.
    """
    try:
        with path.open("rb") as file:
            data = file.read(most + 1)  # whatever its size says: it may be a pipe, or /dev/zero
    except FileNotFoundError:
        raise ConfigError(Problem(printable(str(path)), f"there is no such file: {missing}")) from None
    except (OSError, ValueError) as error:
        raise ConfigError(Problem(printable(str(path)), _unreadable(path, error, example))) from None
    if len(data) > most:
        raise ConfigError(Problem(printable(str(path)), f"is longer than {most:,} bytes: is this the right file?"))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        name, line = printable(path.name), data.count(b"\n", 0, error.start) + 1
        message = "is not UTF-8 from this line on: save the file as UTF-8 in your editor"
        raise ConfigError(Problem(f"{name}:{line}", message)) from None


def _unreadable(path: Path, error: Exception, example: str) -> str:
    try:
        if path.is_dir():
            return f"is a directory: name the file in it, such as {printable(str(path / example))}"
    except (OSError, ValueError):
        pass
    if isinstance(error, PermissionError):
        return "may not be read: give the user that runs mudbot the right to read it"
    reason = error.strerror if isinstance(error, OSError) else "no file can have this name"
    return f"cannot be read ({reason}): check the path"
