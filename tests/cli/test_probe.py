"""``mudbot probe``: one connection, and a report of what is there, for people and for machines."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import socketserver
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mudbot.cli import main

Script = Callable[["Host"], None]
IAC_WILL_MSSP, IAC_WILL_ECHO, GA = b"\xff\xfb\x46", b"\xff\xfb\x01", b"\xff\xf9"
BANNER = "欢迎来到江湖，这里的客栈有酒有肉，请各位英雄好汉遵守规矩，不要在客栈里打架。\r\n"


class Host(socketserver.StreamRequestHandler):
    """One visitor."""

    def say(self, text: str | bytes) -> None:
        self.wfile.write(text.encode("gbk") if isinstance(text, str) else text)

    def typed(self) -> str:
        """The next line; what is telnet before it does not count."""
        line = self.rfile.readline()
        server = self.server
        assert isinstance(server, Mud)
        server.typed.append(line.rpartition(b"\xf0")[2].lstrip(b"\xff").decode("gbk", "replace").strip())
        return server.typed[-1]

    def handle(self) -> None:
        server = self.server
        assert isinstance(server, Mud)
        server.visits += 1
        with contextlib.suppress(OSError):
            server.script(self)


class Mud(socketserver.ThreadingTCPServer):
    """A server that follows a script, in a thread of its own."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, script: Script) -> None:
        super().__init__(("127.0.0.1", 0), Host)
        self.script, self.visits = script, 0
        self.typed: list[str] = []

    @property
    def port(self) -> int:
        port: int = self.server_address[1]
        return port


@contextlib.contextmanager
def mud(script: Script) -> Iterator[Mud]:
    server = Mud(script)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def probe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Iterator[Any]:
    """``probe(*arguments)`` is exit status, output and errors."""
    level = logging.getLogger("mudbot").level

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["mudbot", "probe", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        return (int(ended.value.code or 0), *capfd.readouterr())

    yield run
    logging.getLogger("mudbot").setLevel(level)  # which the command sets for its own process


def greet(host: Host) -> None:
    """A MUD in GBK that tells of itself, asks a name, and waits."""
    host.say(b"\xff\xfb\x46")
    host.say(b"\xff\xfa\x46\x01NAME\x02Crane\x01CODEBASE\x02nt7\xff\xf0")
    host.say(BANNER * 3)
    host.say("请输入您的英文名字(忘记密码请输入「pass」)：".encode("gbk") + GA)
    host.rfile.read()


def test_a_mud_is_described_for_machines(probe: Any) -> None:
    """Options, MSSP, encoding with its reason, dialect with its reasons, prompts, banner, time to the first text."""
    with mud(greet) as server:
        status, out, err = probe("127.0.0.1", server.port, "--json")
        assert server.visits == 1
    report = json.loads(out)
    assert (status, err) == (0, "")
    assert report["connected"]
    assert report["error"] is None
    assert report["login"] is None
    assert report["mssp"]["NAME"] == "Crane"
    assert [(option["option"], option["agreed"]) for option in report["options"]] == [("MSSP", True)]
    assert report["encoding"]["guess"] == "gbk"
    assert report["encoding"]["confidence"] > 0.9
    assert report["dialect"]["guess"] == "nt7"
    assert report["dialect"]["candidates"][0]["reasons"]
    assert report["prompts"] == {"ga": "请输入您的英文名字(忘记密码请输入「pass」)："}
    assert report["banner"][0] == BANNER.strip()
    assert 0 < report["first_text_seconds"] < 5


def test_a_mud_is_described_for_people(probe: Any) -> None:
    def script(host: Host) -> None:
        host.say("Welcome to Evennia!\r\n")

    with mud(script) as server:
        status, out, _ = probe("127.0.0.1", server.port)
    assert status == 0
    assert f"127.0.0.1:{server.port}: connected" in out
    assert "dialect: evennia" in out
    assert "it shows 'Evennia'" in out


def test_a_mud_that_shows_no_sign_is_generic(probe: Any) -> None:
    def script(host: Host) -> None:
        host.say("Hello.\r\n")

    with mud(script) as server:
        status, out, _ = probe("127.0.0.1", server.port, "--json")
    assert status == 0
    assert json.loads(out)["dialect"] == {"guess": "generic", "candidates": []}


def test_nothing_there_is_told_with_the_address(probe: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    status, out, _ = probe("127.0.0.1", port)
    assert status == 1
    assert f"127.0.0.1:{port}" in out
    status, out, _ = probe("127.0.0.1", port, "--json")
    assert status == 1
    assert not json.loads(out)["connected"]
    assert str(port) in json.loads(out)["error"]


def test_a_server_that_hangs_up_without_a_word_is_no_mud(probe: Any) -> None:
    with mud(lambda _host: None) as server:
        status, out, _ = probe("127.0.0.1", server.port)
    assert status == 1
    assert "before it said a word" in out


def test_a_server_that_says_nothing_is_left_when_the_time_is_over(probe: Any) -> None:
    def script(host: Host) -> None:
        host.rfile.read()

    with mud(script) as server:
        status, out, _ = probe("127.0.0.1", server.port, "--wait", "0.5")
    assert status == 0
    assert "no text came" in out


def test_a_terminal_obeys_nothing_of_a_banner(probe: Any) -> None:
    """Nor a prompt, nor what MSSP says."""

    def script(host: Host) -> None:
        host.say(b"\xff\xfb\x46\xff\xfa\x46\x01NA\x1b[2JME\x02\x1b]0;owned\x07\xff\xf0")
        host.say("hi \x1b]0;owned\x07 \x9b2J \u202e there\r\nname?".encode())

    with mud(script) as server:
        for options in ([], ["--json"]):
            _, out, _ = probe("127.0.0.1", server.port, *options)
            assert all(char.isprintable() or char == "\n" for char in out)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["mud.example.org"], "PORT"),
        (["mud.example.org", "0"], "range"),
        (["mud.example.org", "telnet"], "integer"),
        (["mud.example.org", "4000", "--wait", "0"], "range"),
    ],
)
def test_a_slip_in_the_arguments_is_told(probe: Any, arguments: list[str], words: str) -> None:
    status, _, err = probe(*arguments)
    assert status == 2
    assert words in err


def test_a_proxy_that_cannot_be_understood_is_told_without_its_password(probe: Any) -> None:
    status, out, err = probe("mud.example.org", 4000, "--proxy", "socks9://me:canary@host:1")
    assert status == 1
    assert "proxy" in err
    assert "canary" not in out + err


# -- with the login ----------------------------------------------------------------------------------------------------

CONFIG = """\
sessions:
  - host: 127.0.0.1
    port: {port}
    dialect: {dialect}
    login: {{name: Chen, password: s3cret-canary}}
"""


def door(host: Host, *, verdict: str) -> None:
    """A ROM's questions, the password hidden, as it should be."""
    host.say(b"Welcome to Nowhere.\r\nBy what name do you wish to be mourned? " + GA)
    host.typed()
    host.say(IAC_WILL_ECHO + b"Password: " + GA)
    host.typed()
    host.say(verdict)
    while host.typed() not in ("quit", ""):
        pass


def config(tmp_path: Path, port: int, dialect: str = "rom") -> None:
    (tmp_path / "config.yaml").write_text(CONFIG.format(port=port, dialect=dialect))


@pytest.mark.parametrize("dialect", ["rom", "auto"])
def test_the_login_of_the_configuration_can_be_tried(probe: Any, tmp_path: Path, dialect: str) -> None:
    """On the one connection that is looked at; then it leaves, as the MUD wants it, and no secret is shown."""
    with mud(lambda host: door(host, verdict="Welcome to ROM 2.4.\r\n> ")) as server:
        config(tmp_path, server.port, dialect)
        status, out, err = probe("127.0.0.1", server.port, "--login", "--json")
        assert server.visits == 1
        assert [line.lstrip("\ufffd") for line in server.typed if line][-1] == "quit"
    report = json.loads(out)
    assert (status, report["login"]) == (0, "worked")
    assert report["dialect"]["guess"] == "rom"
    assert "canary" not in out + err


def test_a_login_that_does_not_work_is_tried_once(probe: Any, tmp_path: Path) -> None:
    """One refusal more would have the character or the address banned."""
    with mud(lambda host: door(host, verdict="Wrong password.\r\n")) as server:
        config(tmp_path, server.port)
        status, out, err = probe("127.0.0.1", server.port, "--login")
        assert server.visits == 1
    assert status == 1
    assert "login: did not work" in out
    assert "login.password" in out
    assert "canary" not in out + err


def test_a_mud_that_shows_the_password_is_not_repeated(probe: Any, tmp_path: Path) -> None:
    """Some echo what is typed: the report holds what the MUD showed, but not that."""

    def script(host: Host) -> None:
        host.say(b"By what name do you wish to be mourned? " + GA)
        host.say(f"{host.typed()}\r\nPassword: ".encode() + GA)
        host.say(f"{host.typed()}\r\nWelcome to ROM 2.4.\r\n")
        host.typed()

    with mud(script) as server:
        config(tmp_path, server.port)
        _, out, err = probe("127.0.0.1", server.port, "--login", "--json")
    assert "canary" not in out + err


def test_a_login_without_one_in_the_configuration_says_so(probe: Any, tmp_path: Path) -> None:
    config(tmp_path, 4000)
    status, out, err = probe("127.0.0.1", 4001, "--login")
    assert (status, out) == (1, "")
    assert "no session of the configuration has a login for 127.0.0.1 4001; there is one for 127.0.0.1 4000" in err
