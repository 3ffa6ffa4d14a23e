"""The helpers of the real servers: nothing outlives a test run, the plain client takes telnet apart."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.real.servers import keeper
from tests.real.servers.environment import EvenniaFolder, StepError, UnavailableError, evennia_folder, locked, run
from tests.real.servers.player import Telnet

PATIENCE = "0.2"

SLEEPER = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[1] == "stubborn" else signal.SIG_DFL)
print(os.getpid(), flush=True)
time.sleep(600)
"""


@pytest.fixture
def game(tmp_path: Path) -> Path:
    folder = tmp_path / "game"
    folder.mkdir()
    return folder


def start_keeper(game: Path, logs: Path, manners: str) -> subprocess.Popen[bytes]:
    """A keeper with two programs whose process ids appear in their logs; it removes *game*."""
    commands = [
        {"argv": [sys.executable, "-c", SLEEPER, manners], "log": str(logs / f"{name}.log")}
        for name in ("first", "second")
    ]
    return subprocess.Popen(
        [sys.executable, keeper.__file__, str(game), json.dumps(commands), PATIENCE], stdin=subprocess.PIPE
    )


def ids(logs: Path) -> list[int]:
    """The process ids of both programs, as soon as both have started."""
    paths = [logs / f"{name}.log" for name in ("first", "second")]
    while not all(path.is_file() and path.read_text().strip() for path in paths):
        os.sched_yield()
    return [int(path.read_text()) for path in paths]


def running(pid: int) -> bool:
    """Whether *pid* lives; a process that waits to be buried does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False
    return not re.search(r"\) Z ", state)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc to see who lives")
@pytest.mark.parametrize("end", ["close", "terminate"])
def test_the_keeper_stops_everything_when_the_test_run_ends(game: Path, tmp_path: Path, end: str) -> None:
    """The end of its input, which is also what a killed test run leaves, stops the programs and removes the folder."""
    process = start_keeper(game, tmp_path, "polite")
    programs = ids(tmp_path)
    assert all(map(running, programs))
    assert process.stdin is not None
    if end == "terminate":
        process.send_signal(signal.SIGTERM)
    process.stdin.close()
    process.wait(timeout=30)
    assert not any(map(running, programs))
    assert not game.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="reads /proc to see who lives")
def test_a_program_that_ignores_the_request_is_killed(tmp_path: Path) -> None:
    """After its patience the keeper kills the whole group."""
    log = tmp_path / "first.log"
    programs: list[subprocess.Popen[bytes]] = []
    keeper.start([{"argv": [sys.executable, "-c", SLEEPER, "stubborn"], "log": str(log)}], programs)
    while not log.read_text().strip():
        os.sched_yield()
    keeper.stop(programs, patience=0.0)
    assert programs[0].returncode == -signal.SIGKILL


def test_the_keeper_ends_when_its_first_program_does(game: Path, tmp_path: Path) -> None:
    """A server that dies at once is noticed by the end of its keeper."""
    command = {"argv": [sys.executable, "-c", "raise SystemExit(3)"], "log": str(tmp_path / "log")}
    process = subprocess.Popen(
        [sys.executable, keeper.__file__, str(game), json.dumps([command])], stdin=subprocess.PIPE
    )
    assert process.wait(timeout=30) == 0
    assert process.stdin is not None
    process.stdin.close()
    assert not game.exists()


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_telnet_is_taken_apart_however_it_is_sliced(size: int) -> None:
    """Options are refused, subnegotiations and other commands dropped, a doubled 255 is one byte of text."""
    telnet = Telnet()
    sent = b"a\xff\xfb\x03b\xff\xfd\x18\xff\xfe\x01\xff\xfa\xc9x\xff\xffy\xff\xf0c\xff\xf9\xff\xffd"
    text, answer = b"", b""
    for start in range(0, len(sent), size):
        more_text, more_answer = telnet.feed(sent[start : start + size])
        text, answer = text + more_text, answer + more_answer
    assert text == b"abc\xffd"
    assert answer == b"\xff\xfe\x03\xff\xfc\x18"


def test_a_failed_step_tells_the_end_of_its_output(tmp_path: Path) -> None:
    """Whoever reads the failure sees what the program said."""
    with pytest.raises(StepError, match=r"(?s)ended with 3:.*because of rain"):
        run([sys.executable, "-c", "print('because of rain'); raise SystemExit(3)"], tmp_path)


def test_an_installation_that_fails_is_called_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only this error lets the tests of real servers be skipped; nothing half made passes for ready."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    folder = EvenniaFolder(tmp_path / "evennia")
    with pytest.raises(UnavailableError, match="ended with 1"):
        folder.ensure_installed()
    assert not folder.template_is_ready()
    assert "empty" in repr(folder)


def test_the_cache_is_where_the_variable_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``MUDBOT_TEST_ENVS`` moves the cache; without it the cache is in the checkout."""
    monkeypatch.setenv("MUDBOT_TEST_ENVS", str(tmp_path))
    assert evennia_folder() == tmp_path / "evennia"
    monkeypatch.delenv("MUDBOT_TEST_ENVS")
    assert evennia_folder() == Path(__file__).resolve().parents[3] / ".envs" / "evennia"


def test_the_lock_excludes_another_process(tmp_path: Path) -> None:
    """Two test runs never build the cache at the same time."""
    path = tmp_path / "cache" / "evennia.lock"
    attempt = f"import fcntl; fcntl.flock(open({str(path)!r}, 'a'), fcntl.LOCK_EX | fcntl.LOCK_NB)"
    with locked(path):
        assert subprocess.run([sys.executable, "-c", attempt], capture_output=True, check=False).returncode == 1
    assert subprocess.run([sys.executable, "-c", attempt], capture_output=True, check=False).returncode == 0
