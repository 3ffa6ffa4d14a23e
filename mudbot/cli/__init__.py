"""The command line.  Each command's module is loaded when it is used: ``mudbot --help`` must not wait for aiohttp."""

from __future__ import annotations

import importlib
import sys
from typing import Any

import click

from mudbot import __version__
from mudbot.errors import ConfigError, MudbotError
from mudbot.logs import visible

# name -> module under mudbot.cli and the line that `mudbot --help` shows, so that it need not load them
COMMANDS = {
    "run": ("run", "Run the bot until it is told to stop (SIGTERM, Ctrl-C)."),
    "check": ("check", "Read the configuration and every plugin; print all problems at once."),
    "doctor": ("doctor", "Look whether everything is as the bot needs it, and say what to do."),
    "ctl": ("ctl", "Ask a running bot, or tell it what to do."),
    "backup": ("backup", "Copy what the bot keeps into one file, while it runs or not."),
    "restore": ("restore", "Make the store of a backup again."),
    "demo": ("demo", "Meet an innkeeper in a small world of its own: no key, no network service."),
    "hear": ("hear", "Read MUD lines as a dialect does, one JSON object a line."),
    "match": ("match", "Say which triggers would fire on a line, what they would do, and why not."),
    "replay": ("replay", "Put a recorded session, or a log, through the whole bot: what would it say?"),
    "speak": ("speak", "Show the exact bytes that would go out for a text."),
    "triggers": ("triggers", "Files of triggers: import those of other clients."),
    "probe": ("probe", "Connect to a MUD once and say what it is: encoding, dialect, options, prompts."),
    "tavern": ("tavern", "Open the embedded world by itself, in the manner of any dialect."),
    "serve": ("serve", "Open the embedded server by itself, for any OpenAI client."),
    "api": ("api", "Make one call of the API: text, pictures, files, models."),
    "models": ("models", "The embedded server's model files: fetch, list."),
    "memory": ("memory", "What characters remember of whom: list, show, export, forget, erase."),
    "gallery": ("gallery", "The pictures that were drawn: list, show, pin, export, delete."),
    "persona": ("persona", "Characters: list, show, try; import and export character cards."),
    "plugin": ("plugin", "Plugins: begin a new one, test it, list them, show what one does."),
}


class _Lazy(click.Group):
    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"mudbot.cli.{COMMANDS[name][0]}").command
        return command

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        from mudbot.errors import nearest

        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"there is no command {args[0]!r}{nearest(args[0], COMMANDS)}; see mudbot --help")
        return super().resolve_command(ctx, args)


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="mudbot")
def cli() -> None:
    """Give a character in a text game (a MUD) a mind: it hears, answers in character, draws, and filters.

    Try it first: mudbot demo.  Then copy config.yaml, say where your MUD is, and: mudbot run -c config.yaml
    """


def main() -> None:
    """Run the command line; an error on purpose is a line on standard error, not a traceback."""
    try:
        cli()
    except ConfigError as exc:
        for problem in exc.problems:
            print(visible(str(problem)), file=sys.stderr)
        sys.exit(1)
    except MudbotError as exc:
        print(visible(f"mudbot: {exc}"), file=sys.stderr)
        sys.exit(1)
