"""``mudbot plugin``: begin one, test it, see which there are and what they do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mudbot.cli.options import DEFAULT, as_json, config_option, json_option
from mudbot.cli.plugin_new import TEMPLATES
from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.config import Config

_config_option = config_option(f"The configuration; without it {DEFAULT}, if there is one.", default=None)


@click.group("plugin", short_help="Plugins: begin a new one, test it, list them, show what one does.")
def command() -> None:
    """Begin a plugin, test it, and see which there are and what they do.

    Plugins are looked for in the folder plugins beside the configuration, then among those that come with mudbot, then
    among those of installed packages.  Only those that the configuration names run.
    """


@command.command(short_help="Begin a plugin: write it, its test and its settings.")
@click.argument("name")
@click.option(
    "--template",
    type=click.Choice(list(TEMPLATES)),
    default=None,
    show_default="trigger",
    help="What it begins as.  " + "; ".join(f"{name}: {made.about}" for name, made in TEMPLATES.items()) + ".",
)
@click.option("--from", "example", metavar="EXAMPLE", help="A copy of this example that comes with mudbot, instead.")
def new(name: str, template: str | None, example: str | None) -> None:
    """Write plugins/NAME.py and tests/test_NAME.py here, a plugin that works and its test.

    Nothing is overwritten.  Its settings are put into ./config.yaml, as the last of `plugins:`, all else there staying
    as it is; where there is no such file, or no place in it that is sure, they are printed.
    """
    from mudbot.cli import plugin_new

    if template and example:
        raise click.UsageError("--template and --from: it begins as one of them")
    source = example or template or "trigger"
    if example in TEMPLATES:
        raise click.UsageError(f"{example} is no example but a template: --template {example}")
    made = plugin_new.write(name, source, Path())
    print(visible(f"written: {', '.join(map(str, made))}"))
    for line in plugin_new.configure(name, source, DEFAULT):
        print(visible(line))
    print("next:")
    for line in plugin_new.commands(name, DEFAULT):
        print(f"  {line}")


@command.command(short_help="Run a plugin's test.", context_settings={"ignore_unknown_options": True})
@click.argument("name")
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def test(name: str, options: tuple[str, ...]) -> None:
    """Run tests/test_NAME.py with pytest; no configuration is needed, no MUD and no model.

    What stands behind NAME goes to pytest: mudbot plugin test greeter -k twice.  The exit status is that of pytest: 0
    where every test passes.
    """
    from mudbot.cli import plugin_test

    sys.exit(plugin_test.run(name, options))


@command.command("list", short_help="Show every plugin there is, and which are on.")
@_config_option
@json_option("As JSON.")
def list_(path: Path | None, *, machine: bool) -> None:
    """Show every plugin that is found: whether the configuration has it on, where it is from, what it is for.

    No plugin is loaded for it.  One that another of the same name stands before is marked as shadowed.
    """
    from mudbot.cli import plugin_list

    rows = plugin_list.rows(*configuration(path))
    print(as_json(plugin_list.as_data(rows), indent=2) if machine else visible_lines(plugin_list.as_text(rows)))


@command.command(short_help="Show what a plugin does and may do.")
@click.argument("name")
@_config_option
@json_option("As JSON.")
def show(name: str, path: Path | None, *, machine: bool) -> None:
    """Show what plugin NAME does: settings, triggers, commands, events, timers, permissions.

    It is loaded for it, and not started.
    """
    from mudbot.cli import plugin_facts, plugin_show

    config, exists = configuration(path)
    facts = plugin_facts.of(name, config, exists=exists)
    print(as_json(facts, indent=2) if machine else visible_lines(plugin_show.as_text(facts)))


@command.command(short_help="Print a reference in Markdown: of a plugin, or of all that one can use.")
@click.argument("name", required=False)
@_config_option
def docs(name: str | None, path: Path | None) -> None:
    """Print the reference of plugin NAME in Markdown; without NAME, that of all that a plugin can use.

    It is made of signatures and docstrings.
    """
    if name is None:
        from mudbot.cli import plugin_reference

        sys.stdout.write(plugin_reference.markdown())
        return
    from mudbot.cli import plugin_facts, plugin_show

    config, _ = configuration(path)
    print(visible_lines(plugin_show.as_markdown(plugin_facts.of(name, config))))


def configuration(path: Path | None) -> tuple[Config, bool]:
    """What can be read of the configuration, and whether there is one; where there is none, that of the folder.

    A mistake in it does not matter here, but it is said that there is one.  Raises ConfigError where *path* is named
    and there is no such file.
    """
    from mudbot.config import load, salvage
    from mudbot.errors import ConfigError

    chosen = path or DEFAULT
    if path is None and not chosen.exists():
        return load(None, environ={}), False
    try:
        return load(chosen), True
    except ConfigError as exc:
        if not chosen.is_file():
            raise
        count = len(exc.problems)
        message = f"{chosen} has {count} problem{'s' if count > 1 else ''}: see mudbot check -c {chosen}"
        print(visible(message), file=sys.stderr)
        return salvage(chosen), True


def visible_lines(text: str) -> str:
    """*text* of several lines with every other control character shown."""
    return "\n".join(map(visible, text.split("\n")))
