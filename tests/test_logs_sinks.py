"""Where entries go: systemd's journal by its own protocol, a file that does not grow for ever."""

from __future__ import annotations

import json
import logging
import os
import socket
import stat
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mudbot import logs
from mudbot.host.services.log import PluginLog
from mudbot.logs import sinks

log = logging.getLogger("mudbot.test")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """The logging of the test run itself comes back afterwards."""
    root, own = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, own.level)
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


# -- the journal -------------------------------------------------------------------------------------------------------


class Journald:
    """Listens in its place, and reads what https://systemd.io/JOURNAL_NATIVE_PROTOCOL/ says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = self.listening()

    def listening(self) -> socket.socket:
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(str(self.path))
        listening.settimeout(5)
        return listening

    def restart(self) -> None:
        self._socket.close()
        self.path.unlink()
        self._socket = self.listening()

    def entry(self) -> dict[str, str]:
        return fields(self._socket.recv(1_000_000))

    def close(self) -> None:
        self._socket.close()


def fields(data: bytes) -> dict[str, str]:
    found = {}
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            (size,) = struct.unpack("<Q", data[:8])
            value, data = data[8 : 8 + size], data[8 + size :]
            assert data[:1] == b"\n"
            data = data[1:]
        found[name.decode("ascii")] = value.decode()
    return found


Written = Callable[[], str]


@pytest.fixture
def begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Written]]:
    """Set up logs with a standard error that is a file, and said to be the journal's; what is returned reads it."""
    with (tmp_path / "stderr").open("w+", encoding="utf-8") as file:

        def setup(**given: Any) -> Written:
            monkeypatch.setattr(sys, "stderr", file)  # within the test: pytest has its own before
            about = os.fstat(file.fileno())
            monkeypatch.setenv("JOURNAL_STREAM", f"{about.st_dev}:{about.st_ino}")
            logs.setup(**given)
            return Path(file.name).read_text

        yield setup


Begin = Callable[..., Written]


@pytest.fixture
def journald(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Journald]:
    monkeypatch.setattr(sinks, "JOURNAL", str(tmp_path / "journal"))
    with closing(Journald(tmp_path / "journal")) as listening:
        yield listening


def test_the_journal_gets_fields(journald: Journald, begin: Begin) -> None:
    """The message, how bad it is, where in the code, and what it is about; nothing goes by standard error."""
    written = begin(secrets=["hunter2"])
    with logs.about(session="inn"):
        PluginLog("dice").error("老陈 lost hunter2\x1b", extra={"the price": 5})
    entry = journald.entry()
    assert entry.pop("CODE_FILE") == __file__
    assert int(entry.pop("CODE_LINE")) > 0
    assert entry == {
        "MESSAGE": "dice: 老陈 lost ********\\x1b",
        "PRIORITY": "3",
        "SYSLOG_IDENTIFIER": "mudbot",
        "LOGGER": "mudbot.plugins.dice",
        "CODE_FUNC": "test_the_journal_gets_fields",
        "MUDBOT_SESSION": "inn",
        "MUDBOT_PLUGIN": "dice",
        "MUDBOT_THE_PRICE": "5",
    }
    assert written() == ""


@pytest.mark.parametrize("size", [1, 127, 128, 200, 255, 256, 30_000])
def test_an_entry_of_many_lines_is_one(journald: Journald, begin: Begin, size: int) -> None:
    """A traceback, or a text that looks like fields: its length goes before it, whatever bytes that has."""
    begin()
    text = "x\nPRIORITY=0\n" + "x" * size
    log.info("%s", text)
    entry = journald.entry()
    assert entry["MESSAGE"] == text
    assert entry["PRIORITY"] == "6"
    try:
        int("none")
    except ValueError:
        log.exception("failed")
    message = journald.entry()["MESSAGE"]
    assert message.startswith("failed\nTraceback (most recent call last):\n")
    assert message.endswith("\nValueError: invalid literal for int() with base 10: 'none'")


def test_a_journal_that_restarts_is_found_again(journald: Journald, begin: Begin) -> None:
    begin()
    log.warning("one")
    assert journald.entry()["MESSAGE"] == "one"
    journald.restart()
    log.warning("two")
    assert journald.entry()["MESSAGE"] == "two"


def test_without_its_socket_the_journal_reads_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, begin: Begin
) -> None:
    """It adds the time itself."""
    monkeypatch.setattr(sinks, "JOURNAL", str(tmp_path / "nobody"))
    written = begin()
    log.warning("x")
    assert written() == "WARNING x\n"


def test_a_style_that_is_named_is_kept(journald: Journald, begin: Begin) -> None:
    """Who wants JSON has a reason, journal or not."""
    written = begin(style="json")
    log.warning("x")
    assert json.loads(written())["message"] == "x"


# -- a file ------------------------------------------------------------------------------------------------------------


def test_a_file_gets_the_same_and_is_the_owners_alone(tmp_path: Path) -> None:
    """With the date, as a file outlasts a day; in a folder that is made."""
    path = tmp_path / "logs" / "mudbot.log"
    logs.setup(secrets=["hunter2"], file=logs.LogFile(path))
    log.warning("one hunter2\x1b 老陈")
    (line,) = path.read_text(encoding="utf-8").splitlines()
    assert line[4] == "-"
    assert line.endswith(" WARNING one ********\\x1b 老陈")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    logs.setup(style="json", file=logs.LogFile(path))
    log.warning("two")
    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["message"] == "two"


@pytest.mark.parametrize("keep", [0, 1, 3])
def test_a_file_does_not_grow_for_ever(tmp_path: Path, keep: int) -> None:
    """No file is larger than it may be, no more are kept; of what is kept nothing is missing or twice."""
    path = tmp_path / "mudbot.log"
    logs.setup(file=logs.LogFile(path, size=2000, keep=keep))
    for number in range(300):
        log.warning("entry %d", number)
    files = sorted(tmp_path.iterdir(), key=lambda each: each.name)
    assert [each.name for each in files] == ["mudbot.log", *(f"mudbot.log.{number}" for number in range(1, keep + 1))]
    assert all(each.stat().st_size <= 2000 for each in files)
    numbers = [int(line.split()[-1]) for each in reversed(files) for line in each.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 300))


def test_what_was_there_is_gone_on_with(tmp_path: Path) -> None:
    """A restart loses nothing of the log, and counts what the file has already."""
    path = tmp_path / "mudbot.log"
    path.write_text("x" * 1990 + "\n")
    logs.setup(file=logs.LogFile(path, size=2000, keep=1))
    log.warning("new")
    assert (tmp_path / "mudbot.log.1").stat().st_size == 1991
    assert path.read_text().endswith("WARNING new\n")


def test_a_file_that_cannot_be_written_is_told_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On standard error, without what the entry says; as soon as it can be, it is written again."""
    (tmp_path / "logs").write_text("a file where a folder should be")
    path = tmp_path / "logs" / "mudbot.log"
    logs.setup(secrets=["hunter2"], file=logs.LogFile(path))
    for number in range(5):
        log.warning("lost %d hunter2", number)
    told = capsys.readouterr().err
    assert told.count("entries are lost") == 1
    assert f"{path} takes none: " in told
    assert told.count("lost 4 ********") == 1
    assert "Traceback" not in told
    (tmp_path / "logs").unlink()
    log.warning("kept")
    assert path.read_text().endswith("WARNING kept\n")


def test_a_full_disk_loses_what_does_not_fit_and_no_more(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The device that is always full stands for it; no entry is joined to a torn one."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    path = tmp_path / "mudbot.log"
    path.symlink_to("/dev/full")
    logs.setup(file=logs.LogFile(path))
    log.warning("one")
    assert "takes none: No space left on device" in capsys.readouterr().err
    path.unlink()
    log.warning("two")
    assert path.read_text().endswith("WARNING two\n")


def test_an_entry_that_was_cut_off_has_a_line_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may take a part of it."""
    path = tmp_path / "mudbot.log"
    logs.setup(file=logs.LogFile(path))
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[:10]))
    log.warning("torn")
    monkeypatch.undo()
    log.warning("whole")
    first, second = path.read_text().splitlines()
    assert len(first) == 10
    assert second.endswith("WARNING whole")


def test_standard_error_that_is_closed_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever read it went; the bot goes on."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    monkeypatch.setattr(sys, "stderr", stream)
    logs.setup(style="console")
    log.warning("nobody hears this")
    log.warning("nor this")
    with pytest.raises(BrokenPipeError):
        stream.close()
