"""``mudbot check``: every mistake at once, before anything runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mudbot import resolve
from mudbot.cli.options import config_options, read
from mudbot.config import salvage
from mudbot.errors import ConfigError, Problem
from mudbot.logs import visible


@click.command("check", short_help="Read the configuration and every plugin; print all problems at once.")
@config_options
def command(path: Path, overrides: tuple[str, ...]) -> None:
    """Read the configuration and every enabled plugin, and print all problems at once.

    Exit status 0 if there is none, 1 otherwise.  Secrets are never printed.
    """
    problems: list[Problem] = []
    try:
        config = read(path, overrides)
    except ConfigError as exc:
        problems += exc.problems
        config = salvage(path, overrides=overrides)
    problems += resolve.problems_of(config)
    for warning in resolve.warnings_of(config):
        print(visible(f"warning: {warning}"), file=sys.stderr)
    for problem in problems:
        print(visible(str(problem)), file=sys.stderr)
    if problems:
        count = len(problems)
        print(f"{count} problem{'s' if count > 1 else ''} in {path}", file=sys.stderr)
        sys.exit(1)
    for line in resolve.statements_of(config):
        print(visible(line))
    print(
        f"{path}: {len(config.sessions)} session(s), plugins: {', '.join(config.plugins) or 'none'}; no problems found"
    )
