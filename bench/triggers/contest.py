"""Readers that take turns: the same lines from the same server, each time and again."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import Protocol

from bench.lines import pymud_python
from bench.triggers.corpus import STEP, Corpus
from bench.triggers.fill import anything
from bench.triggers.rival_tintin import TinTin
from bench.triggers.serve import Server
from bench.triggers.sets import Case
from bench.triggers.worker import Done, worker

BARE, WHOLE, NAIVE, TINTIN, PYMUD, PLAIN = (
    "ours",
    "ours, a session",
    "re loop",
    "TinTin++",
    "PyMUD",
    "ours, no hyperscan",
)
_WAIT = {WHOLE: 20.0, TINTIN: 0.2, PYMUD: 0.2}
"""Seconds that the server waits for those who talk telnet; the session says when it is ready."""
_MODULES = {
    BARE: ("bench.triggers.worker", "ours"),
    PLAIN: ("bench.triggers.worker", "ours, plain"),
    NAIVE: ("bench.triggers.worker", "naive"),
    WHOLE: ("bench.triggers.session",),
    PYMUD: ("bench.triggers.rival_pymud",),
}


ENOUGH, PATIENCE = 3, 10.0
"""Rounds after which no other is begun once so many seconds are over."""


class Runner(Protocol):
    """A reader in its process."""

    def ready(self) -> None:
        """Wait until it is prepared."""

    def start(self, port: int) -> None:
        """Let it read what *port* sends."""

    def done(self) -> Done:
        """How that ended; waits until it has."""


class Files:
    """What cases are made of, in a folder: each is made once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._corpora: dict[str, Corpus] = {}

    def regexes(self, case: Case) -> Path:
        """Its triggers."""
        path = self.folder / f"{case.name}.set"
        if not path.exists():
            path.write_text(json.dumps(case.regexes), encoding="utf-8")
        return path

    def corpus(self, case: Case) -> tuple[Path, Corpus]:
        """Its lines."""
        path = self.folder / f"{case.name}.bin"
        if case.name not in self._corpora:
            self._corpora[case.name] = made = case.corpus()
            made.save(path)
        return path, self._corpora[case.name]

    def inside(self, case: Case) -> Path:
        """A folder of its own for what is measured without a socket."""
        folder = self.folder / f"{case.name}.inside"
        if not folder.exists():
            folder.mkdir()
            self.corpus(case)[1].save(folder / "lines.bin")
            random = Random(3)
            examples = [spec.example(random, anything) for spec in case.specs]
            (folder / "examples.json").write_text(json.dumps(examples), encoding="utf-8")
        return folder


@dataclass
class Contestant:
    """A reader prepared for a case."""

    reader: str
    case: Case
    path: Path
    corpus: Corpus
    lines: int
    runner: Runner

    def warm(self, server: Server) -> None:
        """Read a tenth, so that what is prepared at the first line is not measured."""
        self._read(server, _whole(self.lines // 10))

    def read(self, server: Server) -> float:
        """Microseconds a line.  AssertionError if not exactly what should have fired did."""
        return self._read(server, self.lines)

    def _read(self, server: Server, lines: int) -> float:
        server.offer(self.path, lines, wait=_WAIT.get(self.reader))
        self.runner.start(server.port)
        began = server.began()
        done = self.runner.done()
        hits = self.corpus.hits(lines)
        assert done.fired == hits, f"{self.reader}, {self.case.name}: {done.fired} triggers fired instead of {hits}"
        return (done.at - began) / lines * 1e6


Figures = dict[tuple[str, str], list[float]]
"""Microseconds a line in each round, by reader and case."""


def contest(
    server: Server, files: Files, entries: Sequence[tuple[str, Case, int]], rounds: int, warm: Callable[[str], bool]
) -> Figures:
    """Let each of *entries* (who, what, how many lines) read, in turn, *rounds* times; three times if that takes long.

    Those of whom *warm* is true read some before.
    """
    with ExitStack() as stack:
        contestants = []
        for reader, case, lines in entries:
            path, corpus = files.corpus(case)
            runner: Runner = (
                TinTin(case.regexes, files.folder)
                if reader == TINTIN
                else stack.enter_context(worker(_command(reader, files.regexes(case))))
            )
            contestants.append(Contestant(reader, case, path, corpus, _whole(lines), runner))
        for each in contestants:
            each.runner.ready()
        for each in contestants:
            if warm(each.reader):
                each.warm(server)
        times: Figures = {(each.reader, each.case.name): [] for each in contestants}
        began = time.monotonic()
        for number in range(rounds):
            if number >= ENOUGH and time.monotonic() - began > PATIENCE:
                break
            for each in contestants:
                times[each.reader, each.case.name].append(each.read(server))
    return times


def _whole(lines: int) -> int:
    return max(STEP, lines // STEP * STEP)


def _command(reader: str, regexes: Path) -> Sequence[str]:
    module, *kind = _MODULES[reader]
    python = str(pymud_python()) if reader == PYMUD else sys.executable
    return [python, "-m", module, *kind, str(regexes)]


def ratio(figures: Figures, ours: tuple[str, str], theirs: tuple[str, str]) -> float:
    """How many times as long *theirs* took, round by round: what else the machine does then slows both."""
    return median(b / a for a, b in zip(figures[ours], figures[theirs], strict=True))
