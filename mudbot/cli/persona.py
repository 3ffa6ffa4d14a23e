"""``mudbot persona``: characters: look at them, try them, import and export character cards."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mudbot.cli.options import force_option
from mudbot.cli.persona_list import list_
from mudbot.cli.persona_show import show
from mudbot.cli.persona_try import try_
from mudbot.errors import ConfigError, Problem
from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.mind.cards import Card
    from mudbot.mind.imported import Imported
    from mudbot.mind.persona import Persona


@click.group("persona", short_help="Characters: list, show, try; import and export character cards.")
def command() -> None:
    """Characters: who they are, what a model is told of them, and cards of other programs."""


command.add_command(list_)
command.add_command(show)
command.add_command(try_)


@command.command("import")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="Write the persona here."
)
@force_option
@click.argument("card", type=click.Path(path_type=Path))
def import_(card: Path, output: Path, *, force: bool) -> None:
    """Make a persona of a character card: V1, V2 or V3, as PNG, JSON or CHARX.

    Says what was taken, what was kept without being used and why, and what is not as it was.  The whole card stays in
    the persona's file, where `mudbot persona export` finds it.  Nothing in a card is run, and nothing is fetched.
    """
    from mudbot.mind.carding import convert
    from mudbot.mind.cards import load_card

    _may_write(output, card, force=force)
    found = load_card(card)
    imported = convert(found)
    text = _written(imported, found, card.name)
    _write(output, text.encode(), force=force)
    persona = _reread(output, card.name)
    _account(imported, found, card.name)
    print(visible(f"written: {output}; use it by `character: {output.name}`, meet it by `mudbot persona try {output}`"))
    if persona.lore:
        print(f"         {len(persona.lore)} pieces of lore; `mudbot persona show` says how they are called")


@command.command("export")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write here, else to the screen.")
@click.option("--picture", type=click.Path(path_type=Path), help="Put the card into this PNG: --output is one, then.")
@force_option
@click.argument("name")
def export(name: str, output: Path | None, picture: Path | None, *, force: bool) -> None:
    """Give the character card back that a persona was imported from, or make one (V3) of a persona that was not.

    What was changed in the persona since it was imported is not in the card.
    """
    from mudbot.cli.persona_find import find
    from mudbot.mind.cards import dump, parse, to_png
    from mudbot.mind.exporting import card_of
    from mudbot.mind.persona import load_persona

    if picture is not None and output is None:
        raise click.UsageError("--picture wants --output FILE.png: a picture is nothing for a screen")
    if output is not None:
        _may_write(output, picture, force=force)
    persona = load_persona(find(name))
    value = parse(persona.card) if persona.card else card_of(persona)
    if picture is None:
        data = f"{dump(value)}\n".encode()
    else:
        try:
            data = to_png(value, picture.read_bytes(), str(picture))
        except OSError as exc:
            raise ConfigError(Problem(str(picture), f"cannot be read ({exc.strerror}): check the path")) from None
    if output is None:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    _write(output, data, force=force)
    what = "the card as it was imported" if persona.card else "a card made of the persona"
    print(visible(f"written: {output}, {what}"))


def _written(imported: Imported, card: Card, name: str) -> str:
    """The persona's file.  Raises ConfigError where it would be too long to be read."""
    from mudbot.mind.persona import MAX_BYTES
    from mudbot.mind.personafile import to_yaml

    comments = [
        f"Imported from {name}, {card.source}, a card of {card.version}.  Change what you like: try it by",
        "mudbot persona try.  card: is the whole card as it was, for mudbot persona export; no model sees it.",
    ]
    comments += [f"Not used: {kept}" for kept in imported.kept]
    comments += [f"Changed: {changed}" for changed in imported.changed]
    text = to_yaml(imported.persona, comments)
    if len(text.encode()) > MAX_BYTES:
        much = len(str(imported.persona["card"]).encode())
        message = f"has {much:,} bytes of text, too many for a persona: take the pictures (assets) out of it first"
        raise ConfigError(Problem(name, message))
    return text


def _reread(output: Path, name: str) -> Persona:
    """The persona as mudbot reads it; a file that it does not read is not left behind."""
    from mudbot.mind.persona import load_persona

    try:
        return load_persona(str(output.absolute()))
    except ConfigError as exc:
        output.unlink(missing_ok=True)
        reasons = "; ".join(str(problem) for problem in exc.problems[:3])
        raise ConfigError(Problem(name, f"has something that fits no persona ({reasons}): please report it")) from None


def _account(imported: Imported, card: Card, name: str) -> None:
    print(visible(f"{name}: {card.source}, {card.version}"))
    for heading, lines in (
        ("taken", imported.taken),
        ("kept, but not used", imported.kept),
        ("changed", imported.changed),
    ):
        if lines:
            print(f"{heading}:")
            for line in lines:
                print(visible(f"  {line}"))


def _may_write(output: Path, source: Path | None, *, force: bool) -> None:
    """Raise ConfigError where *output* must not be written, before the work is done."""
    if output.exists():
        if not force:
            raise ConfigError(Problem(str(output), "is there already: name another file, or say --force to replace it"))
        if source is not None and source.exists() and output.samefile(source):
            raise ConfigError(Problem(str(output), "is the file that is read: name another one for the outcome"))
    elif not output.absolute().parent.is_dir():
        raise ConfigError(Problem(str(output), "there is no such folder: make it first"))


def _write(output: Path, data: bytes, *, force: bool) -> None:
    """Write *data*; what is replaced is replaced whole.  Raises ConfigError."""
    part = output.with_name(f".{output.name}.{os.getpid()}.part") if force else output
    try:
        with part.open("xb") as written:  # fails if somebody else wrote it meanwhile
            written.write(data)
        if force:
            part.replace(output)
    except OSError as exc:
        if force:
            part.unlink(missing_ok=True)
        raise ConfigError(Problem(str(output), f"cannot be written: {exc.strerror or exc}")) from None
