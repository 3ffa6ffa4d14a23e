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


Option = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What ``@click.option(...)`` is."""


def config_option(told: str = "The configuration.", *, default: Path | None = DEFAULT) -> Option:
    """``-c FILE``, as the argument ``path``."""
    return click.option(
        "-c",
        "--config",
        "path",
        metavar="FILE",
        type=click.Path(path_type=Path),
        default=default,
        show_default=True,
        help=told,
    )


def config_options(func: Callable[..., Any]) -> Callable[..., Any]:
    """``-c FILE`` and ``--set KEY=VALUE``."""
    func = click.option(
        "--set",
        "overrides",
        metavar="KEY.PATH=VALUE",
        multiple=True,
        help="Override one setting, for example sessions.0.port=4001; may be repeated.",
    )(func)
    return config_option()(func)


def json_option(told: str = "One JSON object a line.") -> Option:
    """``--json``, as the argument ``machine``."""
    return click.option("--json", "machine", is_flag=True, help=told)


force_option = click.option("--force", is_flag=True, help="Let --output replace a file that is there.")


def listen_options(port: int) -> Option:
    """``--host`` and ``--port``."""

    def decorate(func: Callable[..., Any]) -> Callable[..., Any]:
        ports = click.IntRange(0, 65535)
        func = click.option("--port", type=ports, default=port, show_default=True, help="0 takes any free one.")(func)
        return click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")(func)

    return decorate


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
