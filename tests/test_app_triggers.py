"""Triggers of a configuration through the whole bot, from a log of the MUD to the lines that are sent."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner

from mudbot.app import App
from mudbot.cli import cli
from mudbot.config import load

CONFIG = """\
sessions:
  - {host: mud.example.org, dialect: nt7, login: {name: chen, password: x}, owners: [wiz], language: zh,
     character: innkeeper-zh}
plugins: {triggers: {permissions: {commands: true}}}
store: data
triggers:
  - {pattern: '^(?P<who>\\w+)走了过来。$', reply: '{who}，里面请。', cooldown: 30s, per: who}
  - {pattern: '^(.+)对你发动了攻击', command: [stand, 'kill {1}'], group: 战斗}
  - {text: 唱歌, prompt: 唱一句。, cooldown: 1s}
"""


def sent(folder: Path, lines: list[str]) -> list[str]:
    """What the bot sends on *lines*."""
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    (folder / "log.txt").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / "answers.txt").write_text("一壶浊酒喜相逢，客官听着。\n", encoding="utf-8")
    arguments = ["replay", str(folder / "log.txt"), "-c", str(folder / "config.yaml")]
    result = CliRunner().invoke(cli, [*arguments, "--answers", str(folder / "answers.txt")])
    assert result.exit_code == 0, result.output
    return [line.split("sent", 1)[1].strip() for line in result.stdout.splitlines() if "  sent  " in line]


def test_replies_and_commands_leave_the_bot(tmp_path: Path) -> None:
    """A reply as words in the room, a command as it is; a command with hostile words not at all."""
    lines = ["张三走了过来。", "张三走了过来。", "李四对你发动了攻击！", "王五;quit对你发动了攻击！"]
    assert sent(tmp_path, lines) == ["say 张三，里面请。", "stand", "kill 李四"]


def test_a_reply_goes_back_to_who_spoke(tmp_path: Path) -> None:
    """And so does the model's answer to a question."""
    lines = ["\x1b[1;32m张三(zhang)告诉你：唱歌！\x1b[0m", "张三(zhang)走了过来。"]
    assert sent(tmp_path, lines) == ["tell zhang 一壶浊酒喜相逢，客官听着。"]


@pytest.mark.parametrize("colour", ["\x1b[1;32m", "", "\x1b[36m"])
def test_an_owner_switches_what_it_does(tmp_path: Path, colour: str) -> None:
    """In the colour of tells; without it, or in that of emotes, nobody is an owner."""
    order = f"{colour}巫师(wiz)告诉你：!触发 关 战斗\x1b[0m"
    found = sent(tmp_path, [order, "李四对你发动了攻击！"])
    assert found == (["tell wiz 战斗 已关（1 条）。"] if colour == "\x1b[1;32m" else ["stand", "kill 李四"])


async def test_what_check_would_warn_of_is_logged_at_the_start(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Triggers that rest, patterns that run away: who never runs `mudbot check` reads it as well."""
    path = tmp_path / "config.yaml"
    path.write_text(
        "api: {base_url: 'http://127.0.0.1:9/v1'}\nsessions: [{host: tavern}]\nplugins: {triggers: }\nstore: data\n"
        "web: {port: 0}\ntriggers:\n  - {text: x, command: nod}\n  - {pattern: '(a+)+$', gag: true, name: evil}\n"
    )
    bot = App(load(path, environ={}))
    await bot.start()
    try:
        async with asyncio.timeout(10):
            while "trigger evil" not in caplog.text:  # noqa: ASYNC110 - polls a log
                await asyncio.sleep(0.01)
    finally:
        await bot.stop()
    assert "config.yaml:7: this trigger rests: raw commands want plugins.triggers.permissions.commands" in caplog.text
