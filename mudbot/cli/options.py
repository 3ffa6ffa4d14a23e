"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mudbot.config import Config, load

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
