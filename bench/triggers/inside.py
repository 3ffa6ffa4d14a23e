"""What cannot be seen from a socket: building, memory, changes and runaways, each in a fresh process.

``python -m bench.triggers.inside WHAT SET FOLDER`` prints what it measured as JSON.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import json
import logging
import re
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING, Any

from bench.floods import forget_peak, memory
from bench.triggers.corpus import Corpus, Regexes
from bench.triggers.extras import EVIL
from bench.triggers.serve import ROOT

if TYPE_CHECKING:
    from mudbot.triggers.engine import Engine

Figures = dict[str, float]
CHANGES = 200
"""Triggers that are added, and as many that are removed."""
ROUNDS = 3
READ = 16 * 1024
"""Bytes of one read."""


def _engine(regexes: Regexes, **options: Any) -> Engine[int]:
    """With what came first added, and nothing made yet.  What it needs was imported, and is not measured."""
    from mudbot.triggers.engine import Engine

    engine: Engine[int] = Engine(**options)
    for number, regex in enumerate(regexes):
        engine.add(_trigger(regex, f"t{number}"), number)
    return engine


def _trigger(regex: tuple[str, int], name: str) -> Any:
    from mudbot.triggers.trigger import Pattern, Trigger

    return Trigger(patterns=(Pattern(regex[0], flags=regex[1]),), name=name)


def _feed(engine: Engine[int], texts: Sequence[str]) -> list[int]:
    """Which fire, in order."""
    from mudbot.mud.text import TextStream

    fired: list[int] = []
    lines = TextStream().feed("".join(f"{text}\r\n" for text in texts).encode())
    engine.feed(lines, lambda firing: fired.append(firing.entry.data))
    return fired


def build(regexes: Regexes, folder: Path) -> Figures:
    """Seconds to get ready from nothing, and the MiB that takes; what is made is kept for ``cached``."""
    gc.collect()
    forget_peak()
    before, began = memory(peak=False), time.perf_counter()
    engine = _engine(regexes, cache=folder / "kept")
    engine.prepare()
    seconds = time.perf_counter() - began
    gc.collect()
    return {"seconds": seconds, "memory": memory(peak=False) - before, "peak": memory(peak=True) - before}


def cached(regexes: Regexes, folder: Path) -> Figures:
    """Seconds to get ready for the next start, up to the first line; then MiB once every trigger has fired."""
    gc.collect()
    before, began = memory(peak=False), time.perf_counter()
    engine = _engine(regexes, cache=folder / "kept")
    engine.prepare()
    _feed(engine, ["nothing"])
    seconds = time.perf_counter() - began
    fired = _feed(engine, json.loads((folder / "examples.json").read_text(encoding="utf-8")))
    assert fired == list(range(len(regexes))), "not every trigger fires on its example"
    gc.collect()
    return {"seconds": seconds, "memory": memory(peak=False) - before}


def change(regexes: Regexes, folder: Path) -> Figures:
    """Milliseconds of this thread to add a trigger and to remove one, and for the 100 lines after each."""
    engine = _engine(regexes, cache=folder / "kept")
    engine.prepare()
    examples = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    entries = list(engine.entries)
    changes: list[float] = []
    feeds: list[float] = []
    for i, gone in enumerate(Random(1).sample(range(len(entries)), CHANGES)):
        news = f"fresh news number {i} for you"
        changes.append(_timed(engine.add, _trigger((rf"^fresh news number {i}\b", 0), f"new{i}"), -1 - i))
        feeds.append(_timed(_feed, engine, ["nothing"] * 100))
        assert _feed(engine, [news, examples[gone]]) == [-1 - i, gone], "a trigger that was added does not fire"
        changes.append(_timed(engine.remove, entries[gone]))
        feeds.append(_timed(_feed, engine, ["nothing"] * 100))
        assert _feed(engine, [news, examples[gone]]) == [-1 - i], "a trigger that was removed fires"
    return {"median": median(changes), "worst": max(changes), "feed": median(feeds), "worst feed": max(feeds)}


def _timed(action: Callable[..., object], *arguments: object) -> float:
    """The milliseconds it takes, without what others do on the machine meanwhile."""
    began = time.thread_time()
    action(*arguments)
    return (time.thread_time() - began) * 1000


async def _ticking(work: Callable[[], Any]) -> float:
    """The longest gap, in milliseconds, of a ticker that wants to run every millisecond while *work* is done."""
    longest = 0.0

    async def tick() -> None:
        nonlocal longest
        last = time.perf_counter()
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            last, longest = now, max(longest, now - last)

    gc.collect()
    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0.05)
    longest = 0.0
    found = work()
    if asyncio.iscoroutine(found):
        await found
    await asyncio.sleep(0.05)
    ticker.cancel()
    return longest * 1000


def rebuild(regexes: Regexes, folder: Path) -> Figures:
    """Milliseconds for which the loop stands still while all is made anew beside it; seconds that this takes."""
    engine = _engine(regexes, cache=folder / "kept")
    engine.prepare()

    async def anew() -> None:
        for work in engine.rebuilding(always=True):
            await asyncio.to_thread(work.work)
            engine.adopt(work)

    stalls, times = [], []
    for number in range(ROUNDS):
        added = engine.add(_trigger((rf"^fresh news number {number}\b", 0), f"new{number}"), -1 - number)
        began = time.perf_counter()
        stalls.append(asyncio.run(_ticking(anew)))
        times.append(time.perf_counter() - began)
        assert _feed(engine, [f"fresh news number {number} for you"]) == [added.data]
    return {"stall": median(stalls), "seconds": median(times)}


def evil(regexes: Regexes, folder: Path) -> Figures:
    """Milliseconds for which the loop stands still when lines come that 20 triggers take years over."""
    examples = json.loads((folder / "examples.json").read_text(encoding="utf-8"))[:40]
    lines = [line for _, line in EVIL]
    texts = [text for pair in zip(examples, lines + lines, strict=True) for text in pair]
    first, again = [], []
    for _ in range(ROUNDS):
        engine = _engine([*regexes, *((pattern, 0) for pattern, _ in EVIL)], cache=folder / "kept")
        engine.prepare()
        fired: list[int] = []

        def take(engine: Engine[int] = engine, fired: list[int] = fired) -> None:
            fired.extend(number for number in _feed(engine, texts) if number < len(regexes))

        first.append(asyncio.run(_ticking(take)))
        again.append(asyncio.run(_ticking(take)))
        assert fired == [*range(len(examples)), *range(len(examples))], "runaways keep others from firing"
    return {"stall": median(first), "again": median(again)}


def alone(regexes: Regexes, folder: Path) -> Figures:
    """Microseconds a line without a socket: bytes to lines, and the engine on those, with hyperscan and without."""
    from mudbot.mud.text import TextStream

    corpus = Corpus.load(folder / "lines.bin")
    found: Figures = {}
    for backend, count in (("auto", corpus.lines), ("plain", max(100, corpus.lines // 1000 * 100))):
        data = b"".join(corpus.blocks(count))
        reads = [data[at : at + READ] for at in range(0, len(data), READ)]
        engine = _engine(regexes, backend=backend, cache=folder / "sieves")
        engine.prepare()
        rounds = []
        for _ in range(4):
            stream = TextStream()
            began = time.perf_counter()
            pages = [stream.feed(read) for read in reads]
            read_at = time.perf_counter()
            fired = _count(engine, pages)
            rounds.append((read_at - began, time.perf_counter() - read_at))
            assert fired == corpus.hits(count), f"{fired} instead of {corpus.hits(count)}"
        found["text"], found[backend] = (median(each) / count * 1e6 for each in zip(*rounds[1:], strict=True))
    return found


def _count(engine: Engine[int], pages: Sequence[Any]) -> int:
    fired = 0

    def fire(_firing: object) -> None:
        nonlocal fired
        fired += 1

    for lines in pages:
        engine.feed(lines, fire)
    return fired


WHAT: dict[str, Callable[[Regexes, Path], Figures]] = {
    one.__name__: one for one in (build, cached, change, rebuild, evil, alone)
}


def fresh(what: str, regexes: Path, folder: Path) -> Figures:
    """Measure in a fresh process."""
    command = [sys.executable, "-m", "bench.triggers.inside", what, str(regexes), str(folder)]
    out = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found: Figures = json.loads(out.splitlines()[-1])
    return found


def _main() -> None:
    # No import is measured.
    for module in ("mudbot.mud.text", "mudbot.triggers.engine", "mudbot.triggers.trigger"):
        importlib.import_module(module)
    with contextlib.suppress(ImportError):
        importlib.import_module("hyperscan")
    logging.disable(logging.WARNING)  # what is switched off for running away
    what, file, folder = sys.argv[1:]
    regexes = [(pattern, flags) for pattern, flags in json.loads(Path(file).read_text(encoding="utf-8"))]
    re.purge()
    print(json.dumps(WHAT[what](regexes, Path(folder))))


if __name__ == "__main__":
    _main()
