"""``mudbot match``: what would fire on a line, what it would do, and why the rest would not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli
from mudbot.cli import match as match_module
from mudbot.cli.trial import Trial

CONFIG = """\
sessions:
  - {host: mud.example.org, name: far, dialect: nt7, encoding: gbk, login: {name: chen, password: x}, owners: [wiz]}
  - {host: other.example.org, name: near, dialect: rom, character: innkeeper}
plugins:
  basics:
  fighter:
  triggers: {permissions: {commands: true}}
triggers:
  - {name: greet, pattern: '^(?P<who>\\w+) has arrived\\.$', reply: 'Hello, {who}!', cooldown: 30s, per: who}
  - {name: fight, pattern: '^(.+) attacks you', command: [stand, 'kill {1}'], group: combat}
  - {name: low, pattern: '^HP:(\\d+)', on: prompt, when: hp < 30, command: flee}
  - {name: red, glob: '* shouts', color: {'1': red}, prompt: 'Who is {1}?'}
  - {name: ad, text: ADVERTISEMENT, gag: true}
  - {name: both, all_of: [^One, ^Two], substitute: '{0}!', session: far}
  - {name: off, text: arrived, reply: x, enabled: false}
"""
FIGHTER = """\
from mudbot import Plugin, command, trigger

class Fighter(Plugin):
    async def start(self):
        raise RuntimeError("a plugin was started")

    @trigger(r"you get (?P<gold>\\d+) coins", stop=True)
    async def count(self, gold: int) -> None:
        pass

    @command("rule", role="owner")
    async def rule(self, command):
        pass
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "fighter.py").write_text(FIGHTER)
    (tmp_path / "config.yaml").write_text(CONFIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def match(*arguments: str, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, ["match", *arguments], input=stdin)


def rows(*arguments: str, stdin: bytes | None = None) -> list[dict[str, Any]]:
    return [json.loads(line) for line in match("--json", *arguments, stdin=stdin).stdout.splitlines()]


def fired(*arguments: str) -> list[list[str]]:
    return [[each["trigger"] for each in row["fires"]] for row in rows(*arguments)]


# -- what fires --------------------------------------------------------------------------------------------------------


def test_it_is_pleasant_to_read() -> None:
    """The line first, then who fires, what it does, and with what groups."""
    result = match("Ann has arrived.", "Bob attacks you")
    assert result.stdout == (
        '"Ann has arrived."\n'
        "  fires  greet  reply: Hello, Ann!  who='Ann'\n"
        '"Bob attacks you"\n'
        "  fires  fight  command: stand     1='Bob'\n"
        "                command: kill Bob\n"
    )
    assert result.exit_code == 0


def test_it_is_as_easy_to_read_for_a_program() -> None:
    """One object a line."""
    assert rows("Bob attacks you", "you get 12 coins", "nothing") == [
        {
            "line": "Bob attacks you",
            "fires": [{"trigger": "fight", "groups": {"1": "Bob"}, "does": {"commands": ["stand", "kill Bob"]}}],
        },
        {
            "line": "you get 12 coins",
            "fires": [
                {
                    "trigger": "fighter.count",
                    "groups": {"gold": "12"},
                    "does": {"calls": "fighter.count", "arguments": {"gold": 12}},
                }
            ],
        },
        {"line": "nothing", "fires": []},
    ]


@pytest.mark.parametrize(
    ("arguments", "status"), [(("x",), 1), (("Ann has arrived.",), 0), (("x", "Ann has arrived.", "x"), 0), ((), 2)]
)
def test_the_exit_status_says_whether_something_fired(arguments: tuple[str, ...], status: int) -> None:
    assert match(*arguments).exit_code == status


def test_lines_go_through_one_engine_in_their_order() -> None:
    """Cooldowns hold, and pass with --at; triggers over several lines work."""
    lines = ("Ann has arrived.", "Ann has arrived.", "One", "Two", "Ann has arrived.")
    assert fired(*lines) == [["greet"], [], [], ["both"], []]
    assert fired("--at", "10", *lines) == [["greet"], [], [], ["both"], ["greet"]]


def test_an_action_that_comes_too_often_rests() -> None:
    """And says for how long still."""
    result = match("--at", "0.9", *["Bob attacks you"] * 13)
    assert result.stdout.count("command: kill Bob") == 10
    for rest in (60, 60, 59):
        said = f"nothing: it rests for {rest} s: it acted 10 times within 10 s"
        assert said in result.stdout
    assert result.stdout.count("it rests for 60 s") == 2


def test_a_group_that_is_unfit_for_a_command_says_so() -> None:
    result = match("a;quit attacks you")
    assert "fires  fight  nothing: 'kill {1}': the group 1 is 'a;quit': only letters, digits" in result.stdout


@pytest.mark.parametrize("escape", ["\x1b", "\\e", "\\x1b", "\\x1B", "\\033"])
def test_colours_may_be_typed_in_any_way(escape: str) -> None:
    line = f"{escape}[31mBob{escape}[0m shouts"
    assert fired(line, "Bob shouts") == [["red"], []]
    assert rows(line)[0]["line"] == "Bob shouts"


def test_each_line_begins_without_colours() -> None:
    """What one ends with goes on in the next only on standard input, as in the MUD's own stream."""
    assert fired("\\e[31mx", "Bob shouts") == [[], []]
    assert [len(row["fires"]) for row in rows("-", stdin=b"\\e[31mx\nBob shouts\n")] == [0, 1]


def test_standard_input_is_read_in_its_encoding() -> None:
    """The session's, or that of --encoding; with colours, whatever its line ends are."""
    text = "\\e[31m张三\\e[0m shouts\r\nAnn has arrived.\n"
    for arguments, encoding in ((("-",), "gbk"), (("--encoding", "utf-8", "-"), "utf-8")):
        found = rows(*arguments, stdin=text.encode(encoding))
        assert [row["line"] for row in found] == ["张三 shouts", "Ann has arrived."]
        assert found[0]["fires"][0]["does"] == {"prompt": "Who is 张三?"}


@pytest.mark.parametrize(
    ("session", "text", "encoding", "wanted"),
    [
        ("near", "x\n\\e[31m张三走了过来。\n李四走了过来。\n", "gbk",
         "standard input, line 2: not all of it is utf-8: try --encoding gbk"),
        ("near", "張三走了過來，問道：這是誰的劍？\n", "big5",
         "standard input, line 1: not all of it is utf-8: try --encoding big5"),
        ("near", "张\n", "gbk", "standard input, line 1: not all of it is utf-8: try --encoding gbk"),
        ("far", "张三走了过来。\n", "utf-8", "standard input, line 1: not all of it is gbk: try --encoding utf-8"),
        ("near", "张三走了过来。\n", "utf-8", ""),
        ("far", "张三走了过来。\n", "gbk", ""),
    ],
)  # fmt: skip
def test_input_in_another_encoding_is_told_once(session: str, text: str, encoding: str, wanted: str) -> None:
    """Beside the output, with what to try; whoever says the encoding, or has it guessed, is not told."""
    assert match("--session", session, "-", stdin=text.encode(encoding)).stderr.strip() == wanted
    for said in (encoding, "utf-8", "auto"):
        assert not match("--session", session, "--encoding", said, "-", stdin=text.encode(encoding)).stderr


@pytest.mark.parametrize("options", [("--set-value", "hp=20"), ("--prompt",)])
def test_many_lines_are_sieved_with_the_same_result(
    folder: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Standard input where there are many triggers, arguments where they are many as well; --explain asks of each."""
    prepared = []

    def prepare(trial: Trial) -> None:
        prepared.append(trial)
        trial.engine.prepare()

    monkeypatch.setattr(Trial, "prepare", prepare)
    more = [
        "  - {name: 'when', pattern: 'thing(\\d)\\b', when: 'hp < 30', reply: '{1}', priority: 2}",
        "  - {name: 'every', pattern: '.', count: 7, reply: x}",
        "  - {name: 'pair', all_of: ['THING', '^One'], reply: x, lines: 3}",
        "  - {name: 'all', pattern: 'thing.', on: prompt, reply: x}",
        *(f"  - {{name: t{n}, pattern: '^(\\w+|张三) \\w+ thing{n}$', reply: '{{1}}'}}" for n in range(301)),
    ]
    (folder / "config.yaml").write_text(CONFIG.replace("gbk", "utf-8") + "\n".join(more) + "\n")
    lines = [f"{who} has thing{n}" for n in range(0, 320, 3) for who in ("Bob", "张三")]
    lines[5:5] = ["Ann has arrived.", "One", "Two", "THING", "you get 3 coins", "张三(zhang)告诉你：!status"] * 2
    stdin = "\n".join(lines).encode()
    assert not match("--explain", *options, "-", stdin=stdin).stderr
    assert not match(*options, *lines[:20]).stderr
    assert not prepared
    sieved = [rows(*options, "-", stdin=stdin), rows(*options, *lines)]
    assert len(prepared) == 2
    monkeypatch.setattr(match_module, "MANY", 10**9)
    monkeypatch.setattr(match_module, "WORTH", 10**9)
    one_by_one = rows(*options, "-", stdin=stdin)
    assert sieved == [one_by_one, one_by_one]
    assert len(prepared) == 2
    assert {each["trigger"] for row in one_by_one for each in row["fires"]} >= (
        {"all"} if "--prompt" in options else {"when", "every", "pair", "both", "greet", "t300", "t0", "fighter.count"}
    )


def test_the_session_s_triggers_are_tried() -> None:
    """The first one's, or those of --session."""
    assert fired("One", "Two") == [[], ["both"]]
    assert fired("--session", "near", "One", "Two") == [[], []]


@pytest.mark.parametrize(
    "options", [("--set-value", "hp=20"), ("--gmcp", 'Char.Vitals {"hp": "20"}'), ("--gmcp", "hp 20"),
                ("--set-value", "hp=50", "--set-value", "hp=20"), ("--set-value", "Char.Vitals.hp=20")]
)  # fmt: skip
def test_conditions_go_by_the_values_that_are_given(options: tuple[str, ...]) -> None:
    assert fired("--prompt", *options, "HP:20 >") == [["low"]]
    assert fired("--prompt", "HP:20 >") == [[]]
    assert fired(*options, "HP:20 >") == [[]]


def test_a_dotted_name_is_what_the_mud_told_under_it() -> None:
    """So a condition finds it by its path, whatever the case, beside what else is known there."""
    given = ("--set-value", "Char.Vitals.HP=20", "--set-value", "char.vitals.name=wei", "--prompt", "HP:20 >")
    for when, fires in (
        ("Char.Vitals.hp < 30 and Char.Vitals.name == 'wei'", True),
        ("char.vitals.hp < 20", False),
        ("name == 'wei'", True),
    ):
        assert fired("--set", f"triggers.2.when={when}", *given) == [["low"] if fires else []]


def test_what_the_character_says_itself_is_left_out() -> None:
    """By the dialect's form of its own words, and by its name where it hears itself."""
    own, echo, other = rows(
        "你说道：「Bob attacks you」", "【闲聊】老陈(Chen)：Ann has arrived.", "【闲聊】老张(zhang)：hi"
    )
    assert own == {"line": "你说道：「Bob attacks you」", "fires": [], "own": True, "speech": {"kind": "self"}}
    assert (echo["own"], echo["fires"], "own" in other) == (True, [], False)
    assert match("你说道：「hi」").stdout.splitlines()[1].strip() == "the character's own words: nothing hears them"


def test_another_dialect_may_be_tried() -> None:
    line = "Ann says 'hello'"
    assert "speech" not in rows(line)[0]
    assert rows("--dialect", "rom", line)[0]["speech"] == {"kind": "say", "speaker": "Ann", "text": "hello"}


def test_nothing_is_started_or_written(folder: Path) -> None:
    """The plugin's start would raise; no file appears."""
    before = sorted(folder.rglob("*"))
    assert match("--set", "store=data", "you get 12 coins").exit_code == 0
    assert sorted(folder.rglob("*")) == before


# -- why not -----------------------------------------------------------------------------------------------------------


def explained(*arguments: str) -> list[str]:
    return match("--explain", *arguments).stdout.splitlines()


def test_every_near_miss_says_why() -> None:
    """Below the line, in the order of their turn."""
    assert explained("Ann has arrived.", "Ann has arrived.") == [
        "session far, dialect nt7, 8 triggers",
        '"Ann has arrived."',
        "  fires  greet  reply: Hello, Ann!  who='Ann'",
        "  not    off    off: it is switched off",
        '"Ann has arrived."',
        "  nothing fires",
        "  not  greet  cooldown: again in 30.0 s",
        "  not  off    off: it is switched off",
    ]


@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        (("Bob shouts",), "  not  red  color: group 1 is not red: 'Bob' is plain"),
        (("One",), "  not  both  waits: 1 of 2 lines are there; the next wants ^Two"),
        (("HP:1",), "  not  low  prompt: it looks at prompts: try --prompt"),
        (("--prompt", "Bob attacks you"), "  not  fight  line: it looks at lines: try without --prompt"),
        (("--prompt", "--set-value", "hp=50", "HP:1"), "  not  low  condition: not so: hp < 30 (hp is 50)"),
        (("--set", "plugins.triggers.permissions.commands=false", "Bob attacks you"),
         "  not  fight  permission: raw commands want plugins.triggers.permissions.commands: true"),
        (("Bob attacks him",),
         "  nearest  fight  has '^(.+) attacks ', then wants 'you', where the line goes on with 'him'"),
        (("Bob attacks",), "  nearest  fight  has '^(.+) attacks', then wants ' you', where the line ends"),
    ],
)  # fmt: skip
def test_each_reason_names_what_there_is(arguments: tuple[str, ...], row: str) -> None:
    assert explained(*arguments)[-1] == row


def test_what_is_stopped_says_by_whom(folder: Path) -> None:
    (folder / "config.yaml").write_text(f"{CONFIG}  - {{name: gold, text: coins, reply: x}}\n")
    assert (
        explained("you get 12 coins")[-1] == "  not    gold           stopped: fighter.count stops the line before it"
    )


def test_what_was_heard_is_told_with_the_command() -> None:
    """The speech as the dialect reads it, and the plugin's method that has the chat command."""
    assert explained("张三(zhang)告诉你：!status now")[2] == (
        "  heard  tell by 张三 (id zhang)  '!status now'  chat command status: basics.status('now')"
    )


def test_no_trigger_looks_at_a_chat_command(folder: Path) -> None:
    """The host hands it to its plugin only; the same words are a line where they are no command of anybody's."""
    (folder / "config.yaml").write_text(f"{CONFIG}  - {{name: tell, text: 告诉你, reply: x}}\n")
    chat, other = "张三(zhang)告诉你：!status", "张三(zhang)告诉你：!fly"
    assert fired(chat, other) == [[], ["tell"]]
    assert match(chat).exit_code == 1
    assert explained(chat)[2:] == [
        "  heard  tell by 张三 (id zhang)  '!status'  chat command status: basics.status('')",
        "         a chat command: it goes to basics.status, and to no trigger",
    ]
    assert [row["missed"] for row in rows("--explain", chat)] == [[]]


def test_a_command_by_the_character_s_name_is_one() -> None:
    """By that of the login, and by any that the persona has."""
    said = [f'Bob says, "{text}"' for text in ("chen, status", "掌柜，状态", "Chen, status report", "Bob, status")]
    options = ("--session", "far", "--set", "sessions.0.character=innkeeper-zh", "--dialect", "generic")
    assert [row.get("command", {}).get("calls") for row in rows(*options, *said)] == ["basics.status"] * 2 + [None] * 2


def test_an_owner_s_command_exists_for_owners() -> None:
    """Whose tell has the colour of tells."""
    true, forged = "\\e[1;32m巫师(wiz)告诉你：!rule\\e[0m", "巫师(wiz)告诉你：!rule"
    assert [row.get("command", {}).get("calls") for row in rows(true, forged)] == ["fighter.rule", None]


def test_reasons_are_there_for_programs_too() -> None:
    found = rows("--explain", "Bob shouts", "Bob attacks him")
    assert found[0]["missed"] == [{"trigger": "red", "why": "color", "text": "group 1 is not red: 'Bob' is plain"}]
    assert found[1]["nearest"] == {"trigger": "fight", "there": "^(.+) attacks ", "wanted": "you", "rest": "him"}


def test_nothing_in_a_line_is_obeyed_by_the_terminal() -> None:
    """What stands in it is shown."""
    assert "\x1b" not in match("--explain", "Bob\x1b]0;owned\x07 attacks you\x9b31m").stdout


# -- bad usage ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--session", "fr", "x"), "there is no session 'fr'; there are far, near"),
        (("--set-value", "hp", "x"), "write a name and its value, as hp=20"),
        (("--set-value", "Char..hp=2", "x"), "write a name and its value, as hp=20 or Char.Vitals.hp=20"),
        (("--set-value", ".hp=2", "x"), "write a name and its value"),
        (("--set-value", "Char.=2", "x"), "write a name and its value"),
        (("--gmcp", "Char.Vitals {hp", "x"), "double quotes: line 1 column 2 (char 1); write both in one argument"),
        (("--gmcp", "Char.Vitals", "x"), "there is no JSON behind the package; write both in one argument, as 'Char"),
        (("--gmcp", '{"hp":1}', "x"), "it begins with no package; write both in one argument, as 'Char.Vitals {"),
        (("--gmcp", '{"hp": 1}', "x"), "it begins with no package"),
        (("--gmcp", " ", "x"), "it begins with no package"),
        (("--gmcp", f"Char.Vitals {'[' * 100_000}", "x"), "is no message"),
        (("--encoding", "utf-99", "-"), "there is no encoding 'utf-99'"),
        (("--dialect", "rum", "x"), "did you mean 'rom'?"),
        (("-c", "nowhere.yaml", "x"), "there is no such file"),
        (("--set", "triggers.0.cooldown=5", "x"), "write 5s"),
        (("--set", "triggers.0.pattern='('", "x"), "is not a regular expression"),
        (("--at", "-1", "x"), "--at"),
    ],
)
def test_what_cannot_be_tried_is_status_2(arguments: tuple[str, ...], words: str) -> None:
    """With the remedy."""
    result = match(*arguments)
    assert result.exit_code == 2
    assert words in result.output
