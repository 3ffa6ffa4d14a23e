"""``mudbot speak``: the exact bytes that would go out, and why where nothing would."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mudbot.cli import main


class Spoken:
    """What the command printed."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err
        self.packets = [json.loads(line) for line in out.splitlines()]
        self.wire = b"".join(bytes.fromhex(packet["hex"]) for packet in self.packets)


@pytest.fixture
def speak(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Any:
    """``speak(*arguments)`` is the command's output."""

    def run(*arguments: str) -> Spoken:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["mudbot", "speak", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Spoken(int(ended.value.code or 0), *capfd.readouterr())

    return run


def test_a_line_is_its_text_and_its_bytes(speak: Any) -> None:
    found = speak("--dialect", "nt7", "--encoding", "gbk", "你好")
    assert found.status == 0
    assert found.packets == [{"text": "say 你好", "hex": b"say \xc4\xe3\xba\xc3\r\n".hex()}]


@pytest.mark.parametrize(
    ("arguments", "wire"),
    [
        (["--dialect", "rom", "hi"], b"say hi\r\n"),
        (["--dialect", "rom", "--verb", "tell", "--to", "Bob", "hi"], b"tell Bob hi\r\n"),
        (["--dialect", "rom", "--verb", "channel", "--to", "gossip", "hi"], b"gossip hi\r\n"),
        (["--dialect", "rom", "--verb", "emote", "smiles"], b"emote smiles\r\n"),
        (["--dialect", "nt7", "--verb", "channel", "--to", "闲聊", "hi"], b"chat hi\r\n"),
        (["--dialect", "pennmush", "--verb", "tell", "--to", "Bob", "hi"], b"page Bob=hi\r\n"),
        (["--dialect", "evennia", "--verb", "whisper", "--to", "Old Bob", "hi"], b"whisper Old Bob=hi\r\n"),
        (["hi"], b"say hi\r\n"),
        (["two", "words"], b"say two words\r\n"),
        (["--", "-dashed"], b"say -dashed\r\n"),
        (["--dialect", "rom", "--encoding", "latin-1", "ÿ"], b"say y\r\n"),
        (["--encoding", "latin-1", "ÿ"], b"say \xff\xff\r\n"),
    ],
)
def test_it_goes_out_as_the_bot_would_send_it(speak: Any, arguments: list[str], wire: bytes) -> None:
    found = speak(*arguments)
    assert (found.status, found.wire, found.err) == (0, wire, "")


@pytest.mark.parametrize("text", ["hi\r\nquit", "hi\nquit", "hi\x08\x08\x08\x08quit", "hi\x00quit", "\u2028quit"])
def test_a_text_stays_one_command(speak: Any, text: str) -> None:
    found = speak("--dialect", "rom", text)
    assert found.wire.count(b"\n") == found.wire.count(b"\r") == 1
    assert found.wire.startswith(b"say ")
    assert not set(found.wire[:-2]) & set(range(32))


def test_long_words_are_parted_as_the_options_say(speak: Any) -> None:
    text = "word " * 300
    assert len(speak("--dialect", "rom", text).packets) == 4
    found = speak("--dialect", "rom", "--parts", "2", "--split", "numbered", text)
    assert [packet["text"][:9] for packet in found.packets] == ["say (1/2)", "say (2/2)"]
    assert all(len(bytes.fromhex(packet["hex"])) <= 242 for packet in found.packets)
    assert len(speak("--dialect", "rom", "--parts", "1", text).packets) == 1


def test_where_only_ascii_passes_the_options_say_what_becomes_of_the_rest(speak: Any) -> None:
    assert speak("--dialect", "rom", "你好").wire.isascii()
    refused = speak("--dialect", "rom", "--non-ascii", "refuse", "你好")
    assert refused.status == 1
    assert refused.out == ""
    assert "transliterate" in refused.err


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["--dialect", "rom", "\x07"], 1, "nothing of this text can be said here"),
        (["--dialect", "rom", "--verb", "tell", "hi"], 2, "--verb tell needs --to: a name"),
        (["--dialect", "rom", "--verb", "channel", "hi"], 2, "--verb channel needs --to: a channel"),
        (["--dialect", "rom", "--verb", "whisper", "--to", "Bob", "hi"], 1, "has no way to whisper"),
        (["--dialect", "nt7", "--verb", "tell", "--to", "张三", "hi"], 1, "not a name that can be addressed here"),
        (["--dialect", "nt7", "--verb", "tell", "--to", "a;quit", "hi"], 1, "not a name that can be addressed here"),
        (["--dialect", "rom", "--verb", "channel", "--to", "quit", "hi"], 1, "add it to the dialect's channels"),
        (["--dialect", "rmo", "hi"], 1, "did you mean 'rom'?"),
        (["--dialect", "nowhere.yaml", "hi"], 1, "no such file"),
        (["--encoding", "klingon", "hi"], 1, "try utf-8, gbk or latin-1"),
        (["--encoding", "utf-16", "hi"], 1, "no MUD speaks it"),
        (["--verb", "yodel", "hi"], 2, "yodel"),
        (["--parts", "10", "hi"], 2, "--parts"),
        ([], 2, "TEXT"),
    ],
)
def test_what_cannot_be_said_is_told_without_a_traceback(
    speak: Any, arguments: list[str], status: int, words: str
) -> None:
    found = speak(*arguments)
    assert found.status == status
    assert found.out == ""
    assert words in found.err
    assert "Traceback" not in found.err


def test_a_dialect_of_the_owners_is_spoken(speak: Any, tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text('extends: rom\nspeak: {say: "\'{text}"}\n')
    assert speak("--dialect", "own.yaml", "hi").wire == b"'hi\r\n"


def test_a_terminal_obeys_nothing_of_it(speak: Any) -> None:
    found = speak("a\x9b2Jb\u202ec\x1b[31md")
    assert all(char.isprintable() for char in found.out.rstrip("\n"))
