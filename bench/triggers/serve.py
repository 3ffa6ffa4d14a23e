"""The server, in a process of its own: sends a corpus to whoever connects, as fast as it is read.

Times are of ``time.monotonic``, which is the same clock for every process of a machine.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from bench.triggers.corpus import Corpus

ROOT = Path(__file__).parent.parent.parent
GO = b"go\r\n"
"""What a client may say when it is ready for the first line."""

_IAC, _DO, _WILL = b"\xff", b"\xfd", b"\xfb"
_TTYPE, _NAWS, _EOR, _MSDP, _MSSP, _GMCP = b"\x18", b"\x1f", b"\x19", b"\x45", b"\x46", b"\xc9"
NEGOTIATION = b"".join(_IAC + _DO + option for option in (_TTYPE, _NAWS)) + b"".join(
    _IAC + _WILL + option for option in (_EOR, _MSDP, _MSSP, _GMCP)
)
"""What MUDs send to those who talk telnet."""
GREETING = b"Welcome.\r\n"
"""TinTin++ acts twice on the first line of a connection, so that line is one that nothing is set off by."""


class Server:
    """The running server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._told, self._said = process.stdin, process.stdout
        self.port = int(process.stdout.readline())

    def offer(self, corpus: Path, lines: int, *, wait: float | None = None) -> None:
        """Send so many lines of the corpus in that file to the next who connects.

        With *wait* telnet options are agreed on first, and ``GO`` is waited for so many seconds at most; that time
        does not count.
        """
        self._told.write(json.dumps([str(corpus), lines, wait]) + "\n")
        self._told.flush()

    def began(self) -> float:
        """When the first line of what was offered last was sent; waits until it is."""
        return float(self._said.readline())


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server, until the end of the block."""
    command = [sys.executable, "-m", "bench.triggers.serve"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Server(process)
        finally:
            process.terminate()


def serve() -> None:
    """Print a port, then serve what standard input asks for, one after the other."""
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    corpora: dict[str, Corpus] = {}
    for order in sys.stdin:
        path, lines, wait = json.loads(order)
        if path not in corpora:
            corpora = {path: Corpus.load(Path(path))}
        client, _ = listener.accept()
        with client, contextlib.suppress(OSError):
            _send(client, corpora[path], lines, wait)


def _send(client: socket.socket, corpus: Corpus, lines: int, wait: float | None) -> None:
    ready = threading.Event()
    reading = threading.Thread(target=_drain, args=(client, ready), daemon=True)
    reading.start()
    blocks = list(corpus.blocks(lines))
    if wait is not None:
        client.sendall(NEGOTIATION + GREETING)
        ready.wait(wait)
    print(time.monotonic(), flush=True)
    for block in blocks:
        client.sendall(block)
    client.shutdown(socket.SHUT_WR)
    reading.join(60)


def _drain(client: socket.socket, ready: threading.Event) -> None:
    """Read what the client says to its end, or closing would reset the link."""
    said = b""
    with contextlib.suppress(OSError):
        while data := client.recv(65536):
            said = (said + data)[-64:]
            if GO in said:
                ready.set()


if __name__ == "__main__":
    serve()
