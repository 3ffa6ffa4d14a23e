"""``mudbot restore``: a store made of a backup."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from mudbot.cli.backup import about, contents
from mudbot.cli.options import as_json, json_option
from mudbot.cli.stored import store_options
from mudbot.logs import visible


@click.command("restore", short_help="Make the store of a backup again.")
@store_options
@click.option("--check", is_flag=True, help="Read all of the backup, compare its checksums, and change nothing.")
@click.option("--force", is_flag=True, help="Move aside what is in the store.")
@json_option("Print JSON.")
@click.argument("backup", metavar="FILE", type=click.Path(path_type=Path))
def command(folder: Callable[[], Path], backup: Path, *, check: bool, force: bool, machine: bool) -> None:
    """Make the store of a file that `mudbot backup` wrote.

    Never while the bot runs.  Where the store is not empty it wants --force, and moves what is there into a folder
    replaced-DATE in the store, for you to delete.  All of the backup is unpacked and checked before anything is
    changed.  What it was made without stays as it is.

    What was spent since the backup stays spent, where the books are still there.  An older mudbot's backup is brought
    to the present schema by the next start.
    """
    from mudbot.store.archive import Archive

    store = aside = None
    with Archive(backup) as archive:
        if check:
            archive.check()
        else:
            from mudbot.api.money.carried import BOOKS, carry_over
            from mudbot.store.restore import restore

            store = folder()
            aside = restore(archive, store, force=force, merge={BOOKS: carry_over}).aside
        manifest = archive.manifest
    if machine:
        places = {"store": store and str(store), "aside": aside and str(aside)}
        print(as_json({"ok": True, **about(manifest), **places}, indent=2))
        return
    print(visible(f"{backup}: made {manifest.made} by mudbot {manifest.mudbot}; {contents(manifest)}"))
    print(visible("it is whole" if check else f"{store} is the store of that time now"))
    if aside is not None:
        print(visible(f"what was there is in {aside}: delete it once all is well"))
