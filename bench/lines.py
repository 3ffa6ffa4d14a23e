"""Lines a second: from bytes on a loopback socket to lines in a listener's hands, against what others take for it.

Every reader gets the same text from a server in a process of its own.  A slow one gets fewer lines of it; what counts
is the time for each.  ``pymud`` has an environment of its own, made here once, and runs there.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import itertools
import json
import os
import socket
import subprocess
import sys
import threading
import time
import venv
from collections.abc import Callable, Coroutine, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 5
LINES = {"ours": 200_000, "asyncio readline": 200_000, "telnetlib3 readline": 5_000, "pymud": 20_000}
BARS = {"telnetlib3 readline": 40.0, "pymud": 8.0, "asyncio readline": 0.6}
"""How many times as fast as each of them ours has to be."""
PYMUD = "pymud==0.22.8"

_ROOT = Path(__file__).parent.parent
_CHINESE = "酒馆里人声鼎沸，掌柜的正在拨弄算盘，店小二端着一壶热酒来来往往，角落里坐着一位白衣剑客。"

Reader = Callable[[int, str, int], Coroutine[None, None, None]]
"""Reads that many lines in an encoding from a port."""


def line(number: int, encoding: str) -> bytes:
    """80 columns of Chinese, a name in colour first."""
    start = number % 17
    words = (_CHINESE * 2)[start : start + 40]
    return f"\x1b[1;32m{words[:4]}\x1b[0m{words[4:]}\r\n".encode(encoding)


# -- the server, in a process of its own -------------------------------------------------------------------------------


def serve(encoding: str) -> None:
    """Print a port; to whoever connects send as many lines as the next word on standard input says."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    block = b"".join(line(i, encoding) for i in range(1000))
    for word in sys.stdin:
        client, _ = listener.accept()
        # Telnet answers are read and forgotten, or closing would reset the link.
        threading.Thread(target=_drain, args=(client,), daemon=True).start()
        with contextlib.suppress(OSError):
            for _ in range(int(word) // 1000):
                client.sendall(block)
            client.shutdown(socket.SHUT_WR)


def _drain(client: socket.socket) -> None:
    with client, contextlib.suppress(OSError):
        while client.recv(65536):
            pass


@contextlib.contextmanager
def server(encoding: str) -> Iterator[tuple[int, Callable[[int], None]]]:
    """A running server's port, and what to call with a number of lines before connecting."""
    command = [sys.executable, "-m", "bench.lines", "serve", encoding]
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told = process.stdin

        def tell(count: int) -> None:
            told.write(f"{count}\n")
            told.flush()

        yield int(process.stdout.readline()), tell
        told.close()
        process.terminate()


# -- the readers -------------------------------------------------------------------------------------------------------


async def ours(port: int, encoding: str, count: int) -> None:
    """What a session of mudbot hears: Line values, in a listener."""
    from mudbot.events import Closed, Line, MudEvent
    from mudbot.mud.telnet import Address, Connection

    over = asyncio.get_running_loop().create_future()
    heard = 0

    def listen(events: Sequence[MudEvent]) -> None:
        nonlocal heard
        for event in events:
            if isinstance(event, Line):
                heard += 1
            elif isinstance(event, Closed):
                over.set_result(None)

    await Connection(Address("127.0.0.1", port, encoding=encoding), listen).open()
    await over
    assert heard == count, f"{heard} lines instead of {count}"


async def readline(port: int, _encoding: str, count: int) -> None:
    """The plainest there is: no telnet, no decoding, no bound on what waits."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for _ in range(count):
        await reader.readline()
    writer.close()
    await writer.wait_closed()


async def telnetlib3_readline(port: int, _encoding: str, count: int) -> None:
    """telnetlib3 as its examples use it."""
    import telnetlib3

    reader, writer = await telnetlib3.open_connection(
        "127.0.0.1",
        port,
        encoding=False,
        client_factory=telnetlib3.TelnetClient,  # another one is taken on a terminal
        connect_maxwait=0.01,
    )
    for _ in range(count):
        await reader.readline()
    writer.close()


async def pymud(port: int, encoding: str, count: int) -> None:
    """pymud's protocol, with the least session that makes lines of what it gives."""
    protocols: Any = importlib.import_module("pymud.protocol")  # of another environment
    loop = asyncio.get_running_loop()
    over = loop.create_future()

    class Session:
        buffer = bytearray()
        lines: list[str] = []  # noqa: RUF012  # one session

        def feed_data(self, data: bytes) -> None:
            self.buffer.extend(data)
            if data == b"\n":
                self.go_ahead()

        def go_ahead(self) -> None:
            self.lines.append(self.buffer.decode(encoding, "replace"))
            self.buffer.clear()
            if len(self.lines) == count:
                over.set_result(None)

        def feed_eof(self) -> None:
            pass

    def protocol() -> Any:
        return protocols.MudClientProtocol(Session(), encoding=encoding)

    await loop.create_connection(protocol, "127.0.0.1", port)
    await over


READERS: dict[str, Reader] = {
    "ours": ours,
    "asyncio readline": readline,
    "telnetlib3 readline": telnetlib3_readline,
    "pymud": pymud,
}


def timed(name: str, port: int, encoding: str, tell: Callable[[int], None]) -> float:
    """Seconds for each line that reader *name* takes."""
    tell(LINES[name])
    if name == "pymud":
        command = [str(pymud_python()), "-m", "bench.lines", "pymud", str(port), encoding]
        out = subprocess.run(command, cwd=_ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
        return float(json.loads(out.splitlines()[-1]))
    return _seconds_each(name, port, encoding)


def _seconds_each(name: str, port: int, encoding: str) -> float:
    async def run() -> float:
        before = time.perf_counter()
        await READERS[name](port, encoding, LINES[name])
        return (time.perf_counter() - before) / LINES[name]

    return asyncio.run(run())


# -- pymud's environment -----------------------------------------------------------------------------------------------


def pymud_python() -> Path:
    """The interpreter of the environment that has pymud."""
    folder = Path(os.environ.get("MUDBOT_TEST_ENVS", _ROOT / ".envs")) / "pymud"
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def has_pymud() -> bool:
    """Whether pymud is there; it is installed the first time."""
    python = pymud_python()
    installed = [str(python), "-c", "import pymud.protocol"]
    if python.exists() and not subprocess.run(installed, check=False, capture_output=True).returncode:
        return True
    try:
        venv.create(python.parent.parent, with_pip=True, clear=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", PYMUD], check=True, capture_output=True, timeout=300)
        subprocess.run(installed, check=True, capture_output=True)
    except (OSError, subprocess.SubprocessError) as exc:
        print(f"{'pymud':24} skipped: {PYMUD} cannot be installed into {python.parent.parent} ({exc})")
        return False
    return True


# -- the table ---------------------------------------------------------------------------------------------------------


def main() -> None:
    """Print lines a second of each, and how many times as fast ours is."""
    import telnetlib3  # noqa: F401  # no import is measured

    import mudbot.mud.telnet  # noqa: F401

    names = [name for name in READERS if name != "pymud" or has_pymud()]
    for encoding in ("gbk", "utf-8"):
        times: dict[str, list[float]] = {name: [] for name in names}
        with server(encoding) as (port, tell):
            for _, name in itertools.product(range(ROUNDS), names):
                times[name].append(timed(name, port, encoding, tell))
        mine = median(times["ours"])
        print(f"lines of 80 columns, {encoding:6} {'ours':24} {1 / mine:10,.0f} lines/s  {mine * 1e6:7.2f} µs each")
        for name in names[1:]:
            theirs = median(times[name])
            # Round by round: what else the machine does then slows both.
            ratio = median(b / a for a, b in zip(times["ours"], times[name], strict=True))
            verdict = "" if ratio >= BARS[name] else "  MISSED"
            print(
                f"{'':28} {name:24} {1 / theirs:10,.0f} lines/s  {theirs * 1e6:7.2f} µs each"
                f"  {ratio:7.2f} x   bar {BARS[name]:g} x{verdict}"
            )


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["pymud"]:
        importlib.import_module("pymud.protocol")  # which is not what is measured
        print(json.dumps(_seconds_each("pymud", int(sys.argv[2]), sys.argv[3])))
    else:
        main()
