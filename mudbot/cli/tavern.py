"""``mudbot tavern``: the tavern alone, with the manners of a family of MUDs: a counterpart to try things out with."""

from __future__ import annotations

import asyncio

import click

from mudbot.cli.options import listen_options
from mudbot.local.tavern import DIALECTS, Tavern
from mudbot.local.tavern.serve import serve


@click.command("tavern", short_help="Open the small world alone, with the manners of a family of MUDs.")
@click.option("--dialect", type=click.Choice(DIALECTS), default="tavern", show_default=True, help="Whose manners.")
@click.option("--encoding", metavar="E", help="Of all text; by default the first that the dialect is found with.")
@listen_options(4000)
@click.option("--language", type=click.Choice(["en", "zh"]), help="Of the login; by default the dialect's.")
@click.option(
    "--player",
    "players",
    metavar="LOGIN:PASSWORD[:NAME]",
    multiple=True,
    help="Make a character beforehand; may be repeated.  Strangers are let in with any password, too.",
)
def command(dialect: str, players: tuple[str, ...], **where: str | int | None) -> None:
    """Open the small world until it is interrupted; say one line with the port when it is open.

    It speaks, listens, limits and takes offence as the family does, so a bot's dialect can be tried without a server.
    """
    tavern = Tavern(dialect=dialect, **where)  # type: ignore[arg-type]
    for player in players:
        login, _, rest = player.partition(":")
        password, _, name = rest.partition(":")
        if not login or not password:
            raise click.UsageError(f"--player {player!r}: write LOGIN:PASSWORD or LOGIN:PASSWORD:NAME")
        tavern.register(login, password, name=name)
    asyncio.run(serve(tavern, lambda line: print(line, flush=True)))
