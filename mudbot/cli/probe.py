"""``mudbot probe``: what is there at an address, by one connection."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from mudbot.cli.options import as_json, config_option, json_option, read
from mudbot.logs import visible


@click.command("probe", short_help="Connect to a MUD once and say what it is: encoding, dialect, options, prompts.")
@click.argument("host")
@click.argument("port", type=click.IntRange(1, 65535))
@json_option("Print JSON.")
@click.option("--login", is_flag=True, help="Try the login that the configuration has for this MUD, then leave.")
@config_option("The configuration, for --login.")
@click.option("--tls", is_flag=True, help="Connect with TLS and verify the certificate.")
@click.option("--insecure", is_flag=True, help="With TLS, but take any certificate.")
@click.option("--proxy", metavar="URL", help="socks5://… or http://… to go by.")
@click.option("--wait", type=click.FloatRange(0.5, 60), default=5.0, show_default=True, help="Seconds to look at most.")
def command(host: str, port: int, path: Path, wait: float, **how: object) -> None:
    """Connect to HOST PORT once, look, and report.

    The telnet options that it offers and which were agreed on, what it says of itself (MSSP), in which encoding and
    dialect it seems to speak and why, how its prompts end, and how long the first text took.  With --login the
    configured character logs in on that same connection and leaves at once.  The exit status is 1 where there is no
    connection or the login did not work.
    """
    from mudbot import probing
    from mudbot.mud.address import Address

    tls = "insecure" if how["insecure"] else bool(how["tls"])
    proxy = str(how["proxy"]) if how["proxy"] else None
    if how["login"]:
        config = read(path, ())
        report = asyncio.run(probing.log_in(config, host, port))
    else:
        address = Address(host, port, tls=tls, encoding="auto", proxy=proxy)  # type: ignore[arg-type]
        report = asyncio.run(probing.look(address, wait))
    if how["machine"]:
        print(as_json(report.as_dict(), indent=2))
    else:
        for line in report.lines():
            print(visible(line))
    if report.failed:
        raise SystemExit(1)
