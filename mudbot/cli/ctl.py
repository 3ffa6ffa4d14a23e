"""``mudbot ctl``: asks the running bot, by the socket in its store's folder."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mudbot.cli import ctl_shown as shown
from mudbot.cli.options import DEFAULT, as_json, config_option, json_option
from mudbot.errors import MudbotError
from mudbot.logs import visible

CHANGE_WITHIN = 200.0
"""Seconds for an answer after plugins were loaded: imports may take two minutes, old handlers ten seconds more."""
END_WITHIN = 10.0
"""Seconds for the bot to end: it bounds itself by five."""

_OPTIONS = (
    config_option(
        f"The configuration that the bot runs with, which names its store.  [default: {DEFAULT}]", default=None
    ),
    click.option("--set", "overrides", metavar="KEY.PATH=VALUE", multiple=True, help="As given to mudbot run."),
    click.option(
        "--store", metavar="FOLDER", type=click.Path(path_type=Path), help="The store itself; no configuration is read."
    ),
    json_option("Print JSON."),
)
session_option = click.option(
    "-s", "--session", metavar="NAME", default="", help="Which session, if there are several."
)


class Target:
    """Whom to ask, and how to tell: what stands behind ``ctl`` and what stands behind its command are the same."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.overrides: tuple[str, ...] = ()
        self.store: Path | None = None
        self.machine = False

    def add(self, given: dict[str, Any]) -> None:
        """Take the options out of *given*; what was given last counts."""
        self.path = given.pop("path") or self.path
        self.overrides = (*self.overrides, *given.pop("overrides"))
        self.store = given.pop("store") or self.store
        self.machine = given.pop("machine") or self.machine

    @functools.cached_property
    def folder(self) -> Path:
        """The store's folder."""
        if self.store is not None:
            return self.store
        from mudbot.config import salvage

        path = self.path or DEFAULT
        if not path.is_file():
            raise click.UsageError(f"there is no {path}: name the bot's configuration by -c FILE, or --store FOLDER")
        # What is wrong in it, a variable for example that only the bot has, does not matter to where its store is.
        config = salvage(path, overrides=self.overrides)
        return config.path(config.store).absolute()

    def ask(self, do: str, /, **given: Any) -> dict[str, Any]:
        """What the bot answers.  Ends the process with status 1 where it refuses, or is not there."""
        from mudbot.control.client import ask
        from mudbot.control.wire import ControlError

        try:
            return ask(self.folder, do, **given)
        except ControlError as exc:
            if self.machine:
                print(as_json({"ok": False, "error": str(exc), "problems": exc.problems}, indent=2))
            else:
                print(visible(f"mudbot: {exc}"), file=sys.stderr)
            sys.exit(1)

    def tell(self, answer: dict[str, Any], lines: Callable[[dict[str, Any]], list[str]]) -> None:
        """Print *answer*, for people as *lines* has it."""
        if self.machine:
            print(as_json({"ok": True, **answer}, indent=2))
        else:
            for line in lines(answer):
                print(visible(line))


def _with_options(func: Callable[..., Any]) -> Callable[..., Any]:
    for option in reversed(_OPTIONS):
        func = option(func)
    return func


def _asking(func: Callable[..., None]) -> Callable[..., Any]:
    """A command that is given the Target first."""

    @click.pass_obj
    @functools.wraps(func)
    def run(target: Target, /, **given: Any) -> None:
        target.add(given)
        func(target, **given)

    return _with_options(run)


@click.group("ctl", short_help="Ask a running bot, or tell it what to do.")
@_with_options
@click.pass_context
def command(ctx: click.Context, /, **given: Any) -> None:
    """Ask a running bot how it is, or tell it what to do.

    It is found by its configuration, or by its store's folder, and answers the user that runs it and root alone.  The
    options below may stand behind each command as well.  Exit status 0 if it did what it was asked, 1 if it did not or
    none runs, 2 for a command that there is not.
    """
    ctx.obj = Target()
    ctx.obj.add(given)


@command.command(short_help="How the bot is.")
@_asking
def status(target: Target) -> None:
    """How the bot is: since when it runs, which sessions are away and why, plugins, calls."""
    target.tell(target.ask("status"), shown.status)


@command.command(short_help="Every session, and why one is away.")
@_asking
def sessions(target: Target) -> None:
    """Every session: its state, character, address, what it said and what waits."""
    target.tell(target.ask("sessions"), shown.sessions)


@command.command(short_help="Read the configuration and plugins again.")
@_asking
def reload(target: Target) -> None:
    """Read the configuration and the plugins' files again, as on SIGHUP.

    With a mistake in them nothing changes, and every one is printed.
    """
    target.tell(target.ask("reload", within=CHANGE_WITHIN), shown.reload)


@command.command(short_help="Say something as the character.")
@_asking
@session_option
@click.option("--verb", type=click.Choice(["say", "tell", "channel", "emote"]), default="say", show_default=True,
              help="How it is said.")  # fmt: skip
@click.option("--to", "to", metavar="WHO", default="", help="The person, or with --verb channel the channel.")
@click.argument("words", nargs=-1, required=True)
def say(target: Target, session: str, verb: str, to: str, words: tuple[str, ...]) -> None:
    """Say WORDS as the character, at the MUD's pace: words only, never a command.

    Write -- before WORDS that begin with a dash.
    """
    answer = target.ask("say", session=session, verb=verb, target=to, words=" ".join(words))
    target.tell(answer, lambda answer: [f"{answer['session']}: on its way"])


@command.command(short_help="Hear nothing of somebody for a while.")
@_asking
@session_option
@click.option("--off", is_flag=True, help="Hear WHO again.")
@click.argument("who", required=False, default="")
@click.argument("time", required=False, default="10m")
def mute(target: Target, session: str, who: str, time: str, *, off: bool) -> None:
    """Hear nothing of WHO, a name or a login id, for TIME, 10m by default: 90s, 2h, 30d at most.

    Without WHO, list who is muted.
    """
    if off and not who:
        raise click.UsageError("--off wants a name: who is to be heard again?")
    if not who:
        target.tell(target.ask("mute", session=session), shown.muted)
    elif off:
        answer = target.ask("unmute", who=who, session=session)
        target.tell(answer, lambda answer: [f"{who} {'is heard again' if answer['changed'] else 'was not muted'}"])
    else:
        answer = target.ask("mute", who=who, seconds=_seconds(time), session=session)
        target.tell(answer, lambda answer: [f"{who} is not heard for {shown.lasting(answer['seconds'])}"])


@command.command(short_help="List, pause, resume, reload, load, unload.")
@_asking
@click.argument("verb", required=False, default="list",
                type=click.Choice(["list", "pause", "resume", "reload", "load", "unload"]))  # fmt: skip
@click.argument("name", required=False, default="")
def plugins(target: Target, verb: str, name: str) -> None:
    """List the plugins; or pause, resume, reload, load or unload one, in all sessions.

    reload runs the newest code of its files; unload lasts until it is loaded, or the configuration is read again.
    """
    if (verb == "list") is bool(name):
        raise click.UsageError(
            "which plugin?  mudbot ctl plugins reload NAME" if verb != "list" else "list has no NAME"
        )
    answer = target.ask("plugins", within=CHANGE_WITHIN, verb=verb, name=name)
    if verb == "list":
        target.tell(answer, shown.plugins)
    else:
        target.tell(
            answer, lambda answer: [f"{name}: {shown.DONE[verb] if answer['changed'] else 'it was so already'}"]
        )


@command.command(short_help="What was spent, and what is left.")
@_asking
@click.option("--days", type=click.IntRange(1, 366), default=1, show_default=True, help="Days to sum up, with today.")
def spend(target: Target, days: int) -> None:
    """What the calls of the API cost, by model, plugin and player, and what budgets leave.

    In USD, as far as prices are known.  Days begin at 00:00 UTC.
    """
    target.tell(target.ask("spend", days=days), shown.spend)


@command.command(short_help="End the bot, and wait until it is gone.")
@_asking
def shutdown(target: Target) -> None:
    """End the bot, as SIGTERM does, and wait until it is gone: 5 seconds at most."""
    from mudbot.control.client import gone

    answer = target.ask("shutdown")
    if not gone(target.folder, END_WITHIN):
        raise MudbotError(f"process {answer['pid']} does not end: see its log; SIGKILL ends it and loses nothing kept")
    target.tell(answer, lambda answer: [f"process {answer['pid']} has ended"])


def _seconds(text: str) -> float:
    from mudbot.config import seconds

    try:
        return seconds(text)
    except ValueError as error:
        raise click.UsageError(f"TIME {error}") from None
