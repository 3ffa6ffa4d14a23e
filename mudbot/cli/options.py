"""Options that several commands have."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot.config import Config, load

if TYPE_CHECKING:
    from mudbot.mud.dialect import Dialect

DEFAULT = Path("config.yaml")


def config_options(func: Callable[..., Any]) -> Callable[..., Any]:
    """``-c FILE`` and ``--set KEY=VALUE``."""
    func = click.option(
        "--set",
        "overrides",
        metavar="KEY.PATH=VALUE",
        multiple=True,
        help="Override one setting, for example sessions.0.port=4001; may be repeated.",
    )(func)
    return click.option(
        "-c",
        "--config",
        "path",
        metavar="FILE",
        type=click.Path(path_type=Path),
        default=DEFAULT,
        show_default=True,
        help="The configuration.",
    )(func)


def read(path: Path, overrides: tuple[str, ...]) -> Config:
    """The configuration as the options say.  Raises ConfigError."""
    return load(path, overrides=overrides)


# What json leaves alone and a terminal may obey: DEL, C1, marks of direction, separators of lines.
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")

dialect_option = click.option(
    "--dialect", metavar="NAME|FILE", default="generic", show_default=True, help="A dialect, or a file of your own."
)


def dialect_of(name: str) -> Dialect:
    """The dialect that an option names.  Raises ConfigError."""
    from mudbot.mud import dialect

    if name.endswith((".yaml", ".yml")) or "/" in name:
        return dialect.read(Path(name), "paths are relative to the folder you are in")
    if name == "auto":
        raise click.UsageError(
            "--dialect: auto is for a MUD that can be looked at; name one: " + ", ".join(dialect.names())
        )
    return dialect.load(name)


def as_json(value: Any, *, indent: int | None = None) -> str:
    """*value* as JSON that people can read and that no terminal obeys."""
    text = json.dumps(value, ensure_ascii=False, indent=indent, default=str)  # an argument may be an Enum
    return _UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", text)
