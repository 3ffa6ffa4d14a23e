"""``mudbot check``: all problems at once, with file, line and the nearest right name, and no secret."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli
from mudbot.config import example


def check(path: Path, *options: str, **environment: str) -> Result:
    return CliRunner().invoke(cli, ["check", "-c", str(path), *options], env=environment)


def test_the_shipped_configuration_has_no_problems() -> None:
    """It runs as it is."""
    result = check(example())
    assert result.exit_code == 0
    assert "no problems found" in result.output


def test_everything_wrong_is_said_in_one_go(tmp_path: Path) -> None:
    """The file's shape, and no secret."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "api:\n  api_kee: sk-canary-123456\n"
        'sessions:\n  - host: tavern\n    prot: 4000\n    login: {name: Chen, password: "${NOT_SET_ANYWHERE}"}\n'
        "web: {port: yes}\n"
    )
    result = check(path)
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[-1].startswith("4 problems in ")
    for number, (line, words) in enumerate(((2, "api_key"), (5, "port"), (6, "NOT_SET_ANYWHERE"), (7, "web.port"))):
        assert lines[number].startswith(f"config.yaml:{line}: ")
        assert words in lines[number]
    assert "canary" not in result.output


def test_plugins_personas_and_dialects_are_read_too(tmp_path: Path) -> None:
    """Each mistake of each plugin, with file and line where there is one."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "broken.py").write_text("from mudbot import Plugin\n\nclass Broken(Plugin):\n    oops\n")
    path = tmp_path / "config.yaml"
    path.write_text(
        "sessions:\n  - host: mud.example.org\n    dialect: evenia\n    character: inkeeper\n"
        "plugins:\n  moderation: {when_awya: refuse, allow: violence}\n  broken:\n  scens:\n  basics: {volume: 11}\n"
    )
    result = check(path)
    assert result.exit_code == 1
    out = result.output
    assert "config.yaml:6: " in out
    assert "when_away" in out
    assert f"{tmp_path / 'plugins' / 'broken.py'}:4: NameError" in out
    assert "did you mean 'scenes'?" in out
    assert "config.yaml:9: " in out
    assert "did you mean 'evennia'?" in out
    assert "innkeeper" in out


def test_a_real_api_wants_a_model(tmp_path: Path) -> None:
    """The embedded server has one; with another, say which."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "api: {base_url: 'https://api.example.org/v1'}\nsessions: [{host: tavern}]\nplugins: {dialogue: }\n"
    )
    result = check(path)
    assert result.exit_code == 1
    assert "api.models.dialogue" in result.output
    assert check(path, "--set", "api.models.dialogue=some-model").exit_code == 0


def test_shape_and_content_are_checked_in_one_go(tmp_path: Path) -> None:
    """A mistake in the shape of the file hides no other one."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "sessions:\n  - host: tavern\n    prot: 4000\n    dialect: evenia\n"
        "  - host: mud.example.org\n    character: inkeeper\n"
        "plugins:\n  dialoge:\n  basics: {volume: 11}\nweb: {port: yes}\n"
    )
    out = check(path).output
    for line, words in (
        (3, "prot"),
        (4, "evennia"),
        (6, "innkeeper"),
        (8, "dialogue"),
        (9, "volume"),
        (10, "web.port"),
    ):
        assert any(x.startswith(f"config.yaml:{line}: ") and words in x for x in out.splitlines()), (line, out)


def test_one_character_cannot_be_played_twice(tmp_path: Path) -> None:
    """The two would throw each other out of the game for ever."""
    path = tmp_path / "config.yaml"
    one = "{host: mud.example.org, name: %s, login: {name: Chen, password: x}}"
    path.write_text(f"sessions: [{one % 'a'}, {one % 'b'}]\n")
    result = check(path)
    assert result.exit_code == 1
    assert "session b plays the same character as a" in result.output


@pytest.mark.parametrize("options", [["--set", "web.port=0"], []])
def test_the_environment_comes_between_option_and_file(tmp_path: Path, options: list[str]) -> None:
    """Command line, then environment, then file."""
    path = tmp_path / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\nweb: {port: 8081}\n")
    result = check(path, *options, MUDBOT_WEB__PORT="70000")
    assert result.exit_code == (0 if options else 1)
    assert ("MUDBOT_WEB__PORT" in result.output) is not bool(options)


def test_a_missing_file_says_how_to_name_one(tmp_path: Path) -> None:
    result = check(tmp_path / "nowhere.yaml")
    assert result.exit_code == 1
    assert "-c FILE" in result.output


def test_an_unknown_command_names_the_nearest() -> None:
    result = CliRunner().invoke(cli, ["chekc"])
    assert result.exit_code == 2
    assert "did you mean 'check'?" in result.output


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ("", "judged by the API, or the local filter while it is away; text that nobody can judge is refused (fails"),
        ("{only: local, when_away: allow}", "judged by local; text that nobody can judge is let through (fails open)"),
    ],
)
def test_what_an_owner_must_not_have_to_guess_is_said(tmp_path: Path, settings: str, said: str) -> None:
    """Moderation says what happens while nobody can judge."""
    path = tmp_path / "config.yaml"
    path.write_text(f"sessions: [{{host: tavern}}]\nplugins:\n  moderation: {settings}\n")
    result = check(path)
    assert result.exit_code == 0, result.output
    assert f"moderation: {said}" in result.output


def test_a_permission_that_a_plugin_wants_and_has_not_is_a_warning(tmp_path: Path) -> None:
    """With where its code wants it, and what to write; one that is granted, or wanted by nobody, is none."""
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "walk.py").write_text(
        "from mudbot import Plugin, trigger\n\n\nclass Walk(Plugin):\n    @trigger('^x')\n    async def go(self):\n"
        "        await self.mud.send('north')\n        await self.http.get('https://api.example.org/x')\n"
    )
    path = tmp_path / "config.yaml"
    path.write_text("sessions: [{host: tavern}]\nplugins:\n  basics:\n  walk: {permissions: {commands: true}}\n")
    result = check(path)
    assert result.exit_code == 0, result.output
    assert [line for line in result.output.splitlines() if "granted" in line] == [
        "warning: walk is not granted http, which it wants at walk.py:8: permissions: {http: [api.example.org]}"
    ]
