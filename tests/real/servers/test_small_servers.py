"""The small real servers are as the script believes, and nothing of them is left behind."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.servers import chatd, mudpy, nanomud
from tests.real.servers.environment import UnavailableError
from tests.real.servers.evennia import StartError
from tests.real.servers.packages import installed
from tests.real.servers.program import Program
from tests.real.servers.wire import Wire

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]

SERVERS = {"chatd": chatd, "mudpy": mudpy, "nanomud": nanomud}


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Iterator[Program]:
    try:
        program = SERVERS[request.param].start()
    except UnavailableError as error:
        reason = f"{request.param} cannot be installed here: {error}"
        if os.environ.get("MUDBOT_REQUIRE_REAL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield program
    finally:
        program.stop()


def running(part: str) -> list[int]:
    """The processes whose command line has *part*."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if part in path.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(path.parent.name))
        except OSError:
            continue  # it ended meanwhile
    return found


def reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError:
        return False
    return True


def listening() -> list[str]:
    """Addresses of this machine that somebody listens on, as the kernel writes them."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()]
    return [row[1] for row in rows if row[3] == "0A"]


@pytest.mark.parametrize("server", SERVERS, indirect=True)
def test_a_stopped_server_leaves_no_process_no_port_and_no_file(server: Program) -> None:
    """After ``stop`` nothing runs, listens or lies around."""
    folder, port = server.folder, server.port
    assert running(str(folder)) or running(str(port))
    server.stop()
    assert not running(str(port))
    assert not running(str(folder))
    assert not reachable(port)
    assert not list(folder.parent.glob(f"{folder.name}*"))


@pytest.mark.parametrize("server", ["chatd"], indirect=True)
async def test_the_chat_listens_on_loopback_only_and_comes_back(server: Program) -> None:
    """The program itself is in a network of its own; it ends when somebody hangs up, and is there for the next."""
    assert f"0100007F:{server.port:04X}" in listening()  # 127.0.0.1
    assert f"00000000:{chatd.INNER_PORT:04X}" not in listening()
    async with await Wire.open(server.host, server.port, "first") as first:
        await first.answer("Enter name: ", "First")
        await first.until("Welcome, First!")
        async with await Wire.open(server.host, server.port, "second") as second:
            await second.answer("Enter name: ", "Second")
            await second.until("Welcome, Second!")
        await first.wait_gone()
    async with await Wire.open(server.host, server.port, "third") as third:
        await third.until("Enter name: ")


@pytest.mark.parametrize("server", ["mudpy"], indirect=True)
async def test_two_avatars_are_made_and_their_names_are_what_the_server_chose(server: Program) -> None:
    """``create`` returns the name that the avatar is known by."""
    name = await mudpy.create(server, "anton1", "Straw-sandals-2")
    async with await Wire.open(server.host, server.port, "anton1") as anton:
        await anton.answer("Identify yourself:", "anton1")
        await anton.answer("Password:", "Straw-sandals-2")
        await anton.answer("What would you like to do", "a")
        assert f"[1]  {name}\n" in await anton.answer("Whom would you like to awaken", "1")


def test_a_program_that_does_not_come_up_tells_why() -> None:
    """The end of what it printed is in the error."""
    broken = Program("broken", lambda _folder, _port: [sys.executable, "-c", "raise SystemExit('no world found')"])
    with pytest.raises(StartError, match=r"(?s)broken did not come up.*no world found"):
        broken.start()
    assert not broken.alive


def test_a_server_does_not_outlive_a_test_run_that_is_killed(tmp_path: Path) -> None:
    """Whoever started it is gone without a word: the program ends all the same, and its folder goes with it."""
    script = (
        "import os, sys; from tests.real.servers.program import Program\n"
        'serve = \'import socket,sys\\ns=socket.create_server(("127.0.0.1",int(sys.argv[1])))\\n'
        'while 1: c=s.accept()[0]; c.send(b"hello")\'\n'
        "program = Program('orphan', lambda folder, port: [sys.executable, '-c', serve, str(port)])\n"
        "program.start(); print(program.port, flush=True); os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        check=False,
        timeout=60,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    port = int(done.stdout)
    assert done.returncode == -9
    while reachable(port):
        os.sched_yield()
    while [path for path in tmp_path.iterdir() if path.is_dir()]:
        os.sched_yield()


def test_what_is_installed_once_is_not_installed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stamp of the recipe decides; another recipe, or a build that broke off, is built anew."""
    monkeypatch.setenv("MUDBOT_TEST_ENVS", str(tmp_path))
    built: list[str] = []

    def build(folder: Path) -> None:
        assert not list(folder.iterdir())
        (folder / "half").touch()
        built.append("once")
        if len(built) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        installed("thing", "1.0", build)
    assert installed("thing", "1.0", build) == installed("thing", "1.0", build) == tmp_path / "thing"
    assert len(built) == 2
    installed("thing", "1.1", build)
    assert len(built) == 3
