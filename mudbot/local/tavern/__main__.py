"""``python -m mudbot.local.tavern``: the tavern alone, where the command line's own libraries are not wanted."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence

from mudbot.errors import LocalError
from mudbot.local.tavern.manners import DIALECTS
from mudbot.local.tavern.phrases import LANGUAGES
from mudbot.local.tavern.serve import serve
from mudbot.local.tavern.server import Tavern


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until SIGINT or SIGTERM; the exit status is 1 when the port cannot be had."""
    parser = argparse.ArgumentParser(prog="python -m mudbot.local.tavern", description="A small telnet MUD.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=4000, help="TCP port, 0 for any free one (default: %(default)s)")
    parser.add_argument("--dialect", choices=DIALECTS, default="tavern", help="manners (default: %(default)s)")
    parser.add_argument("--encoding", default=None, help="of all text (default: the dialect's first)")
    parser.add_argument("--language", choices=LANGUAGES, default=None, help="of the login (default: the dialect's)")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(serve(Tavern(**vars(options)), _say))
    except LocalError as exc:
        sys.stderr.write(f"{exc}\n")
        return 1
    return 0


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
