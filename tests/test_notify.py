"""What systemd is told: a datagram to the socket that it named, by a path or an abstract name."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mudbot.notify import Notifier


@pytest.fixture(params=["a path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """What listens in systemd's place, and what it is called."""
    name = str(tmp_path / "notify") if request.param == "a path" else f"@mudbot-test-{os.getpid()}"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        listening.settimeout(5)
        yield listening, name


def test_it_tells_whoever_listens(manager: tuple[socket.socket, str]) -> None:
    """Every message of sd_notify(3) that a bot has, by both kinds of sockets."""
    listening, name = manager
    with closing(Notifier(name)) as notifier:
        for tell, said in (
            (notifier.ready, b"READY=1"),
            (notifier.alive, b"WATCHDOG=1"),
            (notifier.stopping, b"STOPPING=1"),
            (lambda: notifier.patience(2.5), b"EXTEND_TIMEOUT_USEC=2500000"),
        ):
            tell()
            assert listening.recv(1000) == said
        notifier.reloading()
        first, second = listening.recv(1000).split(b"\n")
        assert first == b"RELOADING=1"
        assert int(second.removeprefix(b"MONOTONIC_USEC=")) > 0


def test_a_status_is_one_line(manager: tuple[socket.socket, str]) -> None:
    """What a MUD said in it adds no line of its own: READY=1, for example."""
    listening, name = manager
    with closing(Notifier(name)) as notifier:
        notifier.status("inn: away\nREADY=1\r\u2028X=2")
    assert listening.recv(1000).decode() == "STATUS=inn: away READY=1  X=2"


def test_nobody_who_listens_is_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The service manager went, or its socket is full: nothing waits, nothing fails."""
    with closing(Notifier(str(tmp_path / "gone"))) as notifier, caplog.at_level(logging.DEBUG, "mudbot"):
        notifier.ready()
    assert "was not told" in caplog.text
    path = tmp_path / "full"
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as deaf:
        deaf.bind(str(path))
        with closing(Notifier(str(path))) as notifier:
            for _ in range(5000):
                notifier.alive()
            assert "was not told" in caplog.text


def test_what_the_environment_says_is_taken_out_of_it() -> None:
    """Processes that begin later are not the service."""
    environ = {"NOTIFY_SOCKET": "@x", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": str(os.getpid()), "PATH": "/bin"}
    notifier = Notifier.from_environment(environ)
    assert notifier is not None
    assert notifier.watchdog == 30.0
    notifier.close()
    assert environ == {"PATH": "/bin"}


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "500000"}, 0.5),
        ({}, None),
    ],
)
def test_the_watchdog_is_ours_or_not(environ: dict[str, str], watchdog: float | None) -> None:
    """Another process's, none, and nonsense are no wish for signs of life."""
    notifier = Notifier.from_environment({"NOTIFY_SOCKET": "@x", **environ})
    assert notifier is not None
    assert notifier.watchdog == watchdog
    notifier.close()


@pytest.mark.parametrize("address", ["", "vsock:2:1234", "relative/path"])
def test_without_a_socket_of_this_machine_there_is_nobody_to_tell(address: str) -> None:
    """Most service managers name none."""
    assert Notifier.from_environment({"NOTIFY_SOCKET": address}) is None
