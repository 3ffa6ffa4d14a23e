"""What all examples promise: whoever copies one, and its settings, has a plugin that is sound."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from mudbot.cli.check import command
from mudbot.testing.bot import Bot
from tests.examples.conftest import EXAMPLES

ROOT = EXAMPLES.parents[1]
FILES = sorted(EXAMPLES.glob("*.py"))
SESSION = "sessions: [{host: mud.invalid, language: LANGUAGE, character: innkeeper, login: {name: Chen}}]\n"

each = pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])


def settings(file: Path) -> str:
    """The part of a configuration that stands in the docstring of an example."""
    told = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    found = re.search(r"^plugins:\n(?: .*\n?)+", told, re.MULTILINE)
    assert found, f"{file.name}: its docstring shows no settings: 'plugins:', and below it '  {file.stem}:'"
    return found[0]


@pytest.mark.parametrize("language", ["en", "zh"])
@each
def test_it_is_sound_with_the_settings_in_its_docstring(file: Path, language: str, tmp_path: Path) -> None:
    """``mudbot check`` finds nothing, and warns of nothing: no missing text, no pattern that runs away."""
    (tmp_path / "plugins").mkdir()
    shutil.copy(file, tmp_path / "plugins")
    config = tmp_path / "config.yaml"
    written = settings(file)
    api = "api: {base_url: https://api.openai.com/v1, models: {dialogue: gpt-4o-mini, image: dall-e-3}}\n"
    config.write_text(SESSION.replace("LANGUAGE", language) + api + written, encoding="utf-8")
    found = CliRunner().invoke(command, ["--config", str(config)])
    assert found.exit_code == 0, found.output
    assert f"plugins: {file.stem};" in found.stdout
    assert not found.stderr


@each
async def test_it_starts_with_them(file: Path, bot: Bot) -> None:
    given = yaml.safe_load(settings(file))["plugins"][file.stem] or {}
    await bot.load(file.stem, permissions=given.pop("permissions", None), settings=given)
    await bot.hear("Welcome.")
    assert not bot.failures


@each
def test_it_has_sixty_lines_and_a_test_of_its_own(file: Path) -> None:
    assert file.read_text("utf-8").count("\n") <= 60
    assert (Path(__file__).parent / f"test_example_{file.stem}.py").is_file()


@each
def test_it_says_what_it_does_in_one_line(file: Path) -> None:
    """It is what ``mudbot plugin list`` shows."""
    told = ast.get_docstring(ast.parse(file.read_text("utf-8"))) or ""
    first, second, *_ = told.split("\n")
    assert first.endswith(".")
    assert not second


@each
def test_it_imports_nothing_of_the_bot_but_mudbot_itself(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for name in names:
            assert name == "mudbot" or name.partition(".")[0] in sys.stdlib_module_names, name


@pytest.mark.parametrize(
    "tool", ["ruff check", "ruff format --check", "mypy --strict"], ids=["lint", "format", "types"]
)
def test_a_strict_eye_finds_nothing_in_any_of_them(tool: str) -> None:
    """Ruff with every rule that the project has, mypy in its strict mode."""
    command = [sys.executable, "-m", *tool.split(), *map(str, FILES)]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=110, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_examples_are_not_switched_on_by_their_names() -> None:
    """Who wants one copies it beside the configuration."""
    from mudbot.host import loader

    assert FILES
    assert not {file.stem for file in FILES} & set(loader.available([loader.shipped()]))
