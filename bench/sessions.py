"""500 characters in one process, all in the game and hearing each other chat: memory, processor, lines heard."""

from __future__ import annotations

import asyncio
import gc
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mudbot.app import App
from mudbot.clock import SystemClock
from mudbot.config import load
from mudbot.events import Speech
from mudbot.mud import dialect
from mudbot.mud.login import Character
from mudbot.mud.session import Session
from mudbot.mud.telnet import Address

COUNT = 500
SECONDS = 20.0
BAR = 150.0
"""KB for each session."""
_SERVER = """
import asyncio, sys
from mudbot.local.tavern import Tavern
from mudbot.local.tavern.link import Limits
async def main():
    async with Tavern(limits=Limits(links=2000)) as tavern:
        print(tavern.port, flush=True)
        await asyncio.Event().wait()
asyncio.run(main())
"""


def _rss() -> float:
    """Resident memory in KB."""
    gc.collect()
    fields = Path("/proc/self/statm").read_text(encoding="ascii").split()
    return int(fields[1]) * os.sysconf("SC_PAGESIZE") / 1024


def _name(number: int) -> str:
    """A name of letters: the tavern takes no digits."""
    return "Guest" + "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")


async def bare(port: int) -> tuple[float, float, int]:
    """Sessions alone: KB each, share of one processor, lines heard a second."""
    heard = 0

    def count(events: Sequence[object]) -> None:
        nonlocal heard
        heard += isinstance(events[0], Speech)

    clock, rules = SystemClock(), dialect.load("tavern")
    first = Session("first", Address("127.0.0.1", port), rules, Character("Firstone", "secret"), clock=clock)
    tasks = [asyncio.create_task(first.run())]
    await _until(lambda: first.state == "playing")
    before = _rss()
    sessions = []
    for number in range(COUNT):
        name = _name(number)
        session = Session(name, Address("127.0.0.1", port), rules, Character(name, "secret"), clock=clock)
        session.listener = count
        sessions.append(session)
        tasks.append(asyncio.create_task(session.run()))
        if number % 25 == 24:
            await asyncio.sleep(0.05)
    await _until(lambda: all(session.state == "playing" for session in sessions))
    heard, began, used = 0, time.monotonic(), time.process_time()
    while time.monotonic() - began < SECONDS:
        for session in sessions[:: COUNT // 5]:
            session.say("channel", f"nobody in particular, at {time.monotonic():.1f}", "chat")
        await asyncio.sleep(1)
    lasted = time.monotonic() - began
    share, rate, each = (time.process_time() - used) / lasted, heard / lasted, (_rss() - before) / COUNT
    await asyncio.gather(*(session.stop() for session in [first, *sessions]))
    await asyncio.gather(*tasks)
    return each, share, round(rate)


async def whole(port: int) -> float:
    """The same with everything that an owner's bot has: plugins, persona, memory; KB each."""
    with tempfile.TemporaryDirectory() as folder:
        # What a bot needs once, libraries above all, is there already when the sessions are counted.
        first = await _bot(Path(folder) / "one", port, [COUNT])
        before = _rss()
        many = await _bot(Path(folder) / "many", port, range(COUNT))
        await asyncio.sleep(3)
        each = (_rss() - before) / COUNT
        await asyncio.gather(first.stop(), many.stop())
    return each


async def _bot(store: Path, port: int, numbers: Iterable[int]) -> App:
    """A bot whose characters are all in the game."""
    entries = ", ".join(
        f"{{name: s{n}, host: 127.0.0.1, port: {port}, dialect: tavern, login: {{name: {_name(n)}, password: secret}}}}"
        for n in numbers
    )
    lines = [
        "api={base_url: 'http://127.0.0.1:9/v1', models: {dialogue: {name: x, endpoint: chat}}}",
        f"sessions=[{entries}]",
        "plugins={dialogue: null, basics: null}",
        f"store={store}",
        "web.port=0",
    ]
    app = App(load(None, overrides=lines, environ={}))
    await app.start()
    await _until(lambda: all(session.state == "playing" for session in app.sessions))
    return app


async def _until(done: Callable[[], bool]) -> None:
    async with asyncio.timeout(120):
        while not done():  # noqa: ASYNC110  # sessions have a state, not an event
            await asyncio.sleep(0.1)


def main() -> None:
    """Print the figures."""
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        port = int(server.stdout.readline())
        each, share, rate = asyncio.run(bare(port))
        print(
            f"{COUNT} sessions in one process: {each:.0f} KB each (bar {BAR:.0f}), {share:.0%} of one processor "
            f"while {rate} lines a second are heard"
        )
    finally:
        server.kill()
        server.wait()
    server = subprocess.Popen([sys.executable, "-c", _SERVER], stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        # In a process of its own: this one has memory to spare by now.
        command = [sys.executable, "-m", "bench.sessions", server.stdout.readline().strip()]
        each = float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)
        print(f"{COUNT} sessions with plugins, persona and memory: {each:.0f} KB each")
    finally:
        server.kill()
        server.wait()


if __name__ == "__main__":
    if sys.argv[1:]:
        print(asyncio.run(whole(int(sys.argv[1]))))
    else:
        main()
