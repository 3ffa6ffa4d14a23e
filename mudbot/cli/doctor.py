"""``mudbot doctor``: whether everything is as the bot needs it."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import click

from mudbot.cli.options import as_json, config_options, json_option
from mudbot.logs import visible


@click.command("doctor", short_help="Look whether everything is as the bot needs it, and say what to do.")
@config_options
@json_option("Print JSON.")
def command(path: Path, overrides: tuple[str, ...], *, machine: bool) -> None:
    """Look whether everything is as the bot needs it, before it runs or while it does.

    The configuration, keys, a bot that runs already, whether the MUDs and the API can be reached, the clock, the disk
    and the databases, permissions, the embedded model's file.  What is wrong comes with what to do.  Each MUD is
    connected to once, without a login; the API is asked which models it has, which costs nothing; nothing that is kept
    is changed.

    Run it as the bot's user and with its environment.  Exit status 0 where nothing keeps the bot from its work, even if
    there are warnings; 1 otherwise.
    """
    from mudbot.doctor.examine import examine

    logging.getLogger("mudbot").setLevel(logging.CRITICAL)  # what is found says it all
    found = asyncio.run(examine(path, overrides))
    count = {state: sum(each.state == state for each in found) for state in ("error", "warning", "ok")}
    if machine:
        print(as_json({"ok": not count["error"], "findings": [each.as_dict() for each in found]}, indent=2))
    else:
        for each in found:
            print(_within(f"{each.state:7}  {each.check:13}  {each.what}"))
            if each.remedy:
                print(_within(f"{'':24} -> {each.remedy}"))
        print(f"{count['error']} error(s), {count['warning']} warning(s), {count['ok']} in order")
    sys.exit(1 if count["error"] else 0)


def _within(text: str) -> str:
    """*text* so that no line of it looks like another finding."""
    return visible(text).replace("\n", f"\n{'':28}")
