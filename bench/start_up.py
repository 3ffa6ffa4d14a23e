"""How long a user waits: import, ``--help``, and from ``mudbot run`` to "logged in"."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.table import row

RUNS = 9
CONFIG = """\
sessions: [{{host: tavern, login: {{name: Chen, password: secret}}}}]
plugins: {{dialogue: null, scenes: {{permissions: {{images: true}}}}, moderation: null, basics: null}}
store: {store}
web: {{port: 0}}
"""


def timed(*command: str) -> float:
    """Seconds that a whole process takes."""
    before = time.perf_counter()
    subprocess.run([sys.executable, *command], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - before


def in_turn(
    ours: Callable[[], float], theirs: Callable[[], float], runs: int = RUNS
) -> tuple[list[float], list[float]]:
    """Both, one after the other, so that a machine that slows down slows both."""
    pairs = [(ours(), theirs()) for _ in range(runs + 1)][1:]  # the first fills the caches
    return [a for a, _ in pairs], [b for _, b in pairs]


def to_logged_in() -> float:
    """Seconds from starting ``mudbot run`` to its first word that it is in the game; embedded world and API."""
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "config.yaml"
        config.write_text(CONFIG.format(store=Path(folder) / "data"))
        before = time.perf_counter()
        daemon = subprocess.Popen(
            [sys.executable, "-m", "mudbot", "run", "-c", str(config)],
            stderr=subprocess.PIPE,
            text=True,  # the model, where its file is there, loads beside the login
        )
        assert daemon.stderr is not None
        for line in daemon.stderr:
            if re.search(r": playing", line):
                break
        took = time.perf_counter() - before
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate()
        return took


def bare_client() -> float:
    """The rival: a process that imports telnetlib3 and aiohttp, which any such bot needs, and connects nowhere."""
    return timed("-c", "import asyncio, telnetlib3, aiohttp, sqlalchemy")


def main() -> None:
    """Print the three figures."""
    bare = lambda: timed("-c", "import asyncio")  # noqa: E731
    row(
        "import mudbot", *spread(in_turn(lambda: timed("-c", "import mudbot"), bare), "python -c 'import asyncio'"), 200
    )
    row(
        "mudbot --help",
        *spread(in_turn(lambda: timed("-m", "mudbot", "--help"), bare), "python -c 'import asyncio'"),
        400,
    )
    row("mudbot run to logged in", *spread(in_turn(to_logged_in, bare_client), "importing what it needs"), 1500)


def spread(pair: tuple[list[float], list[float]], rival: str) -> tuple[list[float], str, list[float]]:
    """A pair of measurements in the order in which ``row`` takes them."""
    return pair[0], rival, pair[1]


if __name__ == "__main__":
    main()
