"""What ``mudbot api`` writes, and where: texts that a terminal must not obey, files, pictures, pipes."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mudbot.cli.api.progress import Bar
from tests.cli.api_stage import KEY, PNG, Outcome, Reply, Stage, call, completion, staged, stream

NASTY = f"\x1b]0;owned\x07\x9b2J\u202eevil\r\n\ttab {KEY} \x00end"
B64 = base64.b64encode(PNG).decode()
ASK = ("completions.create", "-m", "m", "-p", "x")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    with staged() as stage:
        yield stage


def ask(stage: Stage, *arguments: str) -> Outcome:
    return call(*arguments, "-b", stage.base, "-k", KEY)


@pytest.mark.parametrize("options", [(), ("--json",), ("--stream",), ("--stream", "--json"), ("-o", "out.txt")])
def test_hostile_texts(stage: Stage, tmp_path: Path, options: tuple[str, ...]) -> None:
    """Nothing that a terminal obeys, and never the key, even where a stream cuts it into pieces."""
    cut = [completion(NASTY[at : at + 5]) for at in range(0, len(NASTY), 5)]
    stage.plays["POST /completions"] = stream(*cut) if "--stream" in options else completion(NASTY)
    outcome = ask(stage, *ASK, *options)
    shown = (tmp_path / "out.txt").read_bytes().decode() if "-o" in options else outcome.out
    assert outcome.status == 0
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e", "\x00", "\r"}
    if options != ("--stream", "--json"):  # there each piece is an object of its own, and holds five characters
        assert KEY not in shown
        assert "evil" in shown


def test_letters_that_are_joined_stay_so(stage: Stage) -> None:
    """A family of emoji and a Persian word come as the model wrote them."""
    text = "👨\u200d👩\u200d👧 نمی\u200cخواهم"
    stage.plays["POST /completions"] = completion(text)
    assert ask(stage, *ASK).out == text + "\n"


def test_a_huge_text_comes_whole(stage: Stage) -> None:
    """A megabyte in a pipe."""
    stage.plays["POST /completions"] = completion("字" * 1_000_000)
    assert ask(stage, *ASK).out == "字" * 1_000_000 + "\n"


def test_files(stage: Stage, tmp_path: Path) -> None:
    """Content goes to a file, or into a folder by a name that cannot leave it; a failure leaves what was there."""
    data = bytes(range(256)) * 1000
    stage.plays["GET /files/f/content"] = Reply(data, "application/octet-stream")
    stage.plays["GET /files/f"] = {"id": "f", "filename": "../../evil.sh"}
    outcome = ask(stage, "files.content", "-i", "f", "-o", "a.bin")
    assert (outcome.status, outcome.out, (tmp_path / "a.bin").read_bytes()) == (0, "", data)
    (tmp_path / "in").mkdir()
    assert json.loads(ask(stage, "files.content", "-i", "f", "-o", "in", "--json").out)["bytes"] == len(data)
    assert (tmp_path / "in" / "evil.sh").read_bytes() == data
    assert ask(stage, "files.content", "-i", "gone", "-o", "a.bin").status == 1
    assert (tmp_path / "a.bin").read_bytes() == data
    assert ask(stage, *ASK, "-o", "no/such/folder").status == 1


def pictures(stage: Stage, *data: dict[str, Any]) -> None:
    stage.plays["POST /images/generations"] = {"data": list(data)}


def test_pictures_are_links_and_with_a_folder_files(stage: Stage, tmp_path: Path) -> None:
    """A link a line; -o fetches them, from the API's own host although that is a private address."""
    pictures(stage, {"url": f"{stage.url}/1"}, {"b64_json": B64})
    stage.plays["GET /1"] = Reply(PNG, "text/html")
    outcome = ask(stage, "image.create", "-p", "大漠孤烟直", "-n", "2")
    assert (outcome.status, outcome.out, len(stage.seen)) == (0, f"{stage.url}/1\n", 1)
    assert "-o DIR" in outcome.err
    assert B64[:20] not in outcome.out + outcome.err
    outcome = ask(stage, "image.create", "-p", "大漠孤烟直", "-n", "2", "-o", "new/folder")
    saved = [tmp_path / "new" / "folder" / f"picture-{number}.png" for number in (1, 2)]
    assert outcome.out.splitlines() == [f"{stage.url}/1", saved[1].as_uri()]
    assert [path.read_bytes() for path in saved] == [PNG, PNG]
    assert "authorization" not in stage.seen[-1].headers
    assert ask(stage, "image.create", "-p", "x", "-o", "new/folder", "--json").status == 0
    assert len(list((tmp_path / "new" / "folder").iterdir())) == 4


def test_pictures_go_into_a_folder(stage: Stage, tmp_path: Path) -> None:
    """A file's name is refused before anything is asked, and paid; ``-`` is standard output, which gets the links."""
    pictures(stage, {"url": "https://pictures.example/1"})
    outcome = ask(stage, "image.create", "-p", "x", "-o", "inn.png")
    assert (outcome.status, stage.seen, list(tmp_path.iterdir())) == (2, [], [])
    assert "-o ." in outcome.err
    assert ask(stage, "image.create", "-p", "x", "-o", "-").out == "https://pictures.example/1\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"url": "http://192.168.7.7/1.png"}, "inside a network"),
        ({"url": "http://localhost:{port}/1"}, "inside a network"),
        ({"url": "http://[::ffff:10.0.0.1]/"}, "inside a network"),
        ({"url": "http://[64:ff9b::a00:1]/"}, "inside a network"),
        ({"url": "http://[2002:a00:1::]/"}, "inside a network"),
        ({"url": "file:///etc/passwd"}, "no http(s) link"),
        ({"url": "{url}/page"}, "not a PNG"),
        ({"url": "{url}/long"}, "larger than"),
        ({"url": "{url}/moved"}, "inside a network"),
        ({"url": "{url}/missing"}, "status 404"),
        ({"b64_json": "!!"}, "not base64"),
        ({}, "neither a link"),
    ],
)
def test_pictures_that_are_none(stage: Stage, tmp_path: Path, entry: dict[str, str], words: str) -> None:
    """They are not saved, the others are, and the exit status says so."""
    port = str(stage.server_address[1])
    entry = {name: text.replace("{url}", stage.url).replace("{port}", port) for name, text in entry.items()}
    stage.plays["GET /page"] = Reply(b"<html>", "image/png")
    stage.plays["GET /long"] = Reply(b"\x89PNG" * (4 * 2**20 + 1), "image/png")
    stage.plays["GET /moved"] = Reply(b"", status=302, headers={"Location": "http://169.254.169.254/latest"})
    pictures(stage, entry, {"b64_json": B64})
    outcome = ask(stage, "image.create", "-p", "x", "-o", "d")
    assert outcome.status == 1
    assert words in outcome.err
    assert [path.name for path in (tmp_path / "d").iterdir()] == ["picture-2.png"]


def process(stage: Stage, *arguments: str, **more: Any) -> subprocess.Popen[bytes]:
    env = {name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "MUDBOT_"))}
    env |= {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": stage.base}
    command = [sys.executable, "-m", "mudbot", "api", *arguments]
    return subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more)


def test_a_pipe_whose_reader_has_seen_enough(stage: Stage) -> None:
    """``| head -c 1`` ends it without a word."""
    stage.plays["POST /completions"] = stream(*[completion("word " * 10_000)] * 20)
    with process(stage, *ASK, "--stream") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.read(1)
        running.stdout.close()
        assert (running.stderr.read(), running.wait()) == (b"", 141)


def test_ctrl_c(stage: Stage) -> None:
    """Ends a call that waits with 130, quietly."""
    with process(stage, *ASK) as running:
        stage.plays["POST /completions"] = lambda _seen: running.wait() and None
        assert stage.arrived.wait(60)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate()
        assert (running.returncode, out, err) == (130, b"", b"")


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """A line that fills on a terminal; nothing elsewhere; an unknown length is shown as bytes."""
    for screen, shown in (
        (Screen(), ["", "[###############---------------]  50 %  0.5 kB / 1.0 kB", "0.7 kB"]),
        (io.StringIO(), []),
    ):
        monkeypatch.setattr("sys.stderr", screen)
        with Bar("upload") as bar:
            bar(500, 1000)
            bar(500, 1000)
            bar(700, None)
        lines = [
            line.removeprefix("upload  ").removesuffix("\x1b[K") for line in screen.getvalue().strip("\n").split("\r")
        ]
        assert lines == (shown or [""])


def test_a_disk_that_is_full(stage: Stage) -> None:
    """One line and exit status 1, no traceback at the end."""
    stage.plays["POST /completions"] = completion("x")
    env = {"PATH": os.environ["PATH"], "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": stage.base}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mudbot", "api", *ASK], env=env, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)
    assert b"cannot write to standard output" in done.stderr
