"""A persona as YAML that people can read and change, and that mudbot reads as it was written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from mudbot.config.scalars import TrapError, plain
from mudbot.logs import visible

WIDTH = 110


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style: str | None = '"'
    if "\n" in text:
        style = "|"  # where that cannot be, the dumper takes double quotes by itself
    elif text.isprintable() and text[:1].isalpha():
        try:
            style = None if plain(text) == text else '"'
        except TrapError:
            style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(persona: Mapping[str, Any], comments: Iterable[str]) -> str:
    """*persona*, plain data, as a file that begins with *comments*, a line each."""
    head = "".join(f"# {' '.join(visible(comment).split())}\n" for comment in comments)
    written: str = yaml.dump(dict(persona), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=WIDTH)
    return head + written
