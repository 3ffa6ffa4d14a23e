"""``mudbot demo``: the tavern, the embedded server and the bot in one process, and you in the inn."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import click

from mudbot import logs
from mudbot.cli.run import ending
from mudbot.config import Config, load


@click.command("demo", short_help="Meet an innkeeper in a small world of its own: no key, no network service.")
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="The world's language.")
@click.option(
    "--say", "texts", metavar="TEXT", multiple=True, help="Say TEXT to the innkeeper, wait, print; may be repeated."
)
@click.option("--scene", metavar="TEXT", help="Ask for a picture; print its link and its file.")
@click.option(
    "--model",
    type=click.Choice(["auto", "1.5b", "0.5b", "smollm2"]),
    default=None,
    help="The language model; by default the best that is there.  Also: MUDBOT_LOCAL__MODEL.",
)
@click.option("--verbose", is_flag=True, help="Show the bot's log on standard error.")
def command(lang: str, texts: tuple[str, ...], scene: str | None, model: str | None, *, verbose: bool) -> None:
    """Start a small world, an embedded model and an innkeeper, and enter the inn.

    With --say or --scene it needs no terminal: it joins, says each text, waits for each answer, prints the transcript
    and ends.  An answer is marked [model], or [fallback] where the innkeeper said a prepared line; what a chat command
    such as !help is answered is marked [command].  Exit status 0 only if the model answered every text that is no
    command, 1 otherwise.
    """
    for text in texts:
        if not text.strip():
            raise click.UsageError(
                f"--say {text!r}: say some words to the innkeeper; for a picture there is --scene TEXT"
            )
    config = settings(lang, model)
    logs.setup(level="info" if verbose else "error", style="console", secrets=config.secrets())
    if texts or not scene:  # the painter needs no model
        _require_model(config)
    if texts or scene:
        from mudbot.cli.guest import transcript

        asyncio.run(ending(transcript(config, list(texts), scene)))
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal; use --say TEXT or --scene TEXT")
    from mudbot.cli.terminal import visit

    asyncio.run(ending(visit(config)))


def settings(lang: str, model: str | None) -> Config:
    """The demo's configuration: everything embedded, on free ports, its data in a folder of its own."""
    folder = Path(tempfile.mkdtemp(prefix="mudbot-demo-"))
    name, persona = ("老陈", "innkeeper-zh") if lang == "zh" else ("Chen", "innkeeper")
    lines = [
        "api.base_url=embedded",
        f"sessions=[{{host: tavern, name: inn, login: {{name: {name}, password: x{os.urandom(8).hex()}}}}}]",
        f"sessions.0.character={persona}",
        f"sessions.0.language={lang}",
        (
            "plugins={dialogue: {wary: false}, scenes: {permissions: {images: true}}, moderation: null, basics: null, "
            "memory: null, talk: null}"
        ),
        f"store={folder}",
        "web.port=0",
    ]
    if model:
        lines.append(f"local.model={model}")
    return load(None, overrides=lines, environ={k: v for k, v in os.environ.items() if k == "MUDBOT_LOCAL__MODEL"})


def _require_model(config: Config) -> None:
    """Raise ModelMissingError, which says what to run, before anything is started."""
    from mudbot.errors import ModelMissingError
    from mudbot.local.models import choose, path_of

    spec = choose(config.local.model)
    if not path_of(spec).is_file():
        raise ModelMissingError(
            f"the language model is not there yet ({path_of(spec)}).  Get it with:\n"
            f"  mudbot models fetch {spec.name}        ({spec.size / 1e6:,.0f} MB, once)"
        )
