"""What was prepared is kept for the next start; whatever is wrong with it, triggers are prepared anew."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from mudbot.events import Lines, Page
from mudbot.triggers import sieve as module
from mudbot.triggers.engine import Engine
from mudbot.triggers.plan import Source
from mudbot.triggers.sieve import WORTH_KEEPING, Hit, has_hyperscan, sieve
from mudbot.triggers.trigger import Pattern, Trigger

pytestmark = pytest.mark.skipif(not has_hyperscan(), reason="there is no hyperscan on this machine")

SOURCES: list[Source] = [
    *((f"orc number {n} arrives", 0) for n in range(WORTH_KEEPING)),
    (r"\d+ gold", 0), ("(?i)kiss", 0), ("说道", 0), (".", 0), ("(", 0), (r"a(?:b|^)c", 0), ("\ud800x", 2),
]  # fmt: skip
LINES = ("orc number 7 arrives", "12 gold", "\u212aISS", "他说道：", "nothing", "abc", "\ud800x")
PAGE = Page("".join(f"{line}\n" for line in LINES))
SCRIPT = """
import sys
from pathlib import Path
from mudbot.triggers import sieve as module
from tests.triggers.test_sieve_cache import PAGE, SOURCES
if sys.argv[2] == "known":
    module._compiled = None
made = module.sieve(SOURCES, backend="hyperscan", cache=Path(sys.argv[1]))
print(made.always, made.broken, made.hits(PAGE))
"""


def told(folder: Path | None = None) -> tuple[list[int], dict[int, str], list[Hit]]:
    """All that a sieve of SOURCES tells."""
    made = sieve(SOURCES, backend="hyperscan", cache=folder)
    return made.always, made.broken, made.hits(PAGE)


def elsewhere(folder: Path, known: str = "") -> subprocess.Popen[str]:
    """The same in another process."""
    root, environ = Path(__file__).parents[2], {**os.environ, "PYTHONPATH": "."}
    command = [sys.executable, "-c", SCRIPT, str(folder), known]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, cwd=root, env=environ)


def spoken(process: subprocess.Popen[str]) -> str:
    with process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    return out.strip()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """The one file of a cache."""
    told(tmp_path)
    (only,) = tmp_path.iterdir()
    return only


def test_what_was_written_is_read_by_another_process(file: Path) -> None:
    """And nothing is prepared there."""
    always, broken, hits = told()
    assert len(hits) == 13
    assert spoken(elsewhere(file.parent, "known")) == f"{always} {broken} {hits}"


def test_what_was_written_is_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By an engine too: what fires is the same."""
    expected = told()
    monkeypatch.setattr(module, "_compiled", None)
    assert told(file.parent) == expected


def test_an_engine_keeps_what_it_prepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next engine of the same triggers prepares nothing."""
    for known in (False, True):
        engine = Engine[int](backend="hyperscan", cache=tmp_path)
        for number in range(WORTH_KEEPING):
            engine.add(Trigger(patterns=(Pattern(f"orc {number} arrives"),)), number)
        if known:
            monkeypatch.setattr(module, "_compiled", None)
        engine.prepare()
        engine.feed(Lines(Page("orc 7 arrives\norc 8 leaves\n")), lambda _firing: None)
        assert [entry.data for entry in engine.entries if entry.fired] == [7]


def signed(content: bytes) -> bytes:
    return hashlib.sha256(content).digest() + content


def with_head(raw: bytes, change: Callable[[dict[str, object]], object]) -> bytes:
    """The file with another head, and a sum that is right."""
    line, _, rest = raw[32:].partition(b"\n")
    head = json.loads(line)
    return signed(json.dumps(change(head) or head).encode() + b"\n" + rest)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda raw: b"",
    "one byte": lambda raw: raw[:1],
    "only its sum": lambda raw: raw[:32],
    "half": lambda raw: raw[: len(raw) // 2],
    "without its last byte": lambda raw: raw[:-1],
    "one byte more": lambda raw: raw + b"x",
    "a bit of the sum": lambda raw: bytes([raw[0] ^ 1]) + raw[1:],
    "a bit of the head": lambda raw: raw[:40] + bytes([raw[40] ^ 1]) + raw[41:],
    "a bit of the database": lambda raw: raw[:-100] + bytes([raw[-100] ^ 1]) + raw[-99:],
    "zeros": lambda raw: bytes(len(raw)),
    "text": lambda raw: b"this is no sieve",
    "signed nothing": lambda raw: signed(b""),
    "signed text": lambda raw: signed(b"no json\nno database"),
    "a list": lambda raw: with_head(raw, lambda head: [head]),
    "no texts": lambda raw: with_head(raw, lambda head: head.pop("texts") and None),
    "no blobs": lambda raw: with_head(raw, lambda head: head.pop("blobs") and None),
    "texts of another shape": lambda raw: with_head(raw, lambda head: {**head, "texts": [["a"]]}),
    "coarse of another shape": lambda raw: with_head(raw, lambda head: {**head, "coarse": [["說", [0]]]}),
    "broken of another shape": lambda raw: with_head(raw, lambda head: {**head, "broken": [0]}),
    "blobs of another shape": lambda raw: with_head(raw, lambda head: {**head, "blobs": ["x"]}),
    "blobs of another size": lambda raw: with_head(raw, lambda head: {**head, "blobs": [10]}),
    "another database": lambda raw: with_head(raw, lambda head: {**head, "blobs": [99]})[:-99] + b"x" * 99,
}


@pytest.mark.parametrize("kind", DAMAGES)
def test_what_is_damaged_is_prepared_anew(kind: str, file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Without an exception, with a line in the log, and it is whole again afterwards."""
    whole, expected = file.read_bytes(), told()
    file.write_bytes(DAMAGES[kind](whole))
    with caplog.at_level(logging.INFO, module.__name__):
        assert told(file.parent) == expected
    assert str(file) in caplog.text
    assert "prepared anew" in caplog.text
    caplog.clear()
    assert told(file.parent) == expected
    assert not caplog.records


def test_a_folder_in_its_place_is_no_file(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Nor can it be replaced by one: nothing is kept, and nothing is left behind."""
    file.unlink()
    file.mkdir()
    (file / "x").touch()
    with caplog.at_level(logging.INFO, module.__name__):
        assert told(file.parent) == told()
    assert "cannot be kept" in caplog.text
    assert [path.suffix for path in file.parent.iterdir()] == [".sieve"]


def test_a_folder_that_cannot_be_made(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file stands where the folder should: the triggers work, and the log says why nothing is kept."""
    (tmp_path / "cache").touch()
    with caplog.at_level(logging.INFO, module.__name__):
        assert told(tmp_path / "cache") == told()
    assert f"cannot be kept in {tmp_path / 'cache'}" in caplog.text


def test_a_full_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Half a file is taken away again."""
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        write(path, data[:100])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with caplog.at_level(logging.INFO, module.__name__):
        assert told(tmp_path) == told()
    assert "No space left" in caplog.text
    assert not list(tmp_path.iterdir())


def test_several_processes_at_once(tmp_path: Path) -> None:
    """Each has its triggers, and what they leave behind is whole."""
    always, broken, hits = told()
    with ExitStack() as stack:
        processes = [stack.enter_context(elsewhere(tmp_path / "new" / "folder")) for _ in range(3)]
        assert [spoken(process) for process in processes] == [f"{always} {broken} {hits}"] * 3
    assert [path.suffix for path in (tmp_path / "new" / "folder").iterdir()] == [".sieve"]
    assert spoken(elsewhere(tmp_path / "new" / "folder", "known")) == f"{always} {broken} {hits}"


def test_the_latest_twenty_are_kept(tmp_path: Path) -> None:
    """Every change of a trigger makes another file."""
    latest = []
    for n in range(24):
        sieve([*SOURCES[:WORTH_KEEPING], (f"goblin {n}", 0)], backend="hyperscan", cache=tmp_path)
        new = max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(new, (n, n))
        latest.append(new)
    assert set(tmp_path.iterdir()) == {*latest[-20:]}


def test_another_file_for_all_that_could_read_patterns_otherwise(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    """Other patterns, flags, order, anchors, another version of this, of Python or of hyperscan, another machine."""
    first = SOURCES[0]
    for other in (SOURCES[:-1], [("x", 0), *SOURCES[1:]], [(first[0], 2), *SOURCES[1:]], SOURCES[::-1]):
        sieve(other, backend="hyperscan", cache=file.parent)
    sieve(SOURCES, backend="hyperscan", anchored=False, cache=file.parent)
    for name, value in (
        ("mudbot.__version__", "9"),
        ("sys.version", "9"),
        ("importlib.metadata.version", lambda _: "9"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(name, value)
            told(file.parent)
    with monkeypatch.context() as patch:
        patch.setattr(module, "_FORMAT", 99)
        told(file.parent)
    assert len(list(file.parent.iterdir())) == 10


def test_few_are_not_worth_a_file(tmp_path: Path) -> None:
    sieve(SOURCES[: WORTH_KEEPING - 1], backend="hyperscan", cache=tmp_path / "cache")
    sieve(SOURCES, backend="plain", cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()
