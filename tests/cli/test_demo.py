"""``mudbot demo`` without a terminal: the real small model answers, and nothing else counts as an answer."""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mudbot.local.download import fetch
from mudbot.local.models import ModelSpec, choose

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]
GREETING = "Good evening! What do you have to drink?"
BLOCK = 20
"""Bytes of a Q4_1 block: two scales and 32 weights of four bits."""


@pytest.fixture(scope="module")
def spec() -> ModelSpec:
    """The small model, fetched if it is not there."""
    spec = choose("smollm2")
    fetch(spec)
    return spec


def demo(*options: str, models: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ) | ({"MUDBOT_MODELS": str(models)} if models else {})
    command = [sys.executable, "-m", "mudbot", "demo", *options]
    return subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment, check=False, timeout=500
    )


def test_the_model_answers_and_the_picture_is_there(spec: ModelSpec) -> None:
    """The transcript shows who said what, the answer is marked, the link and the picture's file are printed."""
    done = demo("--model", spec.name, "--say", GREETING, "--scene", "snow on the mountain path")
    assert done.returncode == 0, done.stdout + done.stderr
    assert f'You say, "{GREETING}"' in done.stdout
    assert re.search(r'^\[model\] Chen says, ".{8,}"$', done.stdout, re.MULTILINE)
    picture = re.search(r"^picture: (.+)$", done.stdout, re.MULTILINE)
    assert picture is not None
    assert Path(picture[1]).read_bytes().startswith(b"\x89PNG")
    assert re.search(r"^link:    http://127\.0\.0\.1:\d+/i/[a-z0-9]{7} ", done.stdout, re.MULTILINE)


def test_a_model_that_talks_garbage_does_not_count(spec: ModelSpec, tmp_path: Path) -> None:
    """The same file with its weights in disorder: it loads, it talks, and the demo ends in 1."""
    data = bytearray(Path(fetch(spec)).read_bytes())
    start = len(data) // 10  # behind the header and the vocabulary
    blocks = [bytes(data[i : i + BLOCK]) for i in range(start, len(data) - BLOCK, BLOCK)]
    random.Random(1).shuffle(blocks)
    data[start : start + len(blocks) * BLOCK] = b"".join(blocks)
    path = tmp_path / spec.file
    path.write_bytes(data)
    stat = path.stat()  # as if it had been verified, so that only what it says can tell
    noted = {"size": stat.st_size, "mtime_ns": stat.st_mtime_ns, "sha256": spec.sha256}
    path.with_name(path.name + ".sha256.json").write_text(json.dumps(noted))
    done = demo("--model", spec.name, "--say", GREETING, models=tmp_path)
    assert done.returncode == 1
    assert "[model]" not in done.stdout
    assert "[fallback] Chen says" in done.stdout


def test_a_damaged_file_does_not_count(spec: ModelSpec, tmp_path: Path) -> None:
    """Its checksum is wrong: the reason and the remedy stand under the prepared line."""
    path = tmp_path / spec.file
    shutil.copy(fetch(spec), path)
    with path.open("r+b") as file:
        file.seek(spec.size // 2)
        file.write(b"\0" * 4096)
    done = demo("--model", spec.name, "--say", GREETING, models=tmp_path)
    assert done.returncode == 1
    assert "[model]" not in done.stdout
    assert "mudbot models fetch smollm2" in done.stdout


def test_without_the_file_it_says_what_to_run(tmp_path: Path) -> None:
    """At once, before anything is started."""
    done = demo("--say", GREETING, models=tmp_path)
    assert done.returncode == 1
    assert "mudbot models fetch" in done.stderr
    assert done.stdout == ""


def test_a_picture_needs_no_model(tmp_path: Path) -> None:
    """The painter is there without any file."""
    done = demo("--scene", "ferry in the morning mist", models=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "picture: " in done.stdout


@pytest.mark.parametrize(
    ("lang", "text", "reply"),
    [
        ("zh", "老陈，帮助", "[command] 老陈说道：我听得懂："),
        ("en", "!status", '[command] Chen says, "inn: in the game'),
        ("en", "!forget", "[command] Chen tells you, "),
    ],
)
def test_a_chat_command_gets_its_reply_and_nobody_waits_for_the_model(
    spec: ModelSpec, lang: str, text: str, reply: str
) -> None:
    done = demo("--lang", lang, "--model", spec.name, "--say", text)
    assert done.returncode == 0, done.stdout + done.stderr
    assert reply in done.stdout
    assert "no answer" not in done.stdout


@pytest.mark.parametrize("text", ["", "  "])
def test_no_words_are_refused(text: str) -> None:
    """Nobody waits minutes for an answer that cannot come."""
    done = demo("--say", text)
    assert done.returncode == 2
    assert "--scene" in done.stderr


def test_without_a_terminal_it_says_how_else() -> None:
    """Nobody is left in front of a prompt that cannot be typed at."""
    done = demo()
    assert done.returncode == 2
    assert "--say" in done.stderr


async def test_login_does_not_wait_for_the_model(spec: ModelSpec) -> None:
    """The innkeeper stands in the inn while its model is still being read."""
    command = [sys.executable, "-m", "mudbot", "demo", "--verbose", "--model", spec.name, "--say", GREETING]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    log = ""
    async for line in process.stderr:
        log += line.decode()
        if "the model has read who Chen is" in log:
            break
    process.kill()
    await process.communicate()
    assert "inn: playing" in log.partition("the model has read")[0]
