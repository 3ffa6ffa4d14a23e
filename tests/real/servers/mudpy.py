"""mudpy 0.5.1: a MUD with accounts and menus, that corrects and wraps what is said, and marks prompts by GA or EOR."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import yaml

from tests.real.servers.packages import installed, pip_install, pip_source, unpack
from tests.real.servers.program import Program
from tests.real.servers.wire import Wire

PACKAGE = "mudpy==0.5.1"
WORLD = ("etc", "share", "sample")
"""The folders that its source archive has and its wheel lacks."""
PULSE = 0.01
"""Seconds between two rounds of the server, which takes one line of each player a round; it is 0.1 by default."""
IDLE = 10**7
"""Rounds until it warns of idleness or hangs up: the stock values are for slower rounds."""


def start() -> Program:
    """A running server with the sample world.  Raises UnavailableError where it cannot be installed."""
    folder = installed("mudpy", PACKAGE, build)
    program = Program(
        "mudpy",
        lambda own, port: command(folder, own, port),
        {"PYTHONPATH": str(folder / "lib"), "PYTHONUNBUFFERED": "1"},
    )
    program.start()
    return program


def build(folder: Path) -> None:
    archive = pip_source(PACKAGE, folder / "source")
    pip_install(str(archive), folder / "lib")
    unpack(archive, folder, WORLD)


def command(installation: Path, own: Path, port: int) -> list[str]:
    for part in WORLD:
        shutil.copytree(installation / part, own / part, dirs_exist_ok=True)
    path = own / "etc" / "mudpy.yaml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    settings |= {key: IDLE for key in settings if key.startswith(".mudpy.timing.idle.")}
    settings |= {
        ".mudpy.network.host": "127.0.0.1",
        ".mudpy.network.port": port,
        ".mudpy.timing.increment": PULSE,
    }
    path.write_text(yaml.safe_dump(settings), encoding="utf-8")
    # -S: it lists the versions of all packages that it sees, and stumbles over some
    return [sys.executable, "-S", "-c", "import sys, mudpy; sys.exit(mudpy.daemon.main())", str(path)]


async def create(program: Program, account: str, password: str) -> str:
    """Make *account* (lower-case letters and digits) with one avatar; the avatar's name, which the server chooses.

    The password needs seven characters, among them a capital, a small letter and a digit.
    """
    async with await Wire.open(program.host, program.port, account) as link:
        await link.answer("Identify yourself:", account)
        await link.answer("Enter your choice:", "n")
        await link.answer("Enter a new password", password)
        await link.answer("Enter the same new password", password)
        await link.answer("What would you like to do", "c")
        await link.answer("Pick a birth gender", "f")
        offered = await link.answer("Choose a name for her", "1")
        await link.answer("What would you like to do", "l")
        await link.wait_gone()
    name = re.search(r"\[1\] +(\S+)", offered)
    assert name is not None, offered
    return name[1]
