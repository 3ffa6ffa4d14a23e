"""``mudbot check``: every mistake at once, before anything runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import click

from mudbot import resolve
from mudbot.cli.options import config_options, read
from mudbot.config import Config, salvage
from mudbot.errors import ConfigError, MudbotError, Problem
from mudbot.logs import visible


@click.command("check", short_help="Read the configuration and every plugin; print all problems at once.")
@config_options
def command(path: Path, overrides: tuple[str, ...]) -> None:
    """Read the configuration and every enabled plugin, and print all problems at once.

    A permission that the code of a plugin wants and that the configuration does not grant is a warning.  Exit status 0
    if there is no problem, 1 otherwise.  Secrets are never printed.
    """
    problems: list[Problem] = []
    try:
        config = read(path, overrides)
    except ConfigError as exc:
        problems += exc.problems
        config = salvage(path, overrides=overrides)
    problems += resolve.problems_of(config)
    for warning in [*map(str, resolve.warnings_of(config)), *_ungranted(config)]:
        print(visible(f"warning: {warning}"), file=sys.stderr)
    for problem in problems:
        print(visible(str(problem)), file=sys.stderr)
    if problems:
        count = len(problems)
        print(visible(f"{count} problem{'s' if count > 1 else ''} in {path}"), file=sys.stderr)
        sys.exit(1)
    for line in resolve.statements_of(config):
        print(visible(line))
    plugins = ", ".join(config.plugins) or "none"
    print(visible(f"{path}: {len(config.sessions)} session(s), plugins: {plugins}; no problems found"))


def _ungranted(config: Config) -> Iterator[str]:
    """What plugins want and may not, in their order; what the list of triggers wants is told by its place there."""
    from mudbot.cli import plugin_facts, plugin_show

    for name in config.plugins:
        if name != resolve.CARRIER:
            with suppress(MudbotError):  # what is wrong is a problem, and told as that
                yield from plugin_show.ungranted(plugin_facts.of(name, config))
