"""What a hostile or broken MUD can do to the process: how long the loop stalls, and how much memory grows.

Each flood comes from a server in a process of its own to a fresh client process, as fast as it is read, for some
seconds.  The stall is the longest gap of a ticker that wants to run every millisecond.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import itertools
import json
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from bench.lines import line

if TYPE_CHECKING:
    from mudbot.mud.address import Address
    from mudbot.mud.session import Session

SECONDS = 3.0
"""How long a flood without an end goes on."""
STALL, MEMORY = 100.0, 16.0
"""The bars: milliseconds, and MiB over what the client had before."""

IAC, DO, WILL, SB, GA = b"\xff", b"\xfd", b"\xfb", b"\xfa", b"\xf9"
# Through a whole session instead of a bare connection.
DOOR, GAME = "300,000 lines at the door", "300,000 says in the game"
BOMB = "MCCP2 bomb, 1000 to 1"
_ROOT = Path(__file__).parent.parent


def _lines() -> Iterator[bytes]:
    block = b"".join(line(i, "utf-8") for i in range(1000))
    return itertools.repeat(block, 300)


def _speech() -> Iterator[bytes]:
    block = b"".join(b"\x1b[36mBob says, 'number %d, and all that goes with it'\x1b[0m\r\n" % i for i in range(1000))
    return itertools.repeat(block, 300)


def _commands() -> Iterator[bytes]:
    options = [bytes((n,)) for n in range(255)]
    return itertools.repeat(b"".join(IAC + verb + option for verb in (DO, WILL) for option in options) * 20)


def _colours() -> Iterator[bytes]:
    # No reset, no two alike, a line end now and then: the most that a style can cost.
    for number in itertools.count():
        yield b"".join(b"\x1b[38;2;%d;%d;%d;1m" % (number % 256, i // 256, i % 256) for i in range(2000)) + b"x\r\n"


def _bomb() -> Iterator[bytes]:
    mccp2, end = b"\x56", b"\xf0"
    yield IAC + WILL + mccp2 + IAC + SB + mccp2 + IAC + end
    packer = zlib.compressobj(9)
    for _ in itertools.count():
        yield packer.compress(b"x" * 10_000_000)


FLOODS: dict[str, Callable[[], Iterator[bytes]]] = {
    "endless line": lambda: itertools.repeat(b"x" * 65536),
    "endless line of Chinese": lambda: itertools.repeat("功".encode() * 20000),
    "endless subnegotiation": lambda: itertools.chain([IAC + SB + b"\xc9"], itertools.repeat(b"x" * 65536)),
    "telnet commands": _commands,
    "300,000 lines": _lines,
    DOOR: _lines,
    GAME: _speech,
    "colours without a reset": _colours,
    "escapes without an end": lambda: itertools.repeat(b"\x1b]" * 8000 + b"\x1b[1" * 8000 + b"\x1b]" + b"y" * 20000),
    "GA": lambda: itertools.repeat((IAC + GA) * 20000),
    BOMB: _bomb,
    "empty lines": lambda: itertools.repeat(b"\r\n" * 20000),
}


# -- the server, in a process of its own -------------------------------------------------------------------------------


def serve(flood: str) -> None:
    """Print a port and flood the first to connect."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    client, _ = listener.accept()
    answers = threading.Thread(target=_drain, args=(client,), daemon=True)
    answers.start()
    end = float("inf") if flood.startswith("300,000") else time.monotonic() + SECONDS
    with contextlib.suppress(OSError):
        for block in FLOODS[flood]():
            client.sendall(block)
            if time.monotonic() > end:
                break
        client.shutdown(socket.SHUT_WR)
        answers.join(30)  # until the client has read all and hung up


def _drain(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while client.recv(65536):
            pass


# -- the client, in another --------------------------------------------------------------------------------------------


def memory(*, peak: bool) -> float:
    """MiB that this process has now, or has had at most since ``forget_peak``."""
    status = Path("/proc/self/status")
    if status.exists():
        name = "VmHWM" if peak else "VmRSS"
        (found,) = (row for row in status.read_text(encoding="ascii").splitlines() if row.startswith(name))
        return int(found.split()[1]) / 1024
    import resource

    # Where there is no /proc (macOS, in bytes) only the peak of the whole life is known.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def forget_peak() -> None:
    """Importing takes more than what is kept of it; that must not hide what a flood takes."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _session(address: Address, flood: str) -> Session:
    """At the door of a MUD that is not known, or in the game of one that asks nothing."""
    from mudbot.clock import SystemClock
    from mudbot.mud.dialect import load
    from mudbot.mud.login import Character
    from mudbot.mud.rules import LoginRules
    from mudbot.mud.session import Session

    rules = load("tbamud").model_copy(update={"login": LoginRules(settle=0.0)}) if flood == GAME else None
    return Session("flooded", address, rules, Character("Chen", "secret"), clock=SystemClock())


async def hear(port: int, flood: str) -> dict[str, object]:
    """Connect, tick, hear the flood to its end; what it did to this process."""
    from mudbot.events import Closed, MudEvent
    from mudbot.mud.address import Address
    from mudbot.mud.telnet import Connection

    loop = asyncio.get_running_loop()
    over: asyncio.Future[str] = loop.create_future()
    events = 0

    def listen(heard: Sequence[MudEvent]) -> None:
        nonlocal events
        events += len(heard)
        if isinstance(heard[-1], Closed) and not over.done():
            over.set_result(heard[-1].reason)

    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        last = loop.time()
        while True:
            await asyncio.sleep(0.001)
            now = loop.time()
            last, longest = now, max(longest, now - last)

    address = Address("127.0.0.1", port, compress=flood == BOMB)
    living: asyncio.Task[None] | None = None
    if flood in (DOOR, GAME):
        session = _session(address, flood)
        session.tap = listen
    connection = Connection(address, listen)
    gc.collect()
    forget_peak()
    before = memory(peak=False)
    ticker = asyncio.create_task(tick())
    if flood in (DOOR, GAME):
        living = asyncio.create_task(session.once())
    else:
        await connection.open()
    longest = 0.0
    async with asyncio.timeout(60):
        reason = await over
    await asyncio.sleep(0.05)
    ticker.cancel()
    if living is not None:
        await living
    return {"stall": longest * 1000, "memory": memory(peak=True) - before, "events": events, "reason": reason}


# -- the table ---------------------------------------------------------------------------------------------------------


def suffer(flood: str) -> dict[str, object]:
    """One flood, in two fresh processes."""
    command = [sys.executable, "-m", "bench.floods"]
    with subprocess.Popen([*command, "serve", flood], cwd=_ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = server.stdout.readline().strip()
        try:
            out = subprocess.run(
                [*command, "hear", port, flood], cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True
            )
        finally:
            server.terminate()
    found: dict[str, object] = json.loads(out.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Print what each flood did."""
    for flood in FLOODS:
        found = suffer(flood)
        stall, grown = float(str(found["stall"])), float(str(found["memory"]))
        verdict = "" if stall <= STALL and grown <= MEMORY else "  MISSED"
        print(
            f"flood: {flood:26} stall {stall:6.1f} ms   bar {STALL:g} ms   memory {grown:+6.1f} MiB"
            f"   bar {MEMORY:+g} MiB{verdict}   ({found['events']:,} events; {found['reason']})"
        )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["hear"]:
        print(json.dumps(asyncio.run(hear(int(sys.argv[2]), sys.argv[3]))))
    else:
        main()
