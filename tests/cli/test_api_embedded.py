"""``mudbot api`` asks the embedded server: the two lines that the project grew out of, word for word."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from mudbot.local.download import fetch
from mudbot.local.models import choose

COMPLETION = ("completions.create", "-m", "text-davinci-003", "-p", "API版chatGPT怎么这么蠢?")
PICTURES = ("image.create", "-p", "大漠孤烟直", "-n", "10")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a configuration that asks the embedded server, with the smallest model."""
    (tmp_path / "config.yaml").write_text(
        "api: {base_url: embedded}\nlocal: {model: smollm2}\nsessions: [{host: tavern}]\nstore: kept\n"
    )
    return tmp_path


def mudbot(folder: Path, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MUDBOT_API"))}
    return subprocess.run(
        [sys.executable, "-m", "mudbot", "api", *arguments],
        cwd=folder, env={**clean, "XDG_DATA_HOME": str(folder / "data"), **env}, capture_output=True, text=True,
        check=False, timeout=100,
    )  # fmt: skip


@pytest.mark.real
def test_the_completion(folder: Path) -> None:
    """Text on standard output, and nothing else anywhere."""
    fetch(choose("smollm2"))
    done = mudbot(folder, *COMPLETION)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip()


def test_the_pictures(folder: Path) -> None:
    """Ten links, a line each, of files that are there when the server has gone; -o DIR saves them elsewhere."""
    done = mudbot(folder, *PICTURES, "-s", "256x256")
    assert (done.returncode, done.stderr) == (0, "")
    links = done.stdout.splitlines()
    assert len(set(links)) == 10
    for link in links:
        path = Path(unquote(urlsplit(link).path))
        assert path.read_bytes().startswith(b"\x89PNG")
        assert path.is_relative_to(folder / "kept")


def test_it_needs_no_configuration_and_no_model_but_for_text(tmp_path: Path) -> None:
    """``--embedded`` alone is enough; without the model's file a text is refused with the remedy."""
    models = tmp_path / "models"
    models.mkdir()
    done = mudbot(
        tmp_path, "--embedded", "image.create", "-p", "x", "-s", "256x256", "-o", "d", MUDBOT_MODELS=str(models)
    )
    assert (done.returncode, done.stdout) == (0, (tmp_path / "d" / "picture-1.png").as_uri() + "\n")
    done = mudbot(
        tmp_path, "completions.create", "-p", "x", "--embedded", MUDBOT_MODELS=str(models), OPENAI_API_KEY="sk-x"
    )
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "mudbot models fetch" in done.stderr


def test_the_help_loads_nothing_heavy() -> None:
    """``mudbot api --help`` is there at once."""
    script = (
        "import sys\nfrom mudbot.cli import cli\n"
        "try: cli(['api', '--help'])\nexcept SystemExit: pass\n"
        "print(sorted({'aiohttp', 'pydantic', 'sqlalchemy', 'numpy', 'PIL', 'mudbot.api'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
