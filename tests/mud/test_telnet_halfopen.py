"""A peer that vanished without a word is found by the kernel's probes, for real where the system lets us.

Two network namespaces stand for two machines, joined by a virtual cable.  Then the far one loses its way back: it
hears everything and none of its packets arrive any more, as when a router on the way forgets the connection.
Needs the right to make namespaces (root, or user namespaces) and ``ip``, ``unshare`` and ``nsenter``; without those
the socket's options are looked at instead.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from mudbot.events import Closed, Line, MudEvent
from mudbot.mud import dial
from mudbot.mud.dial import KeepAlive
from mudbot.mud.telnet import Address, Connection

NEAR, FAR = "198.51.100.1", "198.51.100.2"  # RFC 5737: addresses for examples
SCALED = KeepAlive(idle=1, interval=1, count=2, unacknowledged=3)
"""Of the true figures (45, 15, 4, 100) about a thirtieth: found within 3 to 4 s."""


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)


def privileged() -> list[str] | None:
    """The command that gives a namespace of its own; None where that is not allowed."""
    if not all(map(shutil.which, ("ip", "unshare", "nsenter"))):
        return None
    for command in (["unshare", "--net"], ["unshare", "--user", "--map-root-user", "--net"]):
        made = "ip link add v0 type veth peer name v1 && ip route add blackhole 198.51.100.9 && unshare --net true"
        tried = subprocess.run([*command, "sh", "-c", f"ip link set lo up && {made}"], capture_output=True, check=False)
        if tried.returncode == 0:
            return command
    return None


def options_are_set() -> None:
    """What is left where there are no privileges: the kernel was told, in its own words."""
    with socket.socket() as sock:
        SCALED.apply(sock)
        for level, option, value in SCALED.options():
            assert sock.getsockopt(level, option) == value


@pytest.mark.parametrize("writing", [False, True], ids=["idle", "writing"])
def test_a_half_open_link_is_found(writing: bool) -> None:
    """A silent link by its probes, one with something to send by what is not acknowledged."""
    command = privileged()
    if command is None:
        options_are_set()
        return
    root = Path(__file__).resolve().parents[2]
    arguments = [sys.executable, "-m", "tests.mud.test_telnet_halfopen", "near", "writing" if writing else "idle"]
    done = subprocess.run([*command, *arguments], cwd=root, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("connection lost: [Errno "), done.stdout


def test_the_options_are_told_to_the_kernel() -> None:
    """Whatever the privileges."""
    options_are_set()


# -- in the namespaces -------------------------------------------------------------------------------------------------


async def far() -> None:
    """The MUD: one line, then silence."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"welcome\r\n")
        await reader.read()
        writer.close()

    print("in a namespace of its own", flush=True)  # noqa: T201
    await asyncio.to_thread(sys.stdin.readline)  # the address is there
    server = await asyncio.start_server(serve, FAR, 4000)
    print("ready", flush=True)  # noqa: T201
    await server.serve_forever()


async def near(*, writing: bool) -> None:
    """The bot, which prints why its link ended."""
    dial.KEEPALIVE = SCALED
    mud = await asyncio.create_subprocess_exec(
        "unshare", "--net", sys.executable, "-m", "tests.mud.test_telnet_halfopen", "far",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert mud.stdin is not None
    assert mud.stdout is not None
    there = ("nsenter", "--net", "--target", str(mud.pid))
    try:
        assert await mud.stdout.readline() == b"in a namespace of its own\n"
        run("ip", "link", "add", "v0", "type", "veth", "peer", "name", "v1", "netns", str(mud.pid))
        run("ip", "address", "add", f"{NEAR}/24", "dev", "v0")
        run("ip", "link", "set", "v0", "up")
        run(*there, "ip", "address", "add", f"{FAR}/24", "dev", "v1")
        run(*there, "ip", "link", "set", "v1", "up")
        mud.stdin.write(b"go\n")
        assert await mud.stdout.readline() == b"ready\n"
        print(await until_lost(there, writing=writing))  # noqa: T201
    finally:
        mud.kill()
        await mud.wait()


async def until_lost(there: tuple[str, ...], *, writing: bool) -> str:
    """Link up, take away the far side's way back, and wait."""
    welcomed, lost = asyncio.Event(), asyncio.get_running_loop().create_future()

    def hear(events: Sequence[MudEvent]) -> None:
        for event in events:
            if event == Line("welcome"):
                welcomed.set()
            elif isinstance(event, Closed):
                lost.set_result(event.reason)

    link = Connection(Address(FAR, 4000), hear)
    await link.open()
    async with asyncio.timeout(10):
        await welcomed.wait()
    run(*there, "ip", "route", "add", "blackhole", f"{NEAR}/32")
    if writing:
        link.write(b"hello?\r\n")
    async with asyncio.timeout(30):
        reason: str = await lost
    return reason


if __name__ == "__main__":
    asyncio.run(far() if sys.argv[1] == "far" else near(writing=sys.argv[2] == "writing"))
