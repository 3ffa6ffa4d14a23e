"""``mudbot doctor``: what keeps a bot from its work, each with what to do about it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import shutil
import socket
import socketserver
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from click.testing import CliRunner

from mudbot.cli import cli
from mudbot.config import load
from mudbot.doctor import files, reach, settings
from mudbot.doctor.finding import Finding
from mudbot.store.lock import Lock
from mudbot.store.tables import SCHEMA
from tests.cli.daemon_stage import Start

ROOT = re.compile(r"needs no root|with root's eyes").search
KEY, PASSWORD = "key-canary-0123456789abcdef", "password-canary-0123"


class Api(ThreadingHTTPServer):
    """Says which models it has, or what else the test wants; writes down who asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Reply)
        self.status, self.models, self.off = 200, ["gpt-4o-mini"], 0.0
        self.keys: list[str | None] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}/v1"


class Reply(BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        error = {"error": {"message": f"no, {self.headers['Authorization']}", "type": "x"}}
        listed = {"object": "list", "data": [{"id": name, "object": "model"} for name in self.server.models]}
        self.tell(json.dumps(listed if self.server.status == 200 else error).encode())

    def do_HEAD(self) -> None:
        self.server.keys.append(self.headers["Authorization"])
        self.tell(b"")

    def tell(self, body: bytes) -> None:
        self.send_response_only(self.server.status)
        self.send_header("Date", formatdate(time.time() + self.server.off, usegmt=True))
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class Mud(socketserver.ThreadingTCPServer):
    """Says a word to who connects, and counts them."""

    daemon_threads = True

    def __init__(self, words: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Visit)
        self.words, self.typed = words, b""
        self.port: int = self.server_address[1]


class Visit(socketserver.BaseRequestHandler):
    server: Mud

    def handle(self) -> None:
        self.request.sendall(self.server.words)
        self.server.typed += self.request.recv(1000)


@contextmanager
def serving(server: Any) -> Iterator[Any]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def api() -> Iterator[Api]:
    with serving(Api()) as server:
        yield server


@pytest.fixture
def mud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mud]:
    monkeypatch.setattr("mudbot.probing.QUIET", 0.1)
    with serving(Mud(b"Welcome!\r\nBy what name? ")) as server:
        yield server


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, api: Api, mud: Mud) -> Write:
    """A configuration in which all is well, but for what is given."""

    def make(**changed: Any) -> Path:
        login = {"name": "Chen", "password": PASSWORD}
        written = {
            "api": {"base_url": api.url, "api_key": KEY, "models": {"dialogue": "gpt-4o-mini"}},
            "sessions": [{"host": "127.0.0.1", "port": mud.port, "name": "inn", "login": login}],
            "plugins": {"basics": None, "dialogue": None},
            "store": "data",
            "web": {"port": 0},
        }
        path = tmp_path / "config.yaml"
        path.write_text(yaml.safe_dump(written | changed))
        path.chmod(0o600)
        (tmp_path / "data").mkdir(mode=0o700, exist_ok=True)
        return path

    return make


def doctor(path: Path) -> tuple[int, list[Finding]]:
    """The exit status, and what was found; none of it shows a secret, and what is not well has a remedy."""
    result = CliRunner().invoke(cli, ["doctor", "-c", str(path), "--json"])
    assert result.exit_code in (0, 1), result.exception
    assert not any(secret in result.output for secret in (KEY, PASSWORD, "canary"))
    answer = json.loads(result.output)
    found = [Finding(**each) for each in answer["findings"]]
    assert all((each.state == "ok") == (not each.remedy) for each in found)
    assert answer["ok"] is (result.exit_code == 0) is not any(each.state == "error" for each in found)
    return result.exit_code, found


def bad(found: list[Finding], check: str = "") -> list[tuple[str, str, str]]:
    """What is not well, but that the tests run as root."""
    told = [(each.check, each.state, each.what) for each in found if each.state != "ok" and not ROOT(each.what)]
    return [each for each in told if check in ("", each[0])]


# -- all is well -------------------------------------------------------------------------------------------------------


def test_where_all_is_well_it_says_so(write: Write, mud: Mud) -> None:
    """Each check has its line, and nobody was logged in."""
    status, found = doctor(write())
    assert (status, bad(found)) == (0, [])
    assert {each.check for each in found if each.state == "ok"} == {
        *("configuration", "keys", "bot", "mud", "api", "clock", "disk", "model"),
        *({"permissions"} if os.geteuid() else ()),
    }
    assert b"Chen" not in mud.typed


def test_people_read_what_to_do(write: Write) -> None:
    path = write(web={"port": 70_000})
    result = CliRunner().invoke(cli, ["doctor", "-c", str(path)])
    assert result.exit_code == 1
    assert "error    configuration  config.yaml:" in result.output
    assert "-> mend it" in result.output
    assert "1 error(s)" in result.output


# -- configuration and keys --------------------------------------------------------------------------------------------


def test_the_rest_is_looked_at_although_the_configuration_is_wrong(write: Write) -> None:
    _, found = doctor(write(web={"port": 0, "prot": 1}, plugins={"dialoge": None}))
    assert len(bad(found, "configuration")) == 2
    assert any(each.check == "mud" and "speaks" in each.what for each in found)


def test_of_a_configuration_that_is_not_there_nothing_else_is_said(tmp_path: Path) -> None:
    status, found = doctor(tmp_path / "config.yaml")
    assert (status, [each.check for each in found]) == (1, ["configuration"])


@pytest.mark.parametrize(
    ("base", "key", "state", "what"),
    [
        ("https://api.example.org/v1", "", "error", "api.api_key is not set"),
        ("https://api.example.org/v1", "sk-xxxx", "error", "is still an example"),
        ("https://api.example.org/v1", "YOUR_API_KEY", "error", "is still an example"),
        ("https://api.example.org/v1", KEY, "ok", "api.api_key is set"),
        ("http://192.168.1.5:8000/v1", "", "ok", "of your own network"),
        ("http://llama:8000/v1", "", "ok", "of your own network"),
        ("embedded", "", "ok", "needs no key"),
    ],
)
def test_keys_are_there_where_they_are_wanted(base: str, key: str, state: str, what: str) -> None:
    config = load(None, overrides=["sessions=[{host: tavern}]", f"api.base_url={base}", f'api.api_key="{key}"'])
    (found,) = settings.keys(config)
    assert found.state == state
    assert what in found.what
    assert not key or key not in found.what


def test_a_character_without_a_password_is_named(write: Write, mud: Mud) -> None:
    _, found = doctor(write(sessions=[{"host": "127.0.0.1", "port": mud.port, "name": "inn", "login": {"name": "C"}}]))
    assert bad(found) == [("keys", "warning", "session inn has no password, and most MUDs want one")]


# -- what is to be reached ---------------------------------------------------------------------------------------------


def test_a_mud_that_is_down_is_named(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    status, found = doctor(
        write(sessions=[{"host": "127.0.0.1", "port": port, "login": {"name": "C", "password": "abcd"}}])
    )
    ((check, state, what),) = bad(found)
    assert (status, check, state) == (1, "mud", "error")
    assert f"127.0.0.1:{port}" in what


def test_a_port_that_is_silent_is_doubted(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may want TLS."""
    monkeypatch.setattr(reach, "LOOK", 0.2)
    with serving(Mud(b"")) as silent:
        _, found = doctor(
            write(sessions=[{"host": "127.0.0.1", "port": silent.port, "login": {"name": "C", "password": "abcd"}}])
        )
        assert [each[:2] for each in bad(found)] == [("mud", "warning")]


@pytest.mark.parametrize(
    ("status", "check", "state"),
    [(401, "keys", "error"), (403, "keys", "error"), (404, "api", "warning"), (500, "api", "error")],
)
def test_an_api_that_refuses_is_told_apart_from_one_that_is_away(
    write: Write, api: Api, monkeypatch: pytest.MonkeyPatch, status: int, check: str, state: str
) -> None:
    """And what it says of the key, which it repeats, is not printed."""
    monkeypatch.setattr(reach, "ANSWER", 1.0)
    api.status = status
    _, found = doctor(write())
    assert [each[:2] for each in bad(found)] == [(check, state)]


def test_an_api_that_is_away_is_named(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
    status, found = doctor(write(api={"base_url": url, "api_key": KEY, "models": {"dialogue": "x"}}))
    assert (status, [each[:2] for each in bad(found)]) == (1, [("api", "error")])


def test_a_model_that_the_server_does_not_have_is_named(write: Write, api: Api) -> None:
    api.models = ["gpt-4o", "davinci"]
    _, found = doctor(write())
    ((_, state, what),) = bad(found)
    assert state == "warning"
    assert "does not list api.models.dialogue, 'gpt-4o-mini'" in what


@pytest.mark.parametrize(
    ("off", "state", "what"),
    [(0, "ok", "agrees"), (-60, "warning", "60 s ahead"), (3600, "error", "s behind"), (-86_400, "error", "s ahead")],
)
def test_the_clock_is_compared_with_the_servers(write: Write, api: Api, off: float, state: str, what: str) -> None:
    """By the date of its answers, without the key."""
    api.off = off
    _, found = doctor(write())
    (clock,) = (each for each in found if each.check == "clock")
    assert clock.state == state
    assert what in clock.what
    assert None in api.keys


def test_a_clock_that_went_back_is_noticed(write: Write, tmp_path: Path) -> None:
    """What was written tomorrow makes a budget begin twice."""
    path = write()
    (tmp_path / "data" / "old").touch()
    os.utime(tmp_path / "data" / "old", (time.time() + 86_400,) * 2)
    assert "went back" in bad(doctor(path)[1], "clock")[0][2]


# -- disk, permissions, model ------------------------------------------------------------------------------------------


class Usage(NamedTuple):
    """Of a disk."""

    total: int
    used: int
    free: int


@pytest.mark.parametrize(("free", "state"), [(5 * 10**9, "ok"), (5 * 10**8, "warning"), (10**7, "error")])
def test_a_full_disk_is_seen_before_it_is_full(
    write: Write, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:  # fmt: skip
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: Usage(10**10, 0, free))
    found = [each for each in doctor(write())[1] if each.check == "disk"]
    assert [each.state for each in found] == [state]


def test_a_damaged_database_is_seen(write: Write, tmp_path: Path) -> None:
    path = write()
    file = tmp_path / "data" / "mudbot.sqlite3"
    with closing(sqlite3.connect(file)) as link:
        link.executescript("CREATE TABLE a (b); CREATE INDEX c ON a (b);")
        link.executemany("INSERT INTO a VALUES (?)", [("x" * 500,)] * 100)
        link.commit()
    assert not bad(doctor(path)[1], "disk")
    with file.open("r+b") as raw:
        raw.seek(4096)
        raw.write(b"\xff" * 8192)
    status, found = doctor(path)
    assert (status, bad(found, "disk")[0][1]) == (1, "error")
    file.write_bytes(b"this is no database at all, and never was" * 100)
    assert bad(doctor(path)[1], "disk")[0][1] == "error"


@pytest.mark.parametrize(("schema", "state"), [(SCHEMA, "ok"), (SCHEMA - 1, "warning"), (SCHEMA + 1, "error")])
def test_a_database_of_another_schema_is_named(write: Write, tmp_path: Path, schema: int, state: str) -> None:
    path = write()
    with closing(sqlite3.connect(tmp_path / "data" / "mudbot.sqlite3")) as link:
        link.execute(f"PRAGMA user_version={schema}")
    (found,) = (each for each in doctor(path)[1] if "sqlite3" in each.what)
    assert found.state == state


@pytest.mark.parametrize(
    ("name", "mode", "state", "what"),
    [
        ("data", 0o755, "warning", "open to other users"),
        ("config.yaml", 0o644, "warning", "holds a key or password"),
        ("config.yaml", 0o622, "error", "can be changed by other users"),
        ("plugins", 0o777, "error", "runs with the bot's rights"),
    ],
)
def test_what_others_may_read_or_change_is_named(
    write: Write, tmp_path: Path, name: str, mode: int, state: str, what: str
) -> None:  # fmt: skip
    path = write()
    (tmp_path / "plugins").mkdir(mode=0o755)
    (tmp_path / name).chmod(mode)
    found = bad(doctor(path)[1], "permissions")
    assert found[0][1] == state
    assert what in found[0][2]


def test_a_file_without_secrets_may_be_read(write: Write, mud: Mud, monkeypatch: pytest.MonkeyPatch) -> None:
    """They come from the environment."""
    monkeypatch.setenv("MUD_PASSWORD", PASSWORD)
    login = {"name": "Chen", "password": "${MUD_PASSWORD}"}
    path = write(sessions=[{"host": "127.0.0.1", "port": mud.port, "login": login}], api={}, plugins={})
    path.chmod(0o644)
    assert not bad(doctor(path)[1], "permissions")


@pytest.mark.parametrize(("mode", "open_"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_file_that_holds_a_secret_is_the_owners_alone(
    write: Write, api: Api, mud: Mud, tmp_path: Path, mode: int, *, open_: bool
) -> None:  # fmt: skip
    """Each that a setting such as `api_key_file` names, and no other; the secret is not shown."""
    for name, secret in (("key", KEY), ("word", PASSWORD)):
        (tmp_path / name).write_text(f"{secret}\n")
        (tmp_path / name).chmod(0o600)
    (tmp_path / "key").chmod(mode)
    path = write(
        api={"base_url": api.url, "api_key_file": "key", "models": {"dialogue": "gpt-4o-mini"}},
        sessions=[{"host": "127.0.0.1", "port": mud.port, "login": {"name": "Chen", "password_file": "word"}}],
    )
    found = doctor(path)[1]
    told = [each for each in found if each.check == "permissions" and "holds a secret" in each.what]
    assert [(each.state, each.remedy) for each in told] == (
        [("warning", f"chmod 600 {tmp_path / 'key'}")] if open_ else []
    )
    assert "api.api_key is set" in [each.what for each in found]
    assert f"Bearer {KEY}" in api.keys


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_database_of_somebody_else_is_named(write: Write, tmp_path: Path) -> None:
    """Whoever runs one command as root makes files that the bot cannot write."""
    path = write()
    sqlite3.connect(tmp_path / "data" / "mudbot.sqlite3").close()
    (tmp_path / "data" / "mudbot.sqlite3").touch()
    os.chown(tmp_path / "data" / "mudbot.sqlite3", 12_345, -1)
    assert "belongs to user 12345" in bad(doctor(path)[1], "permissions")[0][2]


@pytest.mark.parametrize("content", [None, b"half of it"])
def test_a_model_that_is_missing_or_damaged_is_named(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    """With the command that fetches it."""
    monkeypatch.setenv("MUDBOT_MODELS", str(tmp_path / "models"))
    if content:
        (tmp_path / "models").mkdir()
        (tmp_path / "models" / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(content)
    status, found = doctor(write(api={}, local={"model": "smollm2"}))
    (model,) = (each for each in found if each.check == "model")
    assert (status, model.state, model.remedy) == (1, "error", "mudbot models fetch smollm2")


def test_what_may_not_be_looked_at_is_a_finding(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the other checks go on."""

    def closed(_config: object) -> Iterator[Finding]:
        yield from ()
        raise PermissionError(13, "Permission denied", "/var/lib/mudbot")

    monkeypatch.setattr(files, "permissions", closed)
    status, found = doctor(write())
    assert status == 1
    assert bad(found) == [("permissions", "error", "/var/lib/mudbot cannot be looked at: Permission denied")]


# -- a bot that runs ---------------------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_named(write: Write) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        status, found = doctor(write(web={"port": taken.getsockname()[1]}))
    assert (status, [each[:2] for each in bad(found)]) == (1, [("bot", "error")])


def test_a_bot_that_does_not_listen_is_named(write: Write, tmp_path: Path) -> None:
    path = write()
    lock = Lock(tmp_path / "data")
    assert lock.take()
    status, found = doctor(path)
    lock.release()
    assert (status, [each[:2] for each in bad(found)]) == (1, [("bot", "error")])
    assert f"process {os.getpid()} runs" in bad(found)[0][2]


async def test_a_bot_that_runs_is_asked_how_it_is(start: Start, tmp_path: Path) -> None:
    """Its own port is not held against it."""
    daemon = await start("--set", "local.model=smollm2")
    await daemon.expect("tavern: playing")
    _, found = await asyncio.to_thread(doctor, tmp_path / "config.yaml")
    told = [each.what for each in found if each.check == "bot"]
    assert told == [f"process {daemon.process.pid} runs, 1 of 1 sessions are in the game"]
    assert "tavern: the running bot is in the game" in [each.what for each in found]
