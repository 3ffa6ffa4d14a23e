r"""What ``mudbot triggers import`` makes of a TinTin++ script does what TinTin++ does with it, line by line.

Both get the same script, ``data/actions.tin``, and the same lines, each with a mark behind it: what TinTin++ sends
before it echoes the mark was caused by that line.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner

from mudbot import resolve
from mudbot.cli import cli
from mudbot.config import load
from mudbot.errors import GateError
from mudbot.host.triggers import deed_of
from mudbot.mud.text import TextStream
from mudbot.triggers.data import Written
from mudbot.triggers.engine import Engine
from mudbot.triggers.entry import Firing

pytestmark = [pytest.mark.real, pytest.mark.timeout(60)]

SCRIPT = Path(__file__).parent / "data" / "actions.tin"
# Debian keeps it where only players look.
PROGRAM = shutil.which("tt++") or shutil.which("tt++", path="/usr/games")
PATIENCE = 20
"""Seconds until a TinTin++ that says nothing has failed; all of it takes a fraction of one."""

START = """\
#config {charset} {UTF-8}
#read {SCRIPT}
#action {^=mark= %d$} {=mark= %1} {1}
#session {mud} {127.0.0.1} {PORT}
"""
CONFIG = """\
sessions: [{host: mud.example.org, dialect: generic, login: {name: chen, password: x}}]
plugins: {triggers: {permissions: {commands: true}}}
triggers: [{include: actions.yaml}]
"""

LINES = r"""Bob tells you 'hello there'
Bob tells you 'one' and 'two'
Bob tells you 'x;quit'
Bob tells you nothing
bob Tells you 'hello'
Bob gives you 42 coins.
Bob gives you some coins.
Bob Smith gives you 42 gold.
HP:30/45> HP:1/2>
HP:/45
You are very hungry
You are hungry
Foo hits bar now
Foo hits
swap x for y and z
neg abc def!
run abc end
run a end
run abcdef end
digits 42
digits 4242
fixed 123456
fixed 12
plus hello end
plus  end
one x two
one  two
maybex two
maybe two
blank   blank
blankblank
upper abc7
print abc!def!
both a and b again
whole (a) of b
word 你x好
word 你好
word 你们好
any 你们好
none of it
none
start only
not start only
an end only
end only!
exact line
an exact line
in the middle of it
Middle
it costs $ 5
it costs ^ 5
price $
price 5
dots. and stars* [in] (here)? a|b + c
dotsx and stars [in] here a
100% sure
double
^double
The goblin arrives from the east.
The dragon arrives from the east.
Go north
Go up
Ann casts ice at Bob.
Ann casts water at Bob.
apple 12 items
ababc
opt xy
opt y
silent night
loud night
look ahead
look behind
esc4+ x
esc42 x
LOUD
LOUd
You feel THIRSTY now
mid CASE exact
mid CASE EXACT
Case Matters
case matters
prio
prio high
high prio
high prio high
late
one late
a tie
B tie
B tie, a tie
tie 领带
领带
张三(zhangsan)告诉你：在吗
【闲聊】张三：你好
【闲聊】张三(zhang)：你好
> 李四对着你笑
> 王五对着你笑
你深深吸了一口气
你吸了一口气
你的气血只剩下 30 点
黑衣人对着你发出一阵阴笑
看起来黑衣人想杀死你！
你  饿了
你饿了
“甲”和《乙》
You are bleeding badly
repeat it
raw x
semi x
only signs
again
unparted
braces
escapes
Once only
Once only
Login ok
Login ok
percent
odd signs
bare words
redefined
removed
killed
a gentle breeze
5 gold
5 coins

\e[1;31mDANGER ahead\e[0m
\e[31mDANGER ahead\e[0m
DANGER ahead
plain \e[1mDANGER\e[0m
he\e[32mlp you\e[0m""".splitlines()

WITHHELD = {
    "Bob tells you 'x;quit'",
    "HP:/45",
    "You are very hungry",
    "You are hungry",
    "maybe two",
    "whole (a) of b",
    "word 你好",
    "opt y",
    "silent night",
    "look ahead",
    "【闲聊】张三(zhang)：你好",
}
"""Where a group is empty or no plain name or number, so that the commands are right and yet not sent."""

DIFFERENT = {
    "orc hits you": ("#action {^$target hits you}", "it holds a variable or a function"),
    "Your target is gone": ("#action {Your target is gone}: kill $target", "it holds a variable or a function"),
    "help me": ("#action {help me}: kk orc", "is an alias of line 6"),
    "HP low 12": ("#action {^HP low %d}: #if {%1 < 30} {flee}", "conditions are not carried over"),
    r"mid \e[0mred": (r"#action {~mid \e[0mred}", "looks at colour codes"),
    "missing x group": ("#action {missing %2 group}: say %1 and %2", "its pattern has no %1"),
    "enter it": ("#action {^enter it}: nothing between two semicolons", "an empty line is not sent"),
    "silence in the middle": ("#action {silence in the middle}", "nothing is left of what it does"),
    "一字你。": ("#action {^一字%.。$}", "TinTin++ counts bytes"),
}
"""Lines on which TinTin++ does something else, and the note that says so."""


@dataclass
class Outcome:
    """What came of each line."""

    theirs: dict[str, list[list[str]]] = field(default_factory=dict)
    """Line to what TinTin++ sent, each time that the line came."""
    ours: dict[str, list[list[str]]] = field(default_factory=dict)
    withheld: set[str] = field(default_factory=set)
    """Lines on which the commands in *ours* would not be sent."""
    notes: str = ""
    """What the import said."""
    idle: list[str] = field(default_factory=list)
    """The triggers that no line set off."""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """All lines through both."""
    if PROGRAM is None:
        pytest.skip("there is no tt++ here: install TinTin++ (apt-get install tintin++)")
    folder, found = tmp_path_factory.mktemp("tintin"), Outcome()
    lines = [*LINES, *DIFFERENT]
    for line, sent in zip(lines, theirs(folder, lines), strict=True):
        found.theirs.setdefault(line, []).append(sent)
    fill_in_ours(found, folder, lines)
    return found


def raw(line: str) -> bytes:
    return line.replace(r"\e", "\x1b").encode()


# -- TinTin++ ----------------------------------------------------------------------------------------------------------


@contextmanager
def tintin(folder: Path) -> Iterator[socket.socket]:
    """A TinTin++ that has read the script, as the MUD that it connected to sees it."""
    assert PROGRAM is not None
    script = folder / "start.tin"
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE)
        port = str(server.getsockname()[1])
        script.write_text(START.replace("SCRIPT", str(SCRIPT)).replace("PORT", port), encoding="utf-8")
        terminal, keyboard = os.openpty()
        with subprocess.Popen(
            [PROGRAM, "-G", "-r", str(script)],
            cwd=folder,
            stdin=keyboard,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"HOME": str(folder), "TERM": "xterm", "LANG": "C.UTF-8"},
            start_new_session=True,
        ) as process:
            os.close(keyboard)
            try:
                connection, _ = server.accept()
                with connection:
                    connection.settimeout(PATIENCE)
                    yield connection
            finally:
                process.kill()
                os.close(terminal)


def theirs(folder: Path, lines: list[str]) -> list[list[str]]:
    """What TinTin++ sends on each of *lines*."""
    with tintin(folder) as connection:
        for number, line in enumerate(lines):
            connection.sendall(raw(line) + b"\r\n=mark= %d\r\n" % number)
        received = b""
        while not re.search(rb"^=mark= %d\r?\n" % (len(lines) - 1), received, re.MULTILINE):
            data = connection.recv(65536)
            assert data, f"TinTin++ hung up after {received[-500:]!r}"
            received += data
    found: list[list[str]] = [[]]
    for text in received.decode().replace("\r", "").splitlines():
        if text.startswith("=mark= "):
            found.append([])
        else:
            found[-1].append(text)
    return found[:-1]


# -- mudbot ------------------------------------------------------------------------------------------------------------


def fill_in_ours(found: Outcome, folder: Path, lines: list[str]) -> None:
    """Import the script as a user would, and let the engine hear *lines*."""
    imported = CliRunner().invoke(cli, ["triggers", "import", str(SCRIPT), "-o", str(folder / "actions.yaml")])
    assert imported.exit_code == 0, imported.output
    found.notes = imported.stderr
    (folder / "config.yaml").write_text(CONFIG, encoding="utf-8")
    engine: Engine[Written] = Engine()
    for written in resolve.load_triggers(load(folder / "config.yaml")):
        engine.add(written.trigger, written)
    stream = TextStream("utf-8")
    for line in lines:
        sent: list[str] = []

        def fire(firing: Firing[Written], line: str = line, sent: list[str] = sent) -> None:
            sent += (template.fill(firing.groups) for template in firing.entry.data.commands)
            try:
                deed_of(firing.entry.data, firing)
            except GateError:
                found.withheld.add(line)

        engine.feed(stream.feed(raw(line) + b"\r\n"), fire)
        found.ours.setdefault(line, []).append(sent)
    found.idle = [entry.trigger.patterns[0].source for entry in engine.entries if not entry.fired]


# -- both --------------------------------------------------------------------------------------------------------------


def test_every_line_gives_the_commands_that_tintin_sends(outcome: Outcome) -> None:
    """The same commands in the same order, and none where it sends none."""
    found = {line: (outcome.theirs[line], outcome.ours[line]) for line in LINES}
    assert {line: both for line, both in found.items() if both[0] != both[1]} == {}


def test_every_trigger_is_set_off_by_some_line(outcome: Outcome) -> None:
    """Else the equal commands say nothing of it."""
    assert outcome.idle == []


@pytest.mark.parametrize("line", DIFFERENT)
def test_a_note_tells_where_something_else_is_done(outcome: Outcome, line: str) -> None:
    """By the name of the action, and the reason; and TinTin++ does something else indeed."""
    what, why = DIFFERENT[line]
    assert outcome.theirs[line] != outcome.ours[line]
    assert [note for note in outcome.notes.splitlines() if what in note and why in note]


def test_only_plain_names_and_numbers_get_into_commands(outcome: Outcome) -> None:
    """TinTin++ sends whatever the MUD's text is; the outcome of the import says that this is not done here."""
    assert outcome.withheld == WITHHELD
