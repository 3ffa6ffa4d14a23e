"""``mudbot serve``: the embedded server by itself, for any OpenAI client."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import click

from mudbot.cli.models import NAMES
from mudbot.cli.options import listen_options

KEY = "MUDBOT_SERVE_KEY"


@click.command("serve", short_help="Open the embedded server by itself, for any OpenAI client.")
@listen_options(8081)
@click.option("--model", type=click.Choice(NAMES), default="auto", show_default=True, help="The language model.")
@click.option("--api-key", metavar="KEY", help=f"Ask for this key; better in the environment variable {KEY}.")
@click.option(
    "--data",
    metavar="FOLDER",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where files, jobs and pictures are kept; without it they go with the server.",
)
@click.option("--rpm", type=click.FloatRange(min=0, min_open=True), help="Requests a minute; more get a 429.")
@click.option("--tpm", type=click.FloatRange(min=0, min_open=True), help="Tokens a minute; more get a 429.")
@click.option("--contract", is_flag=True, help="Answer anything of the API's shape; only to test clients with.")
def command(  # noqa: PLR0913, PLR0917 - one for each option
    host: str,
    port: int,
    model: str,
    api_key: str | None,
    data: Path | None,
    rpm: float | None,
    tpm: float | None,
    contract: bool,  # noqa: FBT001 - a flag of the command line
) -> None:
    """Serve chat, completions, edits, embeddings, moderation, pictures, files and fine-tunes under /v1.

    Any OpenAI client can use it: OPENAI_BASE_URL is its address, which is said when it is open.  It listens until it is
    interrupted.  Without a model file (mudbot models fetch) everything but text works.
    """
    key = api_key or os.environ.get(KEY) or None
    settings = {"model": model, "host": host, "port": port, "data": data, "rpm": rpm, "tpm": tpm}
    asyncio.run(_serve({**settings, "api_key": key, "contract": contract}))


async def _serve(settings: dict[str, object]) -> None:
    from mudbot.local.server import LocalServer
    from mudbot.logs import setup

    key = str(settings["api_key"] or "")
    setup(secrets=[key] if key else [])
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    _prepare(settings["data"])
    server = LocalServer(**settings, diary=True)  # type: ignore[arg-type]
    await server.start()
    try:
        print(server.base_url, flush=True)
        shown = "'its key'" if key else "any"
        print(f"  export OPENAI_BASE_URL={server.base_url} OPENAI_API_KEY={shown}", flush=True)
        if settings["contract"]:
            print("  contract mode: answers have the API's shape and no meaning", flush=True)
        await over.wait()
    finally:
        await server.close()


def _prepare(data: object) -> None:
    """Raise LocalError where *data* is no folder that can be written to, before anyone is told that it serves."""
    from mudbot.errors import LocalError

    if not isinstance(data, Path):
        return
    try:
        data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LocalError(f"--data: cannot make {data} ({error.strerror}): choose another folder") from error
    if not os.access(data, os.W_OK | os.X_OK):
        raise LocalError(f"--data: {data} may not be written to: choose another folder")
