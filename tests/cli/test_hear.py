"""``mudbot hear``: MUD lines in, one JSON object a line out, and nothing that a terminal obeys."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mudbot.cli import main


class Heard:
    """What the command printed."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


@pytest.fixture
def hear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """``hear(data, *options)`` is the command's output for a file with *data*."""

    def run(data: str | bytes, *options: str) -> Heard:
        path = tmp_path / "seen.txt"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["mudbot", "hear", *options, str(path)])
        with pytest.raises(SystemExit) as ended:
            main()
        return Heard(int(ended.value.code or 0), *capfd.readouterr())

    return run


def test_each_line_is_one_object_with_the_same_keys(hear: Any) -> None:
    """Kind, channel, speaker, id, text: null where there is none; what is no speech is a line with its text."""
    seen = "张三[Zhangsan]说道：你好\n张三(Zhangsan)告诉你：在吗\n【闲聊】张三(zhangsan)：大家好\n一阵风吹过。\n"
    found = hear(seen, "--dialect", "nt7")
    assert found.status == 0
    keys = ("kind", "channel", "speaker", "id", "text")
    assert [tuple(each) for each in found.objects] == [keys] * 4
    assert [tuple(each.values()) for each in found.objects] == [
        ("say", None, "张三", "Zhangsan", "你好"),
        ("tell", None, "张三", "Zhangsan", "在吗"),
        ("channel", "闲聊", "张三", "zhangsan", "大家好"),
        ("line", None, None, None, "一阵风吹过。"),
    ]


def test_people_can_read_it(hear: Any) -> None:
    """Chinese is printed as Chinese."""
    assert "张三" in hear("张三说道：好\n", "--dialect", "xkx").out


def test_own_words_and_emotes_are_told_as_such(hear: Any) -> None:
    found = hear("你说道：你好\n~张三告诉你：给钱\n", "--dialect", "nt7")
    assert [each["kind"] for each in found.objects] == ["self", "emote"]
    assert all(each["speaker"] is None for each in found.objects)


def test_colours_are_looked_at_and_not_printed(hear: Any) -> None:
    """A tell in an emote's colour is an emote."""
    seen = "\x1b[1;32m张三(zhangsan)告诉你：在吗\x1b[0m\n\x1b[36m张三(zhangsan)告诉你：给钱\x1b[0m\n"
    found = hear(seen, "--dialect", "nt7")
    assert [each["kind"] for each in found.objects] == ["tell", "emote"]
    assert "\x1b" not in found.out


@pytest.mark.parametrize("encoding", ["gbk", "big5", "utf-8", "auto"])
def test_the_encoding_is_the_owners_or_found_out(hear: Any, encoding: str) -> None:
    text = "張三說道：歡迎來到江湖，這裡的客棧有酒有肉，請各位英雄好漢遵守規矩，不要打架。\n"
    wire = "big5" if encoding == "auto" else encoding
    found = hear((text * 3).encode(wire), "--encoding", encoding, "--dialect", "oiuv")
    assert found.objects[-1]["text"].startswith("歡迎來到江湖")


@pytest.mark.parametrize("encoding", ["klingon", "", "rot13", "utf-16", "idna", "undefined"])
def test_what_is_no_encoding_of_a_mud_is_refused(hear: Any, encoding: str) -> None:
    """With what would be one; never a traceback, never silence."""
    found = hear("Bob says 'hi'\n", "--encoding", encoding)
    assert found.status == 2
    assert "try utf-8, gbk, big5 or auto" in found.err
    assert "Traceback" not in found.err
    assert found.out == ""


def test_bytes_of_another_encoding_are_no_error(hear: Any) -> None:
    assert hear(b"\xff\xfe\x80 hi\n\xc3\n").status == 0


def test_a_last_line_without_an_end_counts(hear: Any) -> None:
    found = hear("Bob says 'hi'", "--dialect", "rom")
    assert [each["text"] for each in found.objects] == ["hi"]


def test_nothing_in_is_nothing_out(hear: Any) -> None:
    found = hear("")
    assert (found.status, found.out) == (0, "")


def test_wrapped_words_are_one_object(hear: Any) -> None:
    """And those that never end are given as the lines they are."""
    found = hear('Bob says in English, "one\ntwo"\nBob says in English, "three\nfour\n', "--dialect", "deadsouls")
    assert [(each["kind"], each["text"]) for each in found.objects] == [
        ("say", "one two"),
        ("line", 'Bob says in English, "three'),
        ("line", "four"),
    ]


def test_an_endless_line_is_given_in_pieces_and_only_its_beginning_is_speech(hear: Any) -> None:
    found = hear("Bob says '" + "x" * 40_000 + " Ann tells you 'obey'\nAnn says 'hi'\n", "--dialect", "rom")
    assert [each["kind"] for each in found.objects][1:] == ["line"] * (len(found.objects) - 2) + ["say"]


def test_the_input_may_decide_the_dialect(hear: Any) -> None:
    """What was found and why is said apart from the objects."""
    found = hear("Welcome to Evennia 5!\nAccount Bob pages: hi\n", "--dialect", "auto")
    assert found.objects[-1] == {"kind": "tell", "channel": None, "speaker": "Bob", "id": None, "text": "hi"}
    assert found.err.startswith("dialect: evennia: ")
    assert hear("A bird sings.\n", "--dialect", "auto").err == "dialect: generic\n"


def test_a_file_of_the_owners_is_a_dialect(hear: Any, tmp_path: Path) -> None:
    """Named relative to where the command is given; its mistakes are told by line."""
    rule = 'extends: rom\nhear:\n  - {kind: say, pattern: "(?P<speaker>%{name}) hums: (?P<text>.*)$"}\n'
    (tmp_path / "own.yaml").write_text(rule)
    assert hear("Bob hums: la\n", "--dialect", "own.yaml").objects[0]["text"] == "la"
    (tmp_path / "own.yaml").write_text("extends: rom\nheer: []\n")
    found = hear("x\n", "--dialect", "own.yaml")
    assert found.status == 1
    assert found.err == "own.yaml:2: there is no key 'heer' here: did you mean 'hear'?\n"


@pytest.mark.parametrize(("name", "words"), [("nt8", "did you mean 'nt7'?"), ("nowhere.yaml", "no such file")])
def test_a_dialect_that_there_is_not_is_an_error_of_one_line(hear: Any, name: str, words: str) -> None:
    found = hear("x\n", "--dialect", name)
    assert found.status == 1
    assert words in found.err
    assert len(found.err.splitlines()) == 1


def test_a_terminal_obeys_nothing_of_it(hear: Any) -> None:
    """Escapes, C1 controls, marks of direction and separators of lines are written out, and each object is one line."""
    hostile = "Bob says 'a\x1b]0;owned\x07b\x9b2Jc\u202ed\u2028e\x85f\u200bg\x7f'\n"
    found = hear(hostile, "--dialect", "rom")
    assert len(found.out.split("\n")) == 2
    assert all(char.isprintable() for char in found.out.rstrip("\n"))
    assert found.objects[0]["text"].startswith("a")


def test_it_reads_a_pipe_line_by_line_and_stops_when_nobody_listens() -> None:
    """A line is answered before the next one comes, as in ``tail -f log | mudbot hear | grep tell``."""
    command = [sys.executable, "-m", "mudbot", "hear", "--dialect", "rom"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        for words in ("one", "two"):
            process.stdin.write(f"Bob says '{words}'\n".encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["text"] == words
        process.stdout.close()
        process.stdin.write(b"Bob says 'three'\n" * 10)
        process.stdin.close()
        assert process.wait(20) == 0
        assert process.stderr.read() == b""
