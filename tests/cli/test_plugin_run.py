"""``mudbot plugin test``: pytest for one plugin, without a configuration."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mudbot.cli import cli, plugin_test
from mudbot.errors import PluginError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tests").mkdir()
    return tmp_path


@pytest.mark.parametrize(("body", "status"), [("assert True", 0), ("assert False", 1)])
def test_the_exit_status_is_that_of_pytest(body: str, status: int, here: Path) -> None:
    """An `async def` runs, though the folder has no settings for pytest."""
    (here / "tests" / "test_some.py").write_text(f"async def test_it():\n    {body}\n")
    assert plugin_test.run("some", ["-q"]) == status


def test_what_stands_behind_the_name_goes_to_pytest(here: Path) -> None:
    """`-k`, `-x`, `--pdb`: all of it."""
    (here / "tests" / "test_some.py").write_text("def test_a(): assert False\n\n\ndef test_b(): pass\n")
    result = CliRunner().invoke(cli, ["plugin", "test", "some", "-q", "-k", "test_b"])
    assert result.exit_code == 0


def test_without_a_test_the_nearest_is_named(here: Path) -> None:
    (here / "tests" / "test_greeter.py").write_text("")
    with pytest.raises(PluginError, match=r"there is no tests.test_greter\.py here; did you mean 'greeter'\?"):
        plugin_test.run("greter")
    (here / "tests" / "test_greeter.py").unlink()
    with pytest.raises(PluginError, match="mudbot plugin new"):
        plugin_test.run("greter")


def test_where_pytest_is_missing_it_is_said_how_to_get_it() -> None:
    """For the very Python that mudbot runs in."""
    plugin_test.require()
    with pytest.raises(PluginError, match="-m pip install pytest") as caught:
        plugin_test.require(lambda _name: None)
    assert sys.executable in str(caught.value)


def test_pytest_asyncio_is_told_only_where_it_is() -> None:
    """Without it mudbot's own fixtures run what is async, and the option would be a warning."""
    path = Path("tests/test_some.py")
    assert "asyncio_mode=auto" in plugin_test.arguments(path)
    assert "asyncio_mode=auto" not in plugin_test.arguments(path, find=lambda _name: None)
    assert plugin_test.arguments(path, ["-x"])[-1] == "-x"
