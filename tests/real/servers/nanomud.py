"""nanomud 0.5.0: a MUD in plain asyncio, whose messages end without a line break."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.real.servers.packages import installed, pip_install
from tests.real.servers.program import Program
from tests.real.servers.wire import Wire

PACKAGE = "nanomud==0.5.0"


def start() -> Program:
    """A running server with an empty world.  Raises UnavailableError where it cannot be installed."""
    folder = installed("nanomud", PACKAGE, lambda folder: pip_install(PACKAGE, folder / "lib"))
    program = Program("nanomud", command, {"PYTHONPATH": str(folder / "lib"), "PYTHONUNBUFFERED": "1"})
    program.start()
    return program


def command(folder: Path, port: int) -> list[str]:
    # -S: nothing of the environment that the tests run in
    return [sys.executable, "-S", "-m", "nanomud", "--host", "127.0.0.1", "--port", str(port), "--data", str(folder)]


async def create(program: Program, name: str, password: str) -> None:
    """Make the character *name*: 2 to 15 letters, the first of them a capital.  The first one made is an admin."""
    async with await Wire.open(program.host, program.port, name) as link:
        await link.answer("Enter your character name: ", name)
        await link.answer("Enter a password: ", password)
        await link.answer("Confirm password: ", password)
        await link.answer("Exits: ", "quit")
        await link.wait_gone()
