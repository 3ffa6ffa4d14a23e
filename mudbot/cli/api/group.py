"""The command ``mudbot api`` itself: finds the action, lists them all, ends quietly when it is told to."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from typing import Any, NoReturn

import click

from mudbot.cli.api.catalogue import ACTIONS, GROUPS
from mudbot.cli.api.common import Common
from mudbot.cli.api.options import common_options, split

INTERRUPTED = 130
"""128 and the number of SIGINT, as shells have it."""
NOBODY_READS = 141
"""128 and the number of SIGPIPE: what a program without Python would end with."""


class _Actions(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(ACTIONS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        action = ACTIONS.get(name)
        if action is None:
            return None
        module = importlib.import_module(f"mudbot.cli.api.{action.module}")
        command: click.Command = module.COMMANDS[action.name]
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, actions in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(action.name, action.line) for action in actions])
        others = [(alias, action.name) for name, action in ACTIONS.items() if name == action.name
                  for alias in action.aliases]  # fmt: skip
        with formatter.section("Other names"):
            formatter.write_dl([(alias, f"is {name}") for alias, name in others])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from mudbot.errors import nearest

        if args and args[0] not in ACTIONS and not args[0].startswith("-"):
            ctx.fail(f"there is no action {args[0]!r}{nearest(args[0], ACTIONS)}; see mudbot api --help")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)
        except BrokenPipeError:  # `| head` has seen enough
            _leave_silently()


def _leave_silently() -> NoReturn:
    """End although standard output is gone, without Python's complaint that it cannot flush it."""
    with contextlib.suppress(OSError, ValueError):  # no real file: nothing is flushed at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(NOBODY_READS)


@click.group("api", cls=_Actions, short_help="Make one call of the API: text, pictures, files, models.")
@common_options
@click.option("--stream", is_flag=True, help="Show a text while it is written.")
@click.pass_context
def command(ctx: click.Context, /, **options: Any) -> None:
    """Make one call of an OpenAI-compatible API and print what it answers.

    \b
    mudbot api completions.create -m text-davinci-003 -p 'Once upon a time'
    mudbot api image.create -p 'smoke over the great desert' -n 2 -o pictures
    mudbot api --embedded models.list

    Where it asks: what the options say; else OPENAI_API_KEY, OPENAI_BASE_URL and OPENAI_ORGANIZATION (a key alone means
    OpenAI's own server); else config.yaml in this folder.  With --embedded it needs none of them.

    Text, ids and links go to standard output, all else to standard error.  The exit status is 0, 1 after an error, 2
    for options that cannot be.
    """
    common, _rest = split(options)
    ctx.obj = common
    assert isinstance(ctx.obj, Common)
