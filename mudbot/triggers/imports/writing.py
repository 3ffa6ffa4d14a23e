"""Triggers as YAML that people can read, with what was not carried over as comments beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml

from mudbot.triggers.imports.found import Imported, Note, commands_of, placeholders_of

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)
"""What an editor does not show, or a terminal obeys: written as escapes, which stand in double quotes."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"' if _UNSAFE.search(text) else None)


_Dumper.add_representer(str, _text)


def to_yaml(imported: Imported, title: str) -> str:
    """A file for ``include:``, or a key for config.yaml; *title* says where it is from."""
    found = [f"# {_one_line(title)}"]
    if any(commands_of(trigger) for trigger in imported.triggers):
        found.append(
            "# A command is sent only if config.yaml says so: plugins: {triggers: {permissions: {commands: true}}}"
        )
    if any(placeholders_of(command) for trigger in imported.triggers for command in commands_of(trigger)):
        found.append("# What a group puts into it must be a plain name or number; with anything else it is not sent.")
    found.append("triggers:" if imported.triggers else "triggers: []")
    beside: dict[int, list[Note]] = {}
    for note in imported.notes:
        if note.trigger is not None:
            beside.setdefault(note.trigger, []).append(note)
    for index, trigger in enumerate(imported.triggers):
        found += _comments(beside.get(index, ()), "  ")
        found.append(_entry(trigger))
    if lost := [note for note in imported.notes if note.trigger is None]:
        found += ["", "# Nothing of these is carried over:", *_comments(lost, "")]
    return "\n".join(found) + "\n"


def _entry(trigger: dict[str, Any]) -> str:
    written: str = yaml.dump([trigger], Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=2**30)
    # What is unsafe stands in double quotes by now, where an escape means the same.
    return "\n".join(f"  {line}" if line else line for line in _UNSAFE.sub(_escape, written).rstrip("\n").split("\n"))


def _comments(notes: Sequence[Note], indent: str) -> list[str]:
    return [f"{indent}# {_one_line(str(note))}" for note in notes]


def _one_line(text: str) -> str:
    return _UNSAFE.sub(_escape, " ".join(text.split()))


def _escape(sign: re.Match[str]) -> str:
    return f"\\u{ord(sign[0]):04x}"
