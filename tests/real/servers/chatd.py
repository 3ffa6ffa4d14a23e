"""telnet-chatd of Debian's libtelnet-utils 0.21: a chat without commands, in C, that offers MCCP2 and any encoding.

It listens on all interfaces, so it runs in a network of its own (cell.py); and it ends whenever somebody hangs up on
it, so it is started again.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from tests.real.servers import cell
from tests.real.servers.environment import StepError, UnavailableError, run
from tests.real.servers.packages import apt_unpack, installed
from tests.real.servers.program import Program

PACKAGES = ("libtelnet-utils", "libtelnet2")
PROGRAM = "telnet-chatd"
INNER_PORT = 4000
"""In its own network every port is free."""


def start() -> Program:
    """A running server.  Raises UnavailableError where it can be neither found nor installed, or not shut in."""
    binary, libraries = found()
    try:
        run(["unshare", "--net", *([] if os.geteuid() == 0 else ["--map-root-user"]), "true"], Path("/"))
    except StepError as error:
        raise UnavailableError(f"{PROGRAM} listens on all interfaces and cannot be shut in here: {error}") from error
    program = Program(
        "chatd",
        lambda _folder, port: [sys.executable, cell.__file__, str(port), str(INNER_PORT), binary, str(INNER_PORT)],
        {"LD_LIBRARY_PATH": libraries, "PYTHONUNBUFFERED": "1"},
    )
    program.start()
    return program


def found() -> tuple[str, str]:
    """The program and where its libraries are: the system's, else unpacked beside the other servers."""
    if binary := shutil.which(PROGRAM):
        return binary, os.environ.get("LD_LIBRARY_PATH", "")
    folder = installed("chatd", " ".join(PACKAGES), lambda folder: apt_unpack(PACKAGES, folder / "root")) / "root"
    return str(folder / "usr" / "bin" / PROGRAM), str(next(folder.glob("usr/lib/*/libtelnet.so.2")).parent)
