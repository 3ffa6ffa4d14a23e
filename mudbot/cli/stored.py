"""Which store a command is about: named by itself, or by a configuration that need not be right otherwise."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mudbot.cli.options import DEFAULT, config_option
from mudbot.errors import ConfigError


def store_options(func: Callable[..., Any]) -> Callable[..., Any]:
    """``-c FILE``, ``--set`` and ``--store FOLDER``; the argument ``folder``, called, gives what they mean."""

    @functools.wraps(func)
    def run(**given: Any) -> Any:
        path, overrides, store = (given.pop(name) for name in ("path", "overrides", "store"))
        return func(folder=lambda: store.absolute() if store else store_of(path or DEFAULT, overrides), **given)

    options = (
        config_option(f"The bot's configuration, which names its store.  [default: {DEFAULT}]", default=None),
        click.option("--set", "overrides", metavar="KEY.PATH=VALUE", multiple=True, help="As given to mudbot run."),
        click.option(
            "--store",
            metavar="FOLDER",
            type=click.Path(path_type=Path, file_okay=False),
            help="The store itself; no configuration is read.",
        ),
    )
    wrapped: Callable[..., Any] = run
    for option in reversed(options):
        wrapped = option(wrapped)
    return wrapped


def store_of(path: Path, overrides: tuple[str, ...]) -> Path:
    """The folder of the store that the configuration *path* names.

    Mistakes elsewhere in it do not matter, such as a variable that only the bot has.  Raises ConfigError where they
    leave open which store is meant.
    """
    if not path.is_file():
        raise click.UsageError(f"there is no {path}: name the bot's configuration by -c FILE, or --store FOLDER")
    from mudbot.config import load, salvage

    try:
        config = load(path, overrides=overrides)
    except ConfigError:
        config = salvage(path, overrides=overrides)
        if "store" not in config.model_fields_set:
            raise
    return config.path(config.store).absolute()
