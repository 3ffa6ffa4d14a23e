"""``mudbot serve``: what it says, what it serves, how it ends."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
from click.testing import CliRunner

from mudbot.cli import cli

MUDBOT = (sys.executable, "-c", "from mudbot.cli import main; main()")


@dataclass
class Served:
    """A running command."""

    process: asyncio.subprocess.Process
    url: str
    said: list[str]
    """All that it printed when it was open."""

    async def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit status after that signal, and what it logged."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        _, log = await asyncio.wait_for(self.process.communicate(), 20)
        assert self.process.returncode is not None
        return self.process.returncode, log.decode()


@asynccontextmanager
async def serving(*options: str, **environment: str) -> AsyncIterator[Served]:
    """``mudbot serve`` with *options* on a free port, open."""
    process = await asyncio.create_subprocess_exec(
        *(*MUDBOT, "serve", "--port", "0", *options),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=_environment(environment),
    )
    assert process.stdout is not None
    try:
        url = (await asyncio.wait_for(process.stdout.readline(), 30)).decode().strip()
        lines = 2 if "--contract" in options else 1
        said = [url, *[(await process.stdout.readline()).decode().rstrip() for _ in range(lines)]]
        yield Served(process, url, said)
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


def _environment(more: Mapping[str, str]) -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MUDBOT_"))}
    return own | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))} | dict(more)


async def test_it_says_its_address_and_answers_and_ends() -> None:
    """The first line is the address alone, for scripts; SIGTERM ends it with status 0; each request was a line."""
    async with serving("--contract") as served, aiohttp.ClientSession() as session:
        asked = {"messages": [{"role": "user", "content": "hidden"}]}
        async with session.post(served.url + "/chat/completions", json=asked) as answer:
            said = (await answer.json())["choices"][0]["message"]["content"]
        status, log = await served.end()
    assert (said, status) == ("This is contract mode.", 0)
    assert served.url.startswith("http://127.0.0.1:")
    assert f"export OPENAI_BASE_URL={served.url} " in served.said[1]
    assert "contract mode" in served.said[2]
    assert "POST /v1/chat/completions: 200" in log
    assert "hidden" not in log


async def test_without_a_model_file_all_but_text_works(tmp_path: Path) -> None:
    """It starts; text answers 503 with what to run; Ctrl-C ends it with status 0."""
    async with (
        serving("--data", str(tmp_path / "data"), MUDBOT_MODELS=str(tmp_path / "none")) as served,
        aiohttp.ClientSession() as session,
    ):
        async with session.post(served.url + "/completions", json={"prompt": "x"}) as answer:
            assert answer.status == 503
            assert "mudbot models fetch" in (await answer.json())["error"]["message"]
        async with session.get(served.url + "/models") as answer:
            assert "text-davinci-003" in [model["id"] for model in (await answer.json())["data"]]
        form = aiohttp.FormData(default_to_multipart=True)
        form.add_field("purpose", "vision")
        form.add_field("file", b"content", filename="a")
        async with session.post(served.url + "/files", data=form) as answer:
            assert answer.status == 200
        status, _ = await served.end(signal.SIGINT)
    assert status == 0
    assert len(list((tmp_path / "data" / "files").iterdir())) == 1


async def test_the_key_comes_from_the_environment_and_is_never_said() -> None:
    """Nor is it in the process list then; limits are told in the head of the answer."""
    async with (
        serving("--contract", "--rpm", "7", "--tpm", "900", MUDBOT_SERVE_KEY="very-secret-key") as served,
        aiohttp.ClientSession() as session,
    ):
        async with session.post(served.url + "/moderations", json={"input": "x"}) as answer:
            assert answer.status == 401
        own = {"Authorization": "Bearer very-secret-key"}
        async with session.post(served.url + "/fine-tunes", json={"training_file": "f"}, headers=own) as answer:
            told = dict(answer.headers)
            assert answer.status == 200
        status, log = await served.end()
    assert (status, told["x-ratelimit-limit-requests"], told["x-ratelimit-limit-tokens"]) == (0, "7", "900")
    assert "very-secret-key" not in "".join(served.said) + log


async def test_it_ends_at_once_though_somebody_listens_to_a_stream() -> None:
    """An open connection does not hold it."""
    async with serving("--contract") as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(served.url.rsplit(":", 1)[1].split("/")[0]))
        body = json.dumps({"prompt": "x", "stream": True}).encode()
        head = "POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        writer.write(head.encode() + b"Content-Length: %d\r\n\r\n" % len(body) + body)
        assert b"200" in await reader.readline()
        status, _ = await served.end()
        writer.close()
    assert status == 0


async def test_an_open_door_is_warned_of() -> None:
    """Listening for the whole network without a key is said at the start."""
    async with serving("--contract", "--host", "0.0.0.0") as served:
        _, log = await served.end()
    assert "open to all" in log
    assert served.url.startswith("http://127.0.0.1:")


async def test_a_port_that_is_taken_is_one_line_and_status_1() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = await asyncio.create_subprocess_exec(
            *(*MUDBOT, "serve", "--port", str(taken.getsockname()[1])),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment({}),
        )
        said, log = await asyncio.wait_for(process.communicate(), 30)
    assert (process.returncode, said) == (1, b"")
    (line,) = log.decode().splitlines()
    assert "choose another port" in line


@pytest.mark.parametrize(
    "options", [["--port", "99999"], ["--rpm", "0"], ["--tpm", "-1"], ["--model", "7b"], ["extra"]]
)
def test_wrong_options_are_usage_errors(options: list[str]) -> None:
    """Status 2, with the option named."""
    result = CliRunner().invoke(cli, ["serve", *options])
    assert result.exit_code == 2
    assert options[0] in result.output
