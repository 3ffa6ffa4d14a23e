"""``mudbot triggers``: files of triggers; what other clients wrote becomes ours."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from mudbot.cli.options import force_option
from mudbot.errors import ConfigError, Problem
from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.triggers.imports import Imported, Source

# As mudbot.triggers.imports has them, which is loaded when a file is read.
_SOURCES = ("tintin", "mudlet", "mushclient", "pymud")
_ENCODINGS = ("utf-8", "gb18030", "big5", "latin-1")


@click.group("triggers", short_help="Files of triggers: import those of other clients.")
def command() -> None:
    """Files of triggers."""


@command.command("import")
@click.option(
    "--from", "source", type=click.Choice(_SOURCES), help="The client that wrote FILE; else its content tells."
)
@click.option("--encoding", type=click.Choice(_ENCODINGS), help="Of FILE, where it is not UTF-8.")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here.")
@force_option
@click.argument("file", type=click.File("rb"))
def import_(source: Source | None, encoding: str | None, output: Path | None, file: BinaryIO, *, force: bool) -> None:
    """Turn a trigger file of TinTin++, Mudlet, MUSHclient or PyMUD into YAML for `triggers:`.

    The YAML goes to standard output or to --output; what could not be carried over, where it stood and why, goes to
    standard error.  Nothing in FILE is run.  Read the outcome before you use it: `triggers: [{include: FILE.yaml}]`.
    Exit status 1 if there is no trigger to write.
    """
    from mudbot.triggers.imports import NAMES, to_yaml

    name = Path(str(getattr(file, "name", "-"))).name
    if output is not None:
        _may_write(output, file, force=force)
    source, imported = _imported(file, name, source, encoding)
    for note in imported.notes:
        print(visible(f"{name}:{note.where.removeprefix('line ')}: {note.what}: {note.why}"), file=sys.stderr)
    print(visible(f"{name}: {_summary(imported, NAMES[source])}"), file=sys.stderr)
    if not imported.triggers:
        sys.exit(1)
    also = "; there an action sees prompts, too: here one does so with on: prompt" if source == "tintin" else ""
    text = to_yaml(imported, f"Imported from {name} of {NAMES[source]}: {_summary(imported, '').lstrip()}{also}")
    if output is None:
        _print(text)
    else:
        _write(output, text, force=force)
        print(visible(f"written: {output}; use it by `triggers: [{{include: {output.name}}}]`"), file=sys.stderr)


def _imported(file: BinaryIO, name: str, source: Source | None, encoding: str | None) -> tuple[Source, Imported]:
    """What is in *file*.  Raises ConfigError that names the file and the line."""
    from mudbot.triggers import imports

    try:
        text = imports.decode(file.read(imports.MAX_BYTES + 1), encoding)
        source = source or imports.detect(text)
        return source, _typeable(imports.convert(text, source))
    except ConfigError as exc:
        raise ConfigError(
            *(Problem(":".join(filter(None, (name, p.where.removeprefix("line ")))), p.message) for p in exc.problems)
        ) from None


def _typeable(imported: Imported) -> Imported:
    """The same with its commands as the gate would let them out, for config.yaml takes no others."""
    from mudbot.mud.gate import clean
    from mudbot.triggers.imports import Note

    notes = list(imported.notes)
    for index, trigger in enumerate(imported.triggers):
        given = trigger.get("command")
        plain = [clean(each) for each in given] if isinstance(given, list) else given and clean(given)
        if plain != given:
            trigger["command"] = plain
            why = "blanks in a row and full-width letters do not go out as they are: it is written as it would"
            notes.append(Note(f"trigger {index + 1}", str(trigger.get("name", "a command")), why, index))
    return replace(imported, notes=notes)


def _summary(imported: Imported, client: str) -> str:
    triggers = len(imported.triggers)
    partly = len({note.trigger for note in imported.notes} - {None})
    lost = sum(note.trigger is None for note in imported.notes)
    found = f"{client} {triggers} trigger{'s' if triggers != 1 else ''}".lstrip()
    return f"{found}, {partly} of them not whole; {lost} thing{'s' if lost != 1 else ''} not carried over"


def _may_write(output: Path, file: BinaryIO, *, force: bool) -> None:
    """Raise ConfigError where *output* must not be written, before the work is done."""
    if not output.exists():
        return
    if not force:
        raise ConfigError(Problem(str(output), "is there already: name another file, or say --force to replace it"))
    source = Path(str(getattr(file, "name", "-")))
    if source.exists() and output.samefile(source):
        raise ConfigError(Problem(str(output), "is the file that is imported: name another one for the outcome"))


def _write(output: Path, text: str, *, force: bool) -> None:
    """Write *text*; what is replaced is replaced whole.  Raises ConfigError."""
    part = output.with_name(f".{output.name}.{os.getpid()}.part") if force else output
    try:
        with part.open("xb") as written:  # fails if somebody else wrote it meanwhile
            written.write(text.encode())
        if force:
            part.replace(output)
    except OSError as exc:
        if force:
            part.unlink(missing_ok=True)
        raise ConfigError(Problem(str(output), f"cannot be written: {exc.strerror or exc}")) from None


def _print(text: str) -> None:
    """YAML is UTF-8 whatever the terminal's encoding is."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode())
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
