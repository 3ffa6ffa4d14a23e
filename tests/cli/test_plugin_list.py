"""``mudbot plugin list``: every plugin there is, where from, whether it is on; and none is woken for it."""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli
from mudbot.host import loader

PLUGIN = '"""{about}"""\n\nfrom mudbot import Plugin\n\n\nclass Some(Plugin):\n    pass\n'


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(loader, "installed", dict)
    return tmp_path


def listed(*options: str) -> Result:
    return CliRunner().invoke(cli, ["plugin", "list", *options])


def rows(*options: str) -> dict[tuple[str, str], dict[str, Any]]:
    """The rows of the JSON by name and origin."""
    result = listed(*options, "--json")
    assert result.exit_code == 0, result.output
    return {(each["name"], each["origin"]): each for each in json.loads(result.stdout)}


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / "plugins" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_shipped_plugins_are_there_without_any_configuration() -> None:
    """And nothing is said of on and off."""
    found = rows()
    assert found["dialogue", "mudbot"]["on"] is None
    assert found["dialogue", "mudbot"]["about"].startswith("The character answers whoever speaks to it")
    out = listed().output
    assert "with mudbot:" in out
    assert "no configuration here" in out


def test_what_the_configuration_names_is_on(here: Path) -> None:
    """The rest is off, wherever it is from."""
    put(here, "greeter.py", PLUGIN.format(about="Greets."))
    put(here, "other.py", PLUGIN.format(about=""))
    (here / "config.yaml").write_text("sessions: [{host: tavern}]\nplugins: {greeter: , basics: }\n")
    found = rows()
    assert found["greeter", "folder"]["on"]
    assert found["greeter", "folder"]["about"] == "Greets."
    assert found["basics", "mudbot"]["on"]
    assert not found["other", "folder"]["on"]
    out = listed().output
    assert f"in {Path('plugins')}:\n  greeter     on   Greets.\n" in out
    assert f"  other       off  {Path('plugins/other.py')}\n" in out


def test_a_plugin_that_another_stands_before_is_marked(here: Path) -> None:
    """The one of the folder runs; who wonders why the other does not, reads it here."""
    path = put(here, "basics.py", PLUGIN.format(about="Mine."))
    (here / "config.yaml").write_text("sessions: [{host: tavern}]\nplugins: {basics: }\n")
    found = rows()
    assert found["basics", "folder"]["on"]
    assert not found["basics", "mudbot"]["on"]
    assert found["basics", "mudbot"]["shadowed_by"] == str(path.relative_to(here))
    assert "shadowed: plugins/basics.py is taken in its place" in " ".join(listed().output.split())


def test_a_plugin_that_is_named_and_not_there_is_told(here: Path) -> None:
    """With the nearest name."""
    (here / "config.yaml").write_text("sessions: [{host: tavern}]\nplugins: {dialoge: }\n")
    assert rows()["dialoge", "missing"]["where"] == "did you mean 'dialogue'?"
    assert "named, and not found:\n  dialoge     on   did you mean 'dialogue'?" in listed().output


def test_no_plugin_is_run_and_none_must_be_sound(here: Path) -> None:
    """Only what the configuration names is ever imported, and not by a list."""
    put(here, "evil.py", '"""Bad."""\nraise SystemExit(3)\n')
    put(here, "broken.py", "class (:\n")
    put(here, "pack/__init__.py", "from mudbot import Plugin\n\n\nclass Pack(Plugin):\n    '''Of a class.'''\n")
    found = rows()
    assert found["evil", "folder"]["about"] == "Bad."
    assert found["broken", "folder"]["about"] == ""
    assert found["pack", "folder"]["about"] == "Of a class."


def test_installed_packages_are_listed_with_their_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the entry point, and not imported for it."""
    (entry,) = (each for each in entry_points(group="console_scripts") if each.name == "mudbot")
    monkeypatch.setattr(loader, "installed", lambda: {"weather": entry})
    row = rows()["weather", "package"]
    assert row["where"].startswith("mudbot ")
    assert row["about"].startswith("Gives a character in a text game")
    assert "of installed packages:\n  weather" in listed().output


def test_a_configuration_with_mistakes_is_read_as_far_as_it_goes(here: Path) -> None:
    """Which plugins are on does not depend on a password that is not set here."""
    path = here / "other.yaml"
    path.write_text("sessions: [{host: tavern, prot: 1}]\nplugins: {basics: }\n")
    result = listed("-c", str(path))
    assert result.exit_code == 0
    assert "  basics      on " in result.stdout
    assert "other.yaml has 1 problem: see mudbot check" in result.stderr


def test_a_configuration_that_is_not_there_is_an_error(here: Path) -> None:
    result = listed("-c", "nowhere.yaml")
    assert result.exit_code == 1
    assert "no such file" in str(result.exception) + result.output


def test_in_mudbots_own_checkout_no_plugin_shadows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder beside the configuration is that of the shipped ones there."""
    monkeypatch.chdir(loader.shipped().parent)
    found = rows()
    assert found["basics", "mudbot"]["shadowed_by"] is None
    assert {origin for _, origin in found} == {"mudbot"}
