"""The options of every action, and how an action becomes a command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common

if TYPE_CHECKING:
    from mudbot.cli.api.job import Job

    _ParamType = click.ParamType[Any]
else:
    _ParamType = click.ParamType  # generic only in newer ones

Work = Callable[["Job"], Awaitable[None]]
"""What an action does once it knows where."""

_LONGEST = 86_400.0
"""Seconds: nobody waits longer than a day for one call."""


class _Seconds(_ParamType):
    """Seconds, or a time with its unit."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from mudbot.config.units import EXAMPLES, seconds

        text = str(value)
        try:
            found = seconds(text if not text.replace(".", "", 1).isdigit() else f"{text}s")
        except ValueError:
            found = 0.0
        if not 0 < found <= _LONGEST:
            self.fail(f"write {EXAMPLES}, at most a day", param, ctx)
        return found


_OPTIONS = (
    click.option("--json", "machine", is_flag=True, help="Print the raw answer as JSON; streamed, an object a line."),
    click.option("-o", "--output", metavar="FILE|DIR", help="Write what comes back there; pictures go into a folder."),
    click.option("-b", "--api-base", metavar="URL", help="The server, for example https://api.openai.com/v1."),
    click.option("-k", "--api-key", metavar="KEY", help="Its key; others on this machine see what is typed here."),
    click.option("-O", "--organization", metavar="ORG", help="The organisation that pays."),
    click.option("--embedded", is_flag=True, help="Ask the server that comes with mudbot, started for this one call."),
    click.option("-c", "--config", metavar="FILE", type=click.Path(path_type=Path), help="Ask as this file says."),
    click.option("--deadline", type=_Seconds(), help="For the whole call, such as 90s or 5m.  [default: 10m]"),
)  # fmt: skip
_SHARED = {one.name for one in fields(Common)}


def common_options(func: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of every action."""
    for option in reversed(_OPTIONS):
        func = option(func)
    return func


def split(options: Mapping[str, Any]) -> tuple[Common, dict[str, Any]]:
    """The options of every action, and those of this one."""
    shared = {name: value for name, value in options.items() if name in _SHARED}
    return Common(**shared), {name: value for name, value in options.items() if name not in _SHARED}


class _Command(click.Command):
    """Shows the action's own options first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own: list[tuple[str, str]] = []
        shared: list[tuple[str, str]] = []
        for param in self.get_params(ctx):
            record = param.get_help_record(ctx)
            if record is not None:
                (shared if param.name in _SHARED - {"stream"} else own).append(record)
        for title, records in (("Options", own), ("Options of every action", shared)):
            if records:
                with formatter.section(title):
                    formatter.write_dl(records)


def action(name: str, *, streams: bool = False, writes: bool = False) -> Callable[[Callable[..., Work]], click.Command]:
    """Make the action *name* of a function that takes the common options and its own, and gives the work to do.

    The function checks and reads what it was given, so that a mistake is told before anything is asked; the work is
    then done with a ``Job``.  With *writes* it is the action's own business what ``--output`` is for.
    """

    def make(func: Callable[..., Work]) -> click.Command:
        @click.pass_context
        def callback(ctx: click.Context, /, **options: Any) -> None:
            from mudbot.cli.api.job import run

            given, rest = split(options)
            common = given.over(ctx.obj) if isinstance(ctx.obj, Common) else given
            if common.stream and not streams:
                raise click.UsageError(f"--stream: {name} answers at once, there is nothing to stream")
            run(common, func(common, **rest), writes=writes)

        made: Callable[..., Any] = common_options(callback)
        if streams:
            made = click.option("--stream", is_flag=True, help="Show it while it is written.")(made)
        # The function's own options were noted on it, to come first.
        made.__click_params__ = [*getattr(made, "__click_params__", []), *getattr(func, "__click_params__", [])]  # type: ignore[attr-defined]
        made.__doc__ = func.__doc__
        return click.command(name, cls=_Command)(made)

    return make
