"""Which plugins there are: in the folders, in installed packages; which are on, and which nobody can reach."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import Distribution, EntryPoint
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mudbot import resolve
from mudbot.cli import plugin_source
from mudbot.errors import nearest
from mudbot.host import loader

if TYPE_CHECKING:
    from mudbot.config import Config

WIDE = 100
"""Columns that a table takes at most."""


@dataclass(frozen=True, slots=True)
class Row:
    """A plugin that was found, or that the configuration names and that was not."""

    name: str
    origin: str
    """`folder`, `mudbot` (it comes with it), `package`, or `missing`."""
    where: str
    """Its file, or the package and its version."""
    on: bool | None
    """Whether the configuration names it; None where there is no configuration."""
    about: str
    shadowed_by: str | None = None
    """The file of the plugin that is taken in its place."""


def rows(config: Config, exists: bool) -> list[Row]:  # noqa: FBT001 - what `configuration` gives
    """Every plugin: those of the configuration's folder, those of mudbot, those of packages, by name in each.

    *exists* is whether there is a configuration at all.
    """
    taken: dict[str, str] = {}
    found: list[Row] = []
    shipped = loader.shipped()
    for folder in resolve.plugin_folders(config):
        origin = "mudbot" if folder == shipped else "folder"
        if origin == "folder" and folder.resolve() == shipped.resolve():  # mudbot runs from its own checkout
            continue
        for name, path in sorted(loader.available([folder]).items()):
            found.append(_row(name, (origin, str(path), plugin_source.about(path)), taken, config))
    found += [_row(name, _installed(entry), taken, config) for name, entry in sorted(loader.installed().items())]
    missing = [name for name in config.plugins if name not in taken]
    found += [Row(name, "missing", nearest(name, taken).removeprefix("; "), on=True, about="") for name in missing]
    return found if exists else [Row(**asdict(row) | {"on": None}) for row in found]


def as_data(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """*rows* for JSON."""
    return [asdict(row) for row in rows]


def as_text(rows: Sequence[Row]) -> str:
    """*rows* as people read them, those of one origin together."""
    lines: list[str] = []
    width = max((len(row.name) for row in rows), default=0)
    for origin in dict.fromkeys(row.origin for row in rows):
        some = [row for row in rows if row.origin == origin]
        lines += ["", _heading(origin, some)] if lines else [_heading(origin, some)]
        lines += [line for row in some for line in _lines(row, width)]
    if any(row.on is None for row in rows):
        lines += ["", "There is no configuration here; -c FILE names one, and shows which are on."]
    return "\n".join(lines)


def _row(name: str, told: tuple[str, str, str], taken: dict[str, str], config: Config) -> Row:
    """A plugin as *told*: origin, place and meaning; *taken* has those before it, and gets it too."""
    origin, where, about = told
    above = taken.get(name)
    taken.setdefault(name, where)
    return Row(name, origin, where, on=above is None and name in config.plugins, about=about, shadowed_by=above)


def _installed(entry: EntryPoint) -> tuple[str, str, str]:
    """Where a package's plugin is and what it is for: by its file if it can be found unimported, else the package's."""
    dist = entry.dist
    if dist is None:
        return "package", entry.value, ""
    base = entry.module.replace(".", "/")
    files = (Path(str(dist.locate_file(path))) for path in (f"{base}.py", f"{base}/__init__.py"))
    about = next((plugin_source.about(path) for path in files if path.is_file()), "")
    return "package", f"{dist.name} {dist.version}", about or _summary(dist)


def _summary(dist: Distribution) -> str:
    return str(dist.metadata["Summary"]) if "Summary" in dist.metadata else ""


def _heading(origin: str, rows: Sequence[Row]) -> str:
    if origin == "folder":
        return f"in {_folder(Path(rows[0].where))}:"
    return {"mudbot": "with mudbot:", "package": "of installed packages:"}.get(origin, "named, and not found:")


def _folder(path: Path) -> Path:
    return path.parent.parent if path.name == "__init__.py" else path.parent


def _lines(row: Row, width: int) -> list[str]:
    state = "" if row.on is None else "on " if row.on else "off"
    start = f"  {row.name:{width}}  {state}  " if state else f"  {row.name:{width}}  "
    words = f"{row.where}: {row.about}" if row.origin == "package" else row.about or row.where
    if row.shadowed_by:
        words = f"shadowed: {row.shadowed_by} is taken in its place"
    elif row.origin == "missing":
        words = row.where or "there is no plugin of this name"
    return textwrap.wrap(words, WIDE, initial_indent=start, subsequent_indent=" " * len(start)) or [start.rstrip()]
