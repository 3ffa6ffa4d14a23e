"""Which personas there are, and which one a name on the command line means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mudbot.config import salvage
from mudbot.errors import ConfigError, Problem, nearest
from mudbot.mind.persona import SHIPPED, shipped

FOLDER = "personas"
"""Beside the configuration, for those who have many."""
MOST = 500


@dataclass(frozen=True, slots=True)
class Found:
    """A persona's file."""

    name: str
    path: Path
    origin: str
    """``shipped``, ``file``, or the sessions that play it: ``plays in inn``."""


def personas(config: Path | None) -> Iterator[Found]:
    """Every persona at hand: shipped, played in a session, in the configuration's folder or in ``personas/`` there."""
    plays = _played(config)
    folder = config.parent if config else Path()
    for name in shipped():
        path = SHIPPED / f"{name}.yaml"
        yield Found(name, path, _origin(plays, path) or "shipped")
    files = [path for each in (folder, folder / FOLDER) for path in sorted(each.glob("*.yaml"))[:MOST]]
    played = [path for path in plays if path.parent != SHIPPED]
    seen = set()
    for path in [*played, *files]:
        real = path.resolve()
        if real in seen or (path not in played and not _looks_like_one(path)):
            continue
        seen.add(real)
        yield Found(path.stem, path, _origin(plays, path) or "file")


def find(name: str, config: Path | None = None) -> str:
    """What ``load_persona`` wants for *name*: that of a persona at hand, or a path.  Raises ConfigError."""
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        return str(Path(name).absolute())
    known: dict[str, Found] = {}
    for found in personas(config):
        known.setdefault(found.name, found)
    if name in known:
        return str(known[name].path.absolute())
    there = f"there is no persona of this name{nearest(name, known)}; there are {', '.join(known)}"
    raise ConfigError(Problem(name, f"{there}; for a file write its path, for example ./guard.yaml"))


def _played(config: Path | None) -> dict[Path, list[str]]:
    """The files that sessions name."""
    if config is None or not config.is_file():
        return {}
    plays: dict[Path, list[str]] = {}
    for session in salvage(config).sessions:
        source = session.character
        path = SHIPPED / f"{source}.yaml" if source in shipped() else config.parent / source
        plays.setdefault(path, []).append(session.name)
    return plays


def _origin(plays: dict[Path, list[str]], path: Path) -> str:
    sessions = next((names for each, names in plays.items() if each.resolve() == path.resolve()), [])
    return f"plays in {', '.join(sessions[:5])}{' ...' if len(sessions) > 5 else ''}" if sessions else ""


def _looks_like_one(path: Path) -> bool:
    """Whether a file is meant to be a persona: its first lines have a name and a description."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            lines = file.read(65_536).splitlines()
    except OSError:
        return False
    keys = {line.partition(":")[0] for line in lines if line[:1].isalpha()}
    return {"name", "description"} <= keys
