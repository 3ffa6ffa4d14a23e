"""``mudbot models``: the files of the embedded language models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from mudbot.local.download import Progress

NAMES = ("auto", "1.5b", "0.5b", "smollm2")


@click.group("models", short_help="The embedded server's model files: fetch, list.")
def command() -> None:
    """The files of the embedded language models.

    They lie in the platform's cache folder; the environment variable MUDBOT_MODELS names another.
    """


@command.command("list")
def list_models() -> None:
    """Show the models, which files are there, and which one `auto` takes."""
    from mudbot.local.models import models_dir, status

    print(models_dir())
    for entry in status():
        chosen = "*" if entry.chosen else " "
        size = f"{entry.spec.size / 1e6:,.0f} MB"
        print(f"{chosen} {entry.spec.name:8} {size:>9}  {entry.state:10}  {entry.spec.languages}; {entry.spec.licence}")
    print("* is what `local.model: auto` takes on this machine now")


@command.command()
@click.argument("name", type=click.Choice(NAMES), default="auto")
def fetch(name: str) -> None:
    """Get a model's file and verify it; instant if it is there.

    NAME is auto (the best that fits into memory), 1.5b, 0.5b or smollm2 (English only).  An interrupted fetch goes on
    where it stopped.
    """
    from mudbot.local.download import fetch as get
    from mudbot.local.models import choose, path_of

    spec = choose(name)
    if not path_of(spec).exists():
        print(spec.notice, file=sys.stderr)
    shown = _Bar()
    try:
        path = get(spec, shown.show)
    except KeyboardInterrupt:
        shown.close()
        print("stopped; run it again and it goes on from here", file=sys.stderr)
        sys.exit(130)
    finally:
        shown.close()
    print(path)


class _Bar:
    """A progress bar on a terminal; a line for each step elsewhere."""

    def __init__(self) -> None:
        self._terminal = sys.stderr.isatty()
        self._step = ""

    def show(self, progress: Progress) -> None:
        step = f"{progress.stage}: {progress.note}" if progress.note else progress.stage
        if self._terminal and progress.total:
            filled = int(30 * progress.fraction)
            bar = "#" * filled + "-" * (30 - filled)
            line = f"{progress.stage:9} [{bar}] {progress.done / 1e6:7,.0f} / {progress.total / 1e6:,.0f} MB"
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)
        elif step != self._step and progress.stage != "done":
            print(f"{chr(13) if self._terminal else ''}{step}", file=sys.stderr, flush=True)
        self._step = step

    def close(self) -> None:
        if self._terminal:
            print(file=sys.stderr)
