"""``mudbot hear``: what a dialect makes of lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

import click

from mudbot.cli.options import as_json, dialect_of, dialect_option

if TYPE_CHECKING:
    from mudbot.events import Line
    from mudbot.mud.ear import Ear, Heard
    from mudbot.mud.text import TextStream


@click.command("hear", short_help="Read MUD lines as a dialect does, one JSON object a line.")
@dialect_option
@click.option("--encoding", default="utf-8", show_default=True, help="Of the input; auto finds out.")
@click.argument("file", type=click.File("rb"), default="-")
def command(dialect: str, encoding: str, file: BinaryIO) -> None:
    """Read the lines of FILE (or of standard input) and print what each says, as one JSON object a line.

    The kind is say, tell, whisper, channel, emote, self (the character's own words), or line for all that is no speech.
    Colours may be in the input: some dialects tell a forged tell by them.  With --dialect auto the input decides, which
    is read to its end first.
    """
    from mudbot.mud.ear import Ear
    from mudbot.mud.text import TextStream

    try:
        stream = TextStream(readable(encoding))
    except (LookupError, UnicodeError):
        raise click.UsageError(f"--encoding: there is no encoding {encoding!r}; try utf-8, gbk, big5 or auto") from None
    lines = _lines(file, stream)
    if dialect == "auto":
        known = list(lines)
        dialect, lines = _detected(known), iter(known)
    ear = Ear(dialect_of(dialect))
    try:
        for line, speech in _heard(ear, lines):
            kind = speech.kind if speech else "line"
            said = (speech.channel, speech.speaker, speech.id, speech.text) if speech else (None, None, None, line.text)
            print(as_json({"kind": kind, **dict(zip(("channel", "speaker", "id", "text"), said, strict=True))}))
            sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def readable(encoding: str) -> str:
    """*encoding*, if MUD text can be in it.  Raises LookupError or UnicodeError: no such one, or not one with ASCII."""
    from mudbot.mud.text import AUTO

    ascii_only = bytes(range(32, 127))
    if encoding != AUTO and (ascii_only.decode(encoding) != ascii_only.decode() or b"\n".decode(encoding) != "\n"):
        raise LookupError(encoding)
    return encoding


def _lines(file: BinaryIO, stream: TextStream) -> Iterator[Line]:
    from mudbot.events import Line

    read = getattr(file, "read1", file.read)  # what is there, instead of waiting for more
    while data := read(65536):
        yield from stream.feed(data)
    if rest := stream.flush("eof"):
        yield Line(rest.text)


def _heard(ear: Ear, lines: Iterable[Line]) -> Iterator[Heard]:
    for line in lines:
        yield from ear.hear(line)
    yield from ear.flush()


def _detected(lines: list[Line]) -> str:
    from mudbot.mud.detect import Detector

    detector = Detector()
    for line in lines:
        detector.hear(line)
    guess = detector.guess
    print(f"dialect: {guess.name}: {'; '.join(guess.reasons)}" if guess else "dialect: generic", file=sys.stderr)
    return guess.name if guess else "generic"
