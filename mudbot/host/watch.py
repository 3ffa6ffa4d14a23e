"""Reloads a plugin when one of its files is saved (``mudbot run --watch``)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mudbot.errors import MudbotError
from mudbot.host import loader

if TYPE_CHECKING:
    from mudbot.host.reload import Roster

log = logging.getLogger(__name__)


async def watch(roster: Roster, folders: Sequence[Path]) -> None:
    """Reload what changes, until it is cancelled; *folders* are where plugins are looked for."""
    from watchfiles import awatch  # not everybody's business: 50 ms to import

    sources = sources_of(roster)
    roots = {folder.absolute() for folder in folders if folder.is_dir()}
    roots |= {source if source.is_dir() else source.parent for source in sources.values()}
    log.info("watching the plugins' files in %s", ", ".join(sorted(map(str, roots))))
    async for changes in awatch(*sorted(roots)):
        for name in affected((Path(path) for _, path in changes), sources_of(roster)):
            kind = roster.classes.get(name)
            if kind is not None and await asyncio.to_thread(loader.has_changed, kind):
                await _reload(roster, name)


async def _reload(roster: Roster, name: str) -> None:
    try:
        await roster.reload(name)
    except MudbotError as exc:
        log.error("plugin %s is not reloaded, the old one goes on: %s", name, exc)  # noqa: TRY400 - it names the line


def sources_of(roster: Roster) -> dict[str, Path]:
    """Where each plugin that runs was loaded from."""
    found = {name: loader.source_of(kind) for name, kind in roster.classes.items()}
    return {name: source for name, source in found.items() if source is not None}


def affected(paths: Iterable[Path], sources: Mapping[str, Path]) -> list[str]:
    """The plugins of which one of *paths* is a file: in their folder, or the file itself and what is named after it."""
    changed = list(paths)
    return [name for name, source in sources.items() if any(_is_of(path, source) for path in changed)]


def _is_of(path: Path, source: Path) -> bool:
    if source.suffix != ".py":
        return path.is_relative_to(source)
    return path.parent == source.parent and path.name.startswith(f"{source.stem}.")
