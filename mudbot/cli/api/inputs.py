"""What an action is given: texts, files, further parameters.  A mistake is a UsageError, before anything is asked."""

from __future__ import annotations

import json
import mimetypes
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from mudbot.api import Upload

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only in newer ones

MAX_UPLOAD = 512 * 1024 * 1024
"""Bytes, OpenAI's own bound of a file: it is held in memory, so that another attempt can send it again."""

_STDIN = "mudbot.stdin"
# Words that the adapter's methods have for themselves, and those that options say already.
_TAKEN = frozenset({"deadline", "caller", "organization", "progress", "legacy", "stream"})


class Text(_ParamType):
    """A text, or ``-`` for what comes by standard input."""

    name = "TEXT"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value)
        if text == "-":
            try:
                # The line end is echo's, and no part of the text: a prompt that ends in one is another prompt.
                return _stdin(param, ctx).decode("utf-8-sig").removesuffix("\n").removesuffix("\r")
            except UnicodeDecodeError:
                self.fail("standard input is not UTF-8: convert it, for example with iconv", param, ctx)
        if any("\ud800" <= char <= "\udfff" for char in text):
            self.fail("the text is not UTF-8: set the terminal to UTF-8", param, ctx)
        return text


class File(_ParamType):
    """A file's name and content, or ``-`` for what comes by standard input."""

    name = "FILE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Upload:
        from mudbot.api import Upload

        if isinstance(value, Upload):
            return value
        if value == "-":
            return Upload("stdin", _stdin(param, ctx))
        path = Path(str(value))
        try:
            with path.open("rb") as file:
                content = file.read(MAX_UPLOAD + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "this is no path"
            self.fail(f"cannot read {str(path)!r}: {why}", param, ctx)
        if len(content) > MAX_UPLOAD:
            self.fail(f"{str(path)!r} is larger than {MAX_UPLOAD:,} bytes: split it", param, ctx)
        return Upload(_plain(path.name), content, mimetypes.guess_type(path.name)[0] or "application/octet-stream")


class Extra(_ParamType):
    """A further parameter of the endpoint: ``NAME=VALUE``."""

    name = "NAME=VALUE"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.isidentifier():
            self.fail("write NAME=VALUE, for example seed=7 or stop='[\"\\n\"]'", param, ctx)
        if name in _TAKEN:
            self.fail(f"{name} is no parameter here: see the options of --help", param, ctx)
        try:
            return name, json.loads(text)
        except (ValueError, RecursionError):
            return name, Text().convert(text, param, ctx)


param_option = click.option(
    "--param", "extra", type=Extra(), multiple=True, help="Any other parameter; VALUE is JSON, or else text."
)

user_option = click.option("--user", metavar="NAME", help="On whose behalf, for the server.")
limit_option = click.option("-l", "--limit", type=int, metavar="N", help="At most so many.")
after_option = click.option("-a", "--after", metavar="ID", help="Those that follow this one.")


def merged(params: Mapping[str, Any], extra: Sequence[tuple[str, Any]], *own: str) -> dict[str, Any]:
    """*params* that were given, and *extra* ones, which must be none of them and none of the action's *own*."""
    found = {name: value for name, value in params.items() if value not in (None, ())}
    for name, value in extra:
        if name in found or name in own:
            raise click.UsageError(f"--param {name}=...: there is an option for it, and it cannot be given twice")
        found[name] = value
    return found


def several(values: Sequence[str]) -> str | list[str] | None:
    """One value by itself, as most servers want it; more of them as a list."""
    return None if not values else values[0] if len(values) == 1 else list(values)


def with_options(*options: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several options, in the order in which they are named."""

    def add(func: Any) -> Any:
        for option in reversed(options):
            func = option(func)
        return func

    return add


def _stdin(param: click.Parameter | None, ctx: click.Context | None) -> bytes:
    """All of standard input, which only one option can have."""
    if ctx is not None and ctx.meta.setdefault(_STDIN, param) is not param:
        raise click.BadParameter("standard input is taken by another option already", ctx, param)
    try:
        content: bytes = sys.stdin.buffer.read(MAX_UPLOAD + 1)
    except (OSError, AttributeError):
        raise click.BadParameter("standard input is closed", ctx, param) from None
    if len(content) > MAX_UPLOAD:
        raise click.BadParameter(f"standard input is larger than {MAX_UPLOAD:,} bytes", ctx, param)
    return content


def _plain(name: str) -> str:
    """*name* as a header of a form can carry it."""
    return "".join(char if char.isprintable() and char not in '"\\' else "_" for char in name) or "file"
