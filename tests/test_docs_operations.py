"""docs/operations.md and docs/security.md say what is: commands, options, metrics, exit codes, files, figures."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest

from mudbot.cli import cli, run
from mudbot.config import load
from mudbot.mud.record import Bounds
from mudbot.store.archive import DATABASES, PARTS
from mudbot.store.imagefile import MAX_BYTES, MAX_PIXELS

ROOT = Path(__file__).parents[1]
PAGES = {name: (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("operations.md", "security.md")}
PAGE = PAGES["operations.md"]
UNITS = ["mudbot-backup.service", "mudbot-backup.timer"]
_TYPED = re.compile(r"(?m)^    (?:/opt/mudbot/bin/)?mudbot (.+)$|`mudbot ([^`]+)`")


def typed() -> list[tuple[str, str]]:
    units = "\n".join(f"    {line}" for unit in UNITS for line in re.findall(r"mudbot/bin/(mudbot [^']+)", read(unit)))
    texts = PAGES | {"contrib": units}
    return [(name, one or two) for name, text in texts.items() for one, two in _TYPED.findall(text)]


def read(unit: str) -> str:
    return (ROOT / "contrib" / unit).read_text(encoding="utf-8")


@pytest.mark.parametrize(("page", "words"), typed())
def test_every_command_is_one_and_has_its_options(page: str, words: str) -> None:
    """As far as it is written: ``mudbot ctl status|reload`` is two."""
    words = re.sub(r"\s+#.*$", "", " ".join(words.split()).split(" && ")[0].split('"$(')[0])
    if words.startswith("-"):
        return
    command: click.Command = cli
    context = click.Context(cli)
    for word in words.split():
        if not isinstance(command, click.Group) or word.startswith("-"):
            break
        for name in word.split("|"):
            found = command.get_command(context, name)
            assert found is not None, f"{page}: there is no {name!r} in: mudbot {words}"
        assert found is not None
        command = found
    known = {option for parameter in command.params for option in parameter.opts}
    for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", words):
        assert option in known | {"--version"}, f"{page}: mudbot {words}"


def test_every_metric_exists() -> None:
    source = (ROOT / "mudbot" / "web" / "metrics.py").read_text(encoding="utf-8")
    named = set(re.findall(r"`(mudbot_[a-z_]+)[`{]", PAGE))
    assert len(named) >= 6
    assert [name for name in named if name not in source] == []


def test_every_setting_exists() -> None:
    """Those that stand in the text with their path, and the defaults that it says."""
    config = load(None, environ={})
    for name in (
        "pictures.size",
        "pictures.retention",
        "log.format",
        "log.file",
        "web.token",
        "web.port",
        "api.budgets",
    ):
        value: object = config
        assert f"`{name}`" in PAGE or name in PAGE
        for key in name.split("."):
            assert key in type(value).model_fields, name  # type: ignore[attr-defined]
            value = getattr(value, key)
    assert (config.pictures.size, config.pictures.retention) == (2_000_000_000, 365 * 86_400)
    assert config.sessions[0].memory.retention == 90 * 86_400
    assert Bounds().folder == 1 << 30
    assert (MAX_BYTES, MAX_PIXELS) == (16 * 2**20, 16_000_000)


def test_the_exit_codes_are_those_of_the_command() -> None:
    told = set(map(int, re.findall(r"(?m)^\| (\d+) \|", PAGE)))
    assert told == {0, 1, 2, run.RUNNING, run.REFUSED}


def test_all_that_a_backup_holds_is_named() -> None:
    for name in (*DATABASES, *(f"{part}/" for part in PARTS)):
        assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("name", PAGES)
def test_every_link_leads_somewhere(name: str) -> None:
    """To files of the repository and to headings; one page is written by a run of `make reliability`."""
    for target in re.findall(r"\]\(([^)]+)\)", PAGES[name]):
        path, _, heading = target.partition("#")
        if path == "reliability.md":
            continue
        page = ROOT / "docs" / path if path else ROOT / "docs" / name
        assert page.exists(), target
        if heading:
            text = page.read_text(encoding="utf-8")
            assert heading in [title.lower().replace(" ", "-") for title in re.findall(r"(?m)^##+ (.+)$", text)], target


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd here")
def test_systemd_finds_nothing_wrong_with_the_units() -> None:
    done = subprocess.run(
        ["systemd-analyze", "verify", *(str(ROOT / "contrib" / unit) for unit in UNITS)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    told = [line for line in done.stderr.splitlines() if any(unit in line for unit in UNITS)]
    assert [line for line in told if "is not executable" not in line] == []
