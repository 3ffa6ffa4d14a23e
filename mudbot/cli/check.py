"""``mudbot check``: every mistake at once, before anything runs."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mudbot import app
from mudbot.cli.options import config_options, read
from mudbot.config import Config
from mudbot.errors import ConfigError, Problem
from mudbot.mud import dialect


@click.command("check", short_help="Read the configuration and every plugin; print all problems at once.")
@config_options
def command(path: Path, overrides: tuple[str, ...]) -> None:
    """Read the configuration and every enabled plugin, and print all problems at once.

    Exit status 0 if there is none, 1 otherwise.  Secrets are never printed.
    """
    try:
        config = read(path, overrides)
    except ConfigError as exc:
        problems = list(exc.problems)
    else:
        problems = find(config)
    for problem in problems:
        print(problem, file=sys.stderr)
    if problems:
        count = len(problems)
        print(f"{count} problem{'s' if count > 1 else ''} in {path}", file=sys.stderr)
        sys.exit(1)
    print(
        f"{path}: {len(config.sessions)} session(s), plugins: {', '.join(config.plugins) or 'none'}; no problems found"
    )


def find(config: Config) -> list[Problem]:
    """What is wrong beyond the shape of the file: plugins, personas, dialects, models."""
    problems: list[Problem] = []
    for work in (app.load_plugins, app.check_models):
        try:
            work(config)
        except ConfigError as exc:
            problems += exc.problems
    for session in config.sessions:
        for check in (lambda s: app.load_character(config, s), lambda s: dialect.load(s.dialect)):
            try:
                check(session)
            except ConfigError as exc:
                problems += [Problem(f"session {session.name}: {p.where}", p.message) for p in exc.problems]
    return problems
