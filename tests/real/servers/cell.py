"""Runs a server that cannot be told to listen on loopback only, in a network of its own.

``python cell.py PORT INNER PROGRAM [ARG ...]``: what connects to PORT on this machine's loopback is passed on to INNER
on the loopback of a new network namespace, where PROGRAM runs and can listen on whatever it likes.  When PROGRAM ends
all its links end, and it is started again, as a MUD's own watchdog would.
"""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
import sys

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000  # sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1  # netdevice(7)
HOST = "127.0.0.1"
AGAIN = 0.05
"""Seconds before the program is started again, or a connection to it tried again."""
TRIES = 100


def enter_own_network() -> None:
    """Leave this machine's network for an empty one with a loopback.  Raises OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    flags = CLONE_NEWNET if os.geteuid() == 0 else CLONE_NEWNET | CLONE_NEWUSER
    if libc.unshare(flags):
        number = ctypes.get_errno()
        raise OSError(number, f"no network namespace of one's own: {os.strerror(number)}")
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


async def keep_running(argv: list[str]) -> None:
    """Run the program again and again, until cancelled."""
    while True:
        process = await asyncio.create_subprocess_exec(*argv, stdin=asyncio.subprocess.DEVNULL)
        try:
            await process.wait()
        finally:
            if process.returncode is None:
                process.kill()
        sys.stdout.write(f"{argv[0]} ended with {process.returncode}\n")
        await asyncio.sleep(AGAIN)


async def connect(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A link to the program, which may just be starting."""
    for _ in range(TRIES):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection(HOST, port)
        await asyncio.sleep(AGAIN)
    raise ConnectionRefusedError


async def serve(inner: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes, both ways, until the program ends the link; who hangs up only ends his own direction."""
    with contextlib.suppress(OSError):
        far_reader, far_writer = await connect(inner)
        upwards = asyncio.create_task(passed_on(reader, far_writer))
        await passed_on(far_reader, writer)
        upwards.cancel()
        far_writer.close()
    writer.close()


async def passed_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    with contextlib.suppress(OSError):
        sink.write_eof()


async def main(listener: socket.socket, inner: int, argv: list[str]) -> None:
    running = asyncio.create_task(keep_running(argv))
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, running.cancel)
    links: set[asyncio.Task[None]] = set()

    def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(serve(inner, reader, writer))
        links.add(task)
        task.add_done_callback(links.discard)

    async with await asyncio.start_server(accepted, sock=listener):
        with contextlib.suppress(asyncio.CancelledError):
            await running


if __name__ == "__main__":
    outside = socket.create_server((HOST, int(sys.argv[1])))  # a socket belongs to the network it was made in
    enter_own_network()
    asyncio.run(main(outside, int(sys.argv[2]), sys.argv[3:]))
