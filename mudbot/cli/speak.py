"""``mudbot speak``: what would go out for a text, byte for byte."""

from __future__ import annotations

import sys

import click

from mudbot.cli.options import as_json, dialect_of, dialect_option

VERBS = ("say", "tell", "whisper", "channel", "emote")


@click.command("speak", short_help="Show the exact bytes that would go out for a text.")
@dialect_option
@click.option("--encoding", default="utf-8", show_default=True, help="Of the MUD.")
@click.option("--verb", type=click.Choice(VERBS), default="say", show_default=True, help="How it is said.")
@click.option("--to", "target", metavar="WHO", help="The person, or with --verb channel the channel.")
@click.option("--parts", type=click.IntRange(1, 9), default=4, show_default=True, help="Lines at most.")
@click.option("--split", type=click.Choice(["plain", "numbered", "continued"]), default="plain", help="How parts look.")
@click.option("--non-ascii", type=click.Choice(["transliterate", "refuse"]), default="transliterate",
              help="On MUDs that drop all but ASCII.")  # fmt: skip
@click.argument("text", nargs=-1, required=True)
def command(text: tuple[str, ...], dialect: str, encoding: str, verb: str, target: str | None, **how: object) -> None:
    """Print what would be sent to say TEXT, a JSON object for each line: its text, and the wire bytes in hex.

    Nothing is sent.  Write -- before a TEXT that begins with a dash.  The exit status is 1 where nothing can be said.
    """
    from mudbot.mud.gate import Gate, Parts

    if encoding == "auto":
        raise click.UsageError("--encoding: auto finds out what a MUD writes in; to see bytes, name one, such as gbk")
    parts = Parts(how["parts"], how["split"])  # type: ignore[arg-type]  # click has checked them
    gate = Gate(dialect_of(dialect), encoding, parts=parts, non_ascii=how["non_ascii"])  # type: ignore[arg-type]
    if verb in ("tell", "whisper", "channel") and not target:
        raise click.UsageError(f"--verb {verb} needs --to: a {'channel' if verb == 'channel' else 'name'}")
    packets = gate.speak(verb, " ".join(text), target)  # type: ignore[arg-type]
    for packet in packets:
        print(as_json({"text": packet.text, "hex": packet.data.hex()}))
    if not packets:
        print("nothing of this text can be said here", file=sys.stderr)
        sys.exit(1)
