"""A plugin's settings put into a configuration as its owner's hand would: below `plugins:`, all else as it was.

The text is cut at one line and nothing in it is written anew, so comments, quotes and blank lines stay.  What comes out
is read again: only a text whose data are those of before and the addition is ever used.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from mudbot.errors import ConfigError, Problem

SECTION = "plugins"
COMMENTS = 34
"""The column in which comments begin in the configuration that comes with mudbot."""


def entry(name: str, settings: str, *, about: str = "", indent: int = 2) -> str:
    """*name* and its *settings*, YAML of a mapping or only comments, as an entry that stands *indent* columns in.

    What it is *about* stands behind it as a comment.
    """
    first = f"{_key(name)}:"
    lines = [
        f"{first:{COMMENTS - indent}}# {about}" if about else first,
        *(f"  {each}" for each in settings.splitlines()),
    ]
    return "".join(f"{' ' * indent}{line}".rstrip() + "\n" for line in lines)


def section(name: str, settings: str, *, about: str = "") -> str:
    """The same with `plugins:` above it, as one would write it into a new file."""
    return f"{SECTION}:\n{entry(name, settings, about=about)}"


def inserted(text: str, name: str, settings: str, *, about: str = "") -> str | None:
    """The configuration *text* with plugin *name* as the last one of `plugins:`.

    None where no place was found at which it means that: `plugins: {…}` in brackets, aliases, a file with mistakes.
    """
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    text = text.removeprefix(mark)
    before = _data(text)
    if before is None or name in (before.get(SECTION) or {}):
        return None
    wanted = _with(before, name, settings)
    candidates = _candidates(text, partial(entry, name, settings, about=about))
    return next((mark + each for each in candidates if _same(_data(each), wanted)), None)


def insert(path: Path, name: str, settings: str, *, about: str = "") -> bool:
    """Put *name* and its *settings* into the configuration *path*; False, and nothing done, where that cannot be done.

    Whatever `mudbot check` said of the file's shape before, it says no more and no less of it afterwards.  Raises
    ConfigError where the file cannot be read or written.
    """
    path = path.resolve()  # the file itself where the name is a link to it
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as exc:
        raise ConfigError(Problem(str(path), f"cannot be read: {exc.strerror or exc}")) from None
    except UnicodeDecodeError:
        return False
    new = inserted(text, name, settings, about=about)
    if new is None:
        return False
    try:
        return _replace(path, new)
    except OSError as exc:
        raise ConfigError(Problem(str(path), f"cannot be written: {exc.strerror or exc}")) from None


def _replace(path: Path, text: str) -> bool:
    """Put *text* in the place of what *path* holds, whole, unless it has other mistakes.  Raises OSError."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("xb") as written:
        try:
            shutil.copymode(path, part)  # before a word is in it: there may be passwords
            _keep_owner(path, part)
            written.write(text.encode())
            written.flush()
            if _problems(part) != _problems(path):
                return False
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
    return True


def names_in(path: Path) -> list[str]:
    """The plugins that the configuration *path* names, as far as it can be read."""
    try:
        data = _data(path.read_bytes().decode("utf-8"))
    except (OSError, UnicodeDecodeError):
        return []
    return list((data or {}).get(SECTION) or {})


def _keep_owner(path: Path, part: Path) -> None:
    """The daemon may run as another user than who edits its configuration.  Raises OSError where it would lose it."""
    old, new = path.stat(), part.stat()
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        os.chown(part, old.st_uid, old.st_gid)


def _problems(path: Path) -> int:
    """How many mistakes a start would find in the file: a variable that is not set here may be set for the daemon."""
    from mudbot.config import load

    try:
        load(path)
    except ConfigError as exc:
        return len(exc.problems)
    return 0


# -- what it means -----------------------------------------------------------------------------------------------------


def _data(text: str) -> dict[str, Any] | None:
    """The data of a configuration in block style; None where there is a mistake, or it is none."""
    from mudbot.config.document import parse

    document = parse(text.removeprefix("\ufeff"), str)
    usable = document.block and isinstance(document.data, dict) and not document.problems
    if not usable or not isinstance(document.data.get(SECTION), dict | None):
        return None
    data: dict[str, Any] = document.data
    return data


def _with(before: dict[str, Any], name: str, settings: str) -> dict[str, Any]:
    added = _data(section(name, settings))
    assert added is not None, f"the settings of the template are no YAML: {settings}"
    return before | {SECTION: {**(before.get(SECTION) or {}), **added[SECTION]}}


def _same(found: dict[str, Any] | None, wanted: dict[str, Any]) -> bool:
    """Whether both say the same, plugins in the same order: it is that in which they get a line."""
    return found is not None and found == wanted and list(found[SECTION]) == list(wanted[SECTION])


def _key(name: str) -> str:
    """*name* as a key: some words, such as `on`, are no text for YAML unless they are quoted."""
    plain = _data(f"{SECTION}:\n  {name}:\n")
    return name if plain is not None and list(plain[SECTION]) == [name] else f'"{name}"'


# -- where it goes -----------------------------------------------------------------------------------------------------


def _candidates(text: str, written: Callable[..., str]) -> Iterator[str]:
    """Texts with the entry that *written* gives for an indent; they may be right, the likeliest come first."""
    lines = text.splitlines(keepends=True)  # where YAML does: what else Python takes for an end may not be in it
    end = "\r\n" if "\r\n" in text else "\n"
    for at, indent, head in _places(text, lines):
        new = head + written(indent=indent)
        above = lines[:at]
        if above and not above[-1].endswith("\n"):
            above[-1] += end
        yield "".join([*above, new.replace("\n", end), *lines[at:]])


def _places(text: str, lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """Before which line the entry may go, how far in, and what stands before it."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    assert isinstance(root, yaml.MappingNode)
    outer = root.start_mark.column
    for key, value in root.value:
        if key.value != SECTION:
            continue
        if isinstance(value, yaml.MappingNode) and value.value and not value.flow_style:
            indent = value.value[0][0].start_mark.column
            at = _last_line(value) + 1
            behind = _behind_comments(lines, at, indent)
            yield _before_blanks(lines, behind), indent, ""
            yield behind, indent, ""  # blank lines may belong to a block of text
            yield at, indent, ""
        elif isinstance(value, yaml.ScalarNode) and not value.value:
            yield key.end_mark.line + 1, outer + 2, ""
        return
    head = f"{' ' * outer}{SECTION}:\n"
    yield len(lines), outer + 2, f"\n{head}"
    yield len(lines), outer + 2, head  # a blank line would belong to a block of text above it


def _last_line(node: yaml.Node) -> int:
    """The last line that something of *node* stands on."""
    if isinstance(node, yaml.MappingNode) and not node.flow_style and node.value:
        return max(_last_line(each) for pair in node.value for each in pair)
    if isinstance(node, yaml.SequenceNode) and not node.flow_style and node.value:
        return max(map(_last_line, node.value))
    ends: int = node.end_mark.line
    # A block of text ends where the next thing begins.
    return ends - 1 if node.end_mark.column == 0 and ends > node.start_mark.line else ends


def _behind_comments(lines: list[str], at: int, indent: int) -> int:
    """*at*, or behind the comments there that stand further in than *indent*: settings of the entry above."""
    while at < len(lines) and re.match(rf" {{{indent + 1},}}#", lines[at]):
        at += 1
    return at


def _before_blanks(lines: list[str], at: int) -> int:
    while at and not lines[at - 1].strip():
        at -= 1
    return at
