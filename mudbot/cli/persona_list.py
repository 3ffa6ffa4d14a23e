"""``mudbot persona list``: those that are at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mudbot.cli.options import DEFAULT, as_json, config_option, json_option
from mudbot.cli.persona_find import Found, personas
from mudbot.errors import ConfigError
from mudbot.logs import visible

maybe_config_option = config_option("The configuration, where there is one.")


def existing(path: Path) -> Path | None:
    """The configuration, or None where the one that is there by default is not there."""
    return path if path.is_file() or path != DEFAULT else None


@click.command("list", short_help="Those at hand: shipped, in sessions, in the folder.")
@maybe_config_option
@json_option("One JSON array.")
def list_(path: Path, *, machine: bool) -> None:
    """List personas: those that come with mudbot, those that a session plays, and those in the configuration's folder
    and in `personas` there.
    """
    rows = [_row(found) for found in personas(existing(path))]
    if machine:
        print(as_json(rows, indent=2))
        return
    widths = [max(_width(str(row[key])) for row in rows) for key in ("name", "character", "languages")]
    for row in rows:
        columns = [row["name"], row["character"], row["languages"]]
        shown = "  ".join(f"{text}{' ' * (n - _width(text))}" for text, n in zip(columns, widths, strict=True))
        wrong = f"  {row['problems']} problem(s): mudbot persona show {row['name']}" if row["problems"] else ""
        print(visible(f"{shown}  {row['origin']}{wrong}"))


def _row(found: Found) -> dict[str, Any]:
    from mudbot.mind.persona import load_persona

    try:
        persona = load_persona(str(found.path.absolute()))
    except ConfigError as exc:
        return _named(found, "", "", len(exc.problems))
    return _named(found, persona.name, ",".join(persona.languages), 0)


def _named(found: Found, name: str, languages: str, problems: int) -> dict[str, Any]:
    return {
        "name": found.name,
        "character": name,
        "languages": languages,
        "origin": found.origin,
        "path": str(found.path),
        "problems": problems,
    }


def _width(text: str) -> int:
    """Columns in a terminal: 汉字 take two."""
    return sum(2 if character >= "\u2e80" else 1 for character in text)
