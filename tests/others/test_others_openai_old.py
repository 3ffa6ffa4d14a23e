"""The client of 2023 against ``mudbot serve``: its own tests, and what the article of that time did with it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.others import installs
from tests.others.foreign import environment, run_pytest
from tests.others.programs import KEY, HttpProgram

QUESTION, SCENE = "API版chatGPT怎么这么蠢?", "大漠孤烟直"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def library(had: Callable[[Callable[[], Path]], Path]) -> Path:
    path: Path = had(installs.old_openai)
    return path


def variables(server: HttpProgram) -> dict[str, str]:
    return {"OPENAI_API_BASE": server.base_url, "OPENAI_API_KEY": KEY}


def test_its_own_tests_pass(library: Path, served: HttpProgram, tmp_path: Path) -> None:
    """53 pass; the one that is skipped wants pandas, and no server."""
    results = run_pytest(library, tmp_path, ["--pyargs", "openai.tests"], variables(served))
    assert results.count() == {"passed": 53, "skipped": 1}, results.complaint()
    assert results.named("skipped") == ["test_long_examples_validator::test_long_examples_validator"]


def test_its_own_tests_notice_a_server_that_says_nothing(library: Path, nothing: str, tmp_path: Path) -> None:
    """The control: against answers of ``{}`` every test of theirs that asks a server for something fails."""
    tests = ["openai.tests.test_endpoints", "openai.tests.asyncio", "openai.tests.test_file_cli"]
    results = run_pytest(library, tmp_path, ["--pyargs", *tests], {"OPENAI_API_BASE": nothing, "OPENAI_API_KEY": KEY})
    quiet = {"test_timeout_does_not_error", "test_completions_stream_finishes_global_session"}
    assert {name.partition("::")[2] for name in results.named("passed")} <= quiet
    assert len(results.named("failed")) >= 12


def test_the_article_talks_through_it(library: Path, served: HttpProgram) -> None:
    """The article's completion has text, a reason to end, and the name of the model that was asked for."""
    answer = python(
        library,
        served,
        "a = openai.Completion.create(model='text-davinci-003', prompt=sys.argv[1], max_tokens=40, temperature=0)\n"
        "print(json.dumps(a.to_dict_recursive()))",
        QUESTION,
    )
    assert len(answer["choices"][0]["text"].strip()) > 5
    assert answer["choices"][0]["finish_reason"] in ("stop", "length")
    assert answer["model"] == "text-davinci-003"
    assert answer["usage"]["completion_tokens"] in range(2, 41)


async def test_the_article_paints_through_it(library: Path, served: HttpProgram) -> None:
    """Ten links to ten different pictures of the size that was asked for."""
    source = (
        "a = openai.Image.create(prompt=sys.argv[1], n=10, size='256x256')\nprint(json.dumps(a.to_dict_recursive()))"
    )
    answer = await asyncio.to_thread(python, library, served, source, SCENE)
    pictures = await fetch([entry["url"] for entry in answer["data"]])
    assert len(set(pictures)) == 10


def test_the_article_talks_through_its_command_line(library: Path, served: HttpProgram) -> None:
    said = command_line(library, served, "completions.create", "-m", "text-davinci-003", "-p", QUESTION)
    assert len(said.replace(QUESTION, "").strip()) > 2


async def test_the_article_paints_through_its_command_line(library: Path, served: HttpProgram) -> None:
    said = await asyncio.to_thread(command_line, library, served, "image.create", "-p", SCENE, "-n", "10")
    links = [entry["url"] for entry in json.loads(said)["data"]]
    assert len(links) == 10
    await fetch(links[:2])


async def fetch(links: list[str]) -> list[bytes]:
    """The pictures behind *links*."""
    pictures = []
    async with aiohttp.ClientSession() as session:
        for link in links:
            async with session.get(link) as response:
                assert response.status == 200
                pictures.append(await response.read())
    assert all(picture.startswith(PNG) for picture in pictures)
    return pictures


def python(library: Path, server: HttpProgram, source: str, *arguments: str) -> dict[str, Any]:
    """What a program prints that uses the old client."""
    command = [*installs.bare_python(), "-c", f"import json, sys, openai\n{source}", *arguments]
    said: dict[str, Any] = json.loads(run(command, library, server))
    return said


def command_line(library: Path, server: HttpProgram, *arguments: str) -> str:
    """What the old ``openai api ...`` prints."""
    program = [*installs.bare_python(), "-c", "import sys; from openai._openai_scripts import main; sys.exit(main())"]
    return run([*program, "api", *arguments], library, server)


def run(command: list[str], library: Path, server: HttpProgram) -> str:
    done = subprocess.run(
        command, env=environment(library) | variables(server), capture_output=True, timeout=90, check=False
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    return done.stdout.decode(sys.getdefaultencoding())
