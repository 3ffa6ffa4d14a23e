"""Runs programs for a test run, and makes sure that none of them outlives it.

``python keeper.py FOLDER COMMANDS [PATIENCE]`` where COMMANDS is a JSON list of {"argv": [...], "log": "..."}.  The
programs share one process group.  When the standard input ends (the test run closed it, or died in any way), when
SIGTERM comes, or when the first program ends, the first is asked to stop and after PATIENCE seconds the whole group is
killed; then FOLDER is removed unless it is ``-``.

It is a program of its own because a test run that is killed cannot clean up after itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 6.0
"""Seconds to stop in peace: Evennia's server waits one second itself before its reactor stops."""


def start(commands: list[dict[str, str | list[str]]], programs: list[subprocess.Popen[bytes]]) -> None:
    """Start all programs in the process group of the first, and add each to *programs* as soon as it runs."""
    for command in commands:
        with Path(str(command["log"])).open("ab") as log:
            program = subprocess.Popen(  # noqa: S603 - whoever starts the keeper says what
                command["argv"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                process_group=programs[0].pid if programs else 0,
            )
        programs.append(program)


def group_alive(group: int) -> bool:
    """Whether any process is left in the group."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stop(programs: list[subprocess.Popen[bytes]], patience: float = PATIENCE) -> None:
    """Ask the first program to stop (it stops the others), then kill whatever is left after *patience* seconds."""
    if not programs:
        return
    group = programs[0].pid
    if programs[0].poll() is None:
        programs[0].terminate()
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        for program in programs:
            program.poll()
        if not group_alive(group):
            return
        time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)
    for program in programs:
        program.wait()


def wait_for_the_end(first: subprocess.Popen[bytes]) -> None:
    """Return when the standard input ends or the first program does."""
    with selectors.DefaultSelector() as selector:
        selector.register(sys.stdin.buffer, selectors.EVENT_READ)
        while first.poll() is None:
            if selector.select(timeout=0.5) and not os.read(sys.stdin.fileno(), 64):
                return


def main(folder: str, commands: str, patience: str = str(PATIENCE)) -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    programs: list[subprocess.Popen[bytes]] = []
    try:
        start(json.loads(commands), programs)
        wait_for_the_end(programs[0])
    finally:
        stop(programs, float(patience))
        if folder != "-":
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
