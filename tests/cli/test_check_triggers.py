"""``mudbot check`` on triggers: what cannot be is a problem, what may not be meant is a warning."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli

HEAD = "sessions: [{host: tavern}]\nplugins:\n  triggers: {permissions: {commands: true}}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def check(path: Path, text: str) -> Result:
    path.write_text(text, encoding="utf-8")
    return CliRunner().invoke(cli, ["check", "-c", str(path)])


def test_patterns_conditions_colours_and_groups_are_checked(path: Path) -> None:
    """All at once, each at its line, with what is wrong with the shape and in included files."""
    (path.parent / "more.yaml").write_text("- text: x\n  reply: '{2}'\n- {text: y, gag: true, when: 'hp <'}\n")
    result = check(
        path,
        HEAD + "triggers:\n  - {pattern: '(', gag: true}\n  - text: x\n    gag: true\n    color: blu\n"
        "  - {text: x, gagg: true}\n  - {pattern: '(.*)', command: '{1}'}\n  - include: more.yaml\n",
    )
    assert result.exit_code == 1
    for start, words in (
        ("config.yaml:5: ", "'(' is not a regular expression"),
        ("config.yaml:8: ", "'blu' is no colour"),
        ("config.yaml:9: ", "did you mean 'gag'?"),
        ("config.yaml:10: ", "write the command before it"),
        ("more.yaml:2: ", "no pattern has the group '2'"),
        ("more.yaml:3: ", "is no condition"),
    ):
        assert any(line.startswith(start) and words in line for line in result.output.splitlines()), (
            start,
            result.output,
        )
    assert "6 problems in" in result.output


def test_without_the_plugin_nobody_carries_them_out(path: Path) -> None:
    result = check(path, "sessions: [{host: tavern}]\ntriggers:\n  - {text: x, gag: true}\n")
    assert result.exit_code == 1
    assert (
        "config.yaml:3: triggers want the plugin that carries them out: write 'triggers:' below 'plugins:'"
        in result.output
    )


def test_a_command_is_one_plain_line(path: Path) -> None:
    """What the gate would refuse in the game is refused here."""
    result = check(path, HEAD + "triggers:\n  - {text: x, command: 'say  ①'}\n")
    assert "config.yaml:5: command: 'say  ①' is not one plain line: write 'say 1'" in result.output


def test_commands_without_a_permission_are_a_warning(path: Path) -> None:
    """One for all: thousands may be imported."""
    text = HEAD.replace("true", "false") + "triggers:\n" + "  - {text: x, command: nod}\n" * 3
    result = check(path, text)
    assert result.exit_code == 0
    assert result.output.count("warning") == 1
    assert (
        "warning: config.yaml:5: this trigger and 2 more rest: raw commands want "
        "plugins.triggers.permissions.commands: true" in result.output
    )


def test_patterns_that_run_away_are_a_warning(path: Path) -> None:
    """Of the configuration and of plugins; with the trigger, the piece and a safer form."""
    (path.parent / "plugins").mkdir()
    (path.parent / "plugins" / "slow.py").write_text(
        "from mudbot import Plugin, trigger\n\nclass Slow(Plugin):\n    @trigger(r'(\\w+\\s?)*!')\n"
        "    async def run(self):\n        pass\n"
    )
    result = check(
        path,
        HEAD + "  slow:\ntriggers:\n  - {name: evil, pattern: '(a+)+$', gag: true}\n  - {text: (a+)+$, gag: true}\n",
    )
    assert result.exit_code == 0
    warnings = [line for line in result.output.splitlines() if line.startswith("warning: ")]
    assert len(warnings) == 2
    assert warnings[0].startswith("warning: config.yaml:6: trigger evil: `(a+)+`")
    assert "Write `(a+)`" in warnings[0]
    assert warnings[1].startswith("warning: config.yaml:4: trigger slow.run: ")


@pytest.mark.parametrize(
    ("dialect", "warned"), [("nt7", False), ("pkuxkx", False), ("rom", True), ("generic", True), ("auto", False)]
)
def test_owners_want_a_mud_that_says_who_they_are(path: Path, dialect: str, warned: bool) -> None:
    """By login ids in tells, of a colour that tells a true one from one that was written."""
    result = check(path, f"sessions:\n  - host: mud.example.org\n    dialect: {dialect}\n    owners: [wiz]\n")
    assert result.exit_code == 0
    assert ("config.yaml:4: owners: the dialect" in result.output) == warned
