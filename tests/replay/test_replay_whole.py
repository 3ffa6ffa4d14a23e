"""Recorded sessions through the whole bot: the same as when they were played, and the same each time."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import socket
import tempfile
import zlib
from collections import deque
from pathlib import Path

import pytest

from mudbot.errors import ConfigError
from mudbot.replay import Answers, Said
from tests.replay.replay_stage import PASSWORD, config_of, played, recording, replayed, texts

FOLDER = os.environ.get("MUDBOT_CAPTURES")
captured = pytest.mark.skipif(not FOLDER, reason="MUDBOT_CAPTURES does not name the folder of the recordings")

SAID = {
    "en": [
        ("say Chen, have you any wine?", "Five coins"),
        ("tell Chen are you there?", "tells you"),
        ("say !scene a mountain in the mist", "/i/"),
        ("say !help", "I understand"),
        ("chat Chen, is the road open?", "[chat] Chen"),
    ],
    "zh": [
        ("say 老陈，有酒吗？", "五文"),
        ("tell 老陈 掌柜的在吗", "告诉你"),
        ("say !画 云雾中的山", "/i/"),
        ("say !帮助", "我听得懂"),
        ("chat 老陈，今天路好走吗？", "【闲聊】老陈"),
    ],
}
ANSWERS = {
    "en": [
        "Five coins a bowl, traveller.",
        "I am, come in and sit by the stove.",
        "The road is open as far as the bridge.",
    ],
    "zh": ["米酒五文一碗，够劲。", "客官里面请，炉火正旺。", "路上雪化了，慢慢走就是。"],
}


def answers(language: str) -> Answers:
    return Answers(deque(ANSWERS[language]))


def jsonl(*entries: tuple[float, str, bytes]) -> bytes:
    return b"".join(
        json.dumps({"t": t, "dir": direction, "hex": data.hex()}).encode() + b"\n" for t, direction, data in entries
    )


LOGIN = [
    (0.0, "in", b"Welcome to the inn.\r\nBy what name are you known? "),
    (0.5, "in", b"Password: \xff\xfb\x01"),
    (1.0, "in", b"\xff\xfc\x01\r\nWelcome, Chen.\r\n"),
]


# -- as it was ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("language", "encoding"), [("en", "utf-8"), ("zh", "utf-8"), ("zh", "gbk")])
def test_what_the_bot_said_it_says_again(tmp_path: Path, language: str, encoding: str) -> None:
    """A run in the embedded world, replayed with the same answers: every line, in order, to the goodbye."""
    more = (f"sessions.0.encoding={encoding}", "sessions.0.goodbye=I must see to the stove.")
    config = config_of(tmp_path, language, *more)
    asyncio.run(played(config, answers(language), SAID[language]))
    data = recording(config).read_bytes()
    said, outcome = replayed(config, data, answers=answers(language))
    assert outcome.then == outcome.now
    assert outcome.then[-1] == "quit"
    assert [each for each in outcome.now if "stove." in each], "its goodbye"
    for answer in ANSWERS[language]:
        assert any(answer in line for line in outcome.now), answer
    assert texts(said, "login") == [config.sessions[0].login.name, "********"]  # type: ignore[union-attr]
    assert not texts(said, "asked")


def test_a_recording_has_no_password_and_a_replay_shows_none(tmp_path: Path) -> None:
    config = config_of(tmp_path)
    asyncio.run(played(config, answers("en"), SAID["en"][:1]))
    data = recording(config).read_bytes()
    everything = b"".join(bytes.fromhex(json.loads(line).get("hex", "")) for line in data.splitlines())
    assert b"Chen\r\n" in everything
    assert PASSWORD.encode() not in everything
    said, _ = replayed(config, data, show=True)
    assert said
    assert not [each for each in said if PASSWORD in each.text]


def test_another_answer_shows(tmp_path: Path) -> None:
    """What the bot says by chance of the model is the only thing that differs."""
    config = config_of(tmp_path)
    asyncio.run(played(config, answers("en"), SAID["en"][:1]))
    _, outcome = replayed(config, recording(config).read_bytes(), answers=Answers(deque(["Six coins, and no less."])))
    differs = [(a, b) for a, b in zip(outcome.then, outcome.now, strict=True) if a != b]
    assert differs == [("say Five coins a bowl, traveller.", "say Six coins, and no less.")]


@captured
@pytest.mark.parametrize(
    ("name", "dialect", "encoding"),
    [
        ("xkx100-gbk", "xkx", "gbk"),
        ("nt7-gbk", "nt7", "gbk"),
        ("nt7-gbk", "auto", "gbk"),
        ("xkx100-gbk", "xkx", "auto"),
    ],
)
def test_captures_of_real_muds_log_in_and_are_answered(tmp_path: Path, name: str, dialect: str, encoding: str) -> None:
    """What the MUD sent to another client, five times: the bot logs in, looks, and answers who tells it something."""
    config = config_of(
        tmp_path,
        "zh",
        "sessions.0.host=mud.example",
        "sessions.0.port=4000",
        f"sessions.0.encoding={encoding}",
        f"sessions.0.dialect={dialect}",
        "sessions.0.login.name=zhangsan",
    )
    data = (Path(FOLDER or "") / f"{name}.jsonl").read_bytes()
    runs = [replayed(config, data, answers=Answers(deque(["少林寺往西走三里。"]))) for _ in range(5)]
    said, outcome = runs[0]
    assert all(run == runs[0][0] for run, _ in runs)
    assert texts(said, "login")[:2] == ["zhangsan", "********"]
    assert "look" in texts(said, "sent")
    assert "tell lisi 少林寺往西走三里。" in texts(said, "sent")
    assert any("多谢指点" in asked for asked in texts(said, "asked"))
    assert outcome.then[:2] == ["zhangsan", "********"]
    assert outcome.why == ""


# -- time --------------------------------------------------------------------------------------------------------------


def test_times_are_those_of_the_recording(tmp_path: Path) -> None:
    """A prompt without a mark is one after its fifth of a second, an answer takes as long as it takes to type."""
    data = jsonl(*LOGIN, (3600.0, "in", b'Anna tells you, "Any wine?"\r\n'))
    said, _ = replayed(config_of(tmp_path), data, answers=answers("en"))
    at = {each.text: each.at for each in said}
    assert 0.2 <= at["Chen"] < 0.201
    assert 0.7 <= at["********"] < 0.701
    typing = len("tell Anna Five coins a bowl, traveller.") / 30
    assert 3600 + typing <= at["tell Anna Five coins a bowl, traveller."] < 3601 + typing


def test_a_quiet_prompt_comes_only_where_it_was_quiet(tmp_path: Path) -> None:
    """A question in two pieces, a tenth of a second apart, is one."""
    asked = b"By what name are you known? "
    data = jsonl((0.0, "in", asked[:10]), (0.1, "in", asked[10:]), *LOGIN[1:])
    said, _ = replayed(config_of(tmp_path), data)
    assert said[0] == Said(pytest.approx(0.3, abs=0.001), "login", "Chen")  # type: ignore[arg-type]


def test_plugins_timers_run_by_the_recording(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "bell.py").write_text(
        "from mudbot import Plugin, every\n\n\nclass Bell(Plugin):\n"
        "    @every(600)\n    async def ring(self) -> None:\n"
        "        await self.mud.say(f'It strikes {round(self.clock.wall()) // 60 % 60}.')\n"
    )
    (tmp_path / "config.yaml").write_text(
        "sessions: [{host: tavern, name: inn, login: {name: Chen}}]\nplugins: {bell: null}\n"
    )
    from mudbot.config import load

    config = load(tmp_path / "config.yaml", environ={})
    header = json.dumps({"mudbot": 1, "at": "2026-11-23T12:00:00+00:00"}).encode() + b"\n"
    data = header + jsonl(*LOGIN, (1800.5, "end", b""))
    said, _ = replayed(config, data)
    assert texts(said, "sent") == ["say It strikes 10.", "say It strikes 20.", "say It strikes 30."]


def test_at_a_true_pace_the_same_comes_later(tmp_path: Path) -> None:
    data = jsonl(*LOGIN, (2.0, "in", b'Anna tells you, "Any wine?"\r\n'))
    fast, _ = replayed(config_of(tmp_path), data, answers=answers("en"))
    paced, _ = replayed(config_of(tmp_path), data, answers=answers("en"), speed=20.0)
    assert texts(fast) == texts(paced)


# -- logs --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("dialect", ["tavern", "auto"])
def test_a_plain_log_begins_in_the_game(tmp_path: Path, language: str, dialect: str) -> None:
    """Nothing is typed to log in; who speaks to the character in it is answered."""
    log = {
        "en": 'Anna enters.\nAnna tells you, "Any wine?"\nAnna says, "Nobody is here."\n',
        "zh": "张三走进了这个世界。\n张三告诉你：有酒吗？\n张三说道：没有人。\n",
    }
    config = config_of(tmp_path, language, f"sessions.0.dialect={dialect}")
    said, outcome = replayed(config, log[language].encode(), answers=answers(language))
    assert not texts(said, "login")
    if dialect == "tavern":
        who = {"en": "Anna", "zh": "张三"}[language]
        assert f"tell {who} {ANSWERS[language][0]}" in texts(said, "sent")
    assert outcome.then == []


def test_nothing_in_a_log_without_times_is_too_late_to_be_answered(tmp_path: Path) -> None:
    """Forty questions in a row: each is waited for, as there is no time in which they came."""
    log = "".join(f'Guest{chr(97 + i % 26)}{chr(97 + i // 26)} tells you, "Question?"\n' for i in range(40))
    rules = [(re.compile("Question"), "That I do not know, traveller.")]
    said, _ = replayed(config_of(tmp_path), log.encode(), answers=Answers(rules=rules))
    assert sum(text.startswith("tell Guest") for text in texts(said, "sent")) == 40


def test_the_times_of_a_log_are_kept(tmp_path: Path) -> None:
    log = '[12:00:00] The inn.\n[12:10:00] Anna tells you, "Any wine?"\n'
    said, _ = replayed(config_of(tmp_path), log.encode(), answers=answers("en"))
    (answer,) = [each for each in said if each.text.startswith("tell Anna")]
    assert 600 < answer.at < 605


# -- the model ---------------------------------------------------------------------------------------------------------


def test_what_a_model_is_asked_without_an_answer_is_told(tmp_path: Path) -> None:
    """Once for each question; the character says a line of its own then."""
    said, _ = replayed(config_of(tmp_path), b'Anna tells you, "Any wine?"\n')
    (asked,) = texts(said, "asked")
    assert "Anna: Any wine?" in asked
    assert sum(text.startswith("tell Anna ") for text in texts(said, "sent")) == 1


def test_pictures_are_points_with_links_that_lead_nowhere(tmp_path: Path) -> None:
    config = config_of(tmp_path, "en", "web.public_url=https://bot.example.org")
    said, _ = replayed(config, b'Anna says, "!scene a mountain"\nBob says, "!scene a lake"\n')
    links = [text.rpartition(" ")[2] for text in texts(said, "sent") if "/i/" in text]
    assert links == ["https://bot.example.org/i/picture1", "https://bot.example.org/i/picture2"]


# -- what a recording may hold -----------------------------------------------------------------------------------------


def test_what_another_client_took_compressed_is_inflated(tmp_path: Path) -> None:
    """Ours has it inflated, and its marks of compression mean nothing any more."""
    offer, start = b"\xff\xfb\x56", b"\xff\xfa\x56\xff\xf0"
    told = b'Anna tells you, "Any wine?"\r\n'
    theirs = jsonl((0.0, "in", offer), *LOGIN, (2.0, "in", start + zlib.compress(told)))
    header = json.dumps({"mudbot": 1, "session": "inn"}).encode() + b"\n"
    ours = header + jsonl((0.0, "in", offer), *LOGIN, (2.0, "in", start + told))
    found = [texts(replayed(config_of(tmp_path), data, answers=answers("en"))[0], "sent") for data in (theirs, ours)]
    assert found[0] == found[1] == ["look", f"tell Anna {ANSWERS['en'][0]}"]


def test_a_later_part_of_a_link_begins_in_the_game(tmp_path: Path) -> None:
    """With the time that it has: seconds since the link was up."""
    header = json.dumps({"mudbot": 1, "session": "inn", "part": 3}).encode() + b"\n"
    data = header + jsonl((7200.0, "in", b'Anna tells you, "Any wine?"\r\n'))
    said, _ = replayed(config_of(tmp_path), data, answers=answers("en"))
    assert texts(said) == ["look", f"tell Anna {ANSWERS['en'][0]}"]
    assert said[-1].at > 7200


# -- ends --------------------------------------------------------------------------------------------------------------


def test_why_the_bot_left_before_the_end_is_told(tmp_path: Path) -> None:
    """A password that the MUD does not take: the rest is not fed, but counts as sent then."""
    refused = (1.0, "in", b"\r\nWrong password.\r\n")
    data = jsonl(*LOGIN[:2], refused, (5.0, "in", b"more\r\n"), (6.0, "out", b"look\r\n"))
    said, outcome = replayed(config_of(tmp_path), data)
    assert "refused the character" in outcome.why
    assert texts(said) == ["Chen", "********"]
    assert outcome.then == ["look"]


def test_a_recording_that_ends_with_the_link_has_no_goodbye(tmp_path: Path) -> None:
    """The MUD hung up: there is nobody to say it to, and what was being typed is lost."""
    config = config_of(tmp_path, "en", "sessions.0.goodbye=Farewell.")
    data = jsonl(*LOGIN, (2.0, "in", b'Anna tells you, "Any wine?"\r\n'), (2.1, "end", b""))
    said, outcome = replayed(config, data, answers=answers("en"))
    assert texts(said, "sent") == ["look"]
    assert outcome.why == ""


# -- nothing outside ---------------------------------------------------------------------------------------------------


def test_nothing_outside_is_touched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No file but in a folder that is gone in the end, no port, no connection."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()

    def refuse(*_args: object) -> None:
        raise AssertionError("it wants the network")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    log = 'Anna tells you, "Any wine?"\nAnna tells you, "!scene a lake"\n'
    said, _ = replayed(config_of(tmp_path), log.encode(), answers=answers("en"))
    assert len(texts(said, "sent")) == 3
    assert [path.name for path in tmp_path.rglob("*")] == ["temporary"]


def test_a_session_is_named_where_there_are_several(tmp_path: Path) -> None:
    """By the user, else by the recording; who names a wrong one is told which there are."""
    config = config_of(tmp_path)
    other = config.sessions[0].model_copy(update={"name": "temple"})
    both = config.model_copy(update={"sessions": (config.sessions[0], other)})
    for way in ({}, {"session": "nowhere"}):
        with pytest.raises(ConfigError, match="inn, temple"):
            replayed(both, b"The inn.\n", **way)
    replayed(both, b"The inn.\n", session="temple")
    replayed(both, json.dumps({"mudbot": 1, "session": "temple"}).encode() + b"\n" + jsonl(*LOGIN))


def test_the_triggers_are_handed_out_with_what_they_cost(tmp_path: Path) -> None:
    (tmp_path / "plugins").mkdir()
    (tmp_path / "plugins" / "wave.py").write_text(
        "from mudbot import Plugin, trigger\n\n\nclass Wave(Plugin):\n"
        "    @trigger(r'^(?P<who>\\w+) enters\\.$')\n    async def wave(self, who: str) -> None:\n"
        "        await self.mud.emote(f'waves at {who}.')\n"
    )
    (tmp_path / "config.yaml").write_text(
        "sessions: [{host: tavern, name: inn, login: {name: Chen}}]\nplugins: {wave: null}\n"
    )
    from mudbot.config import load

    said, outcome = replayed(load(tmp_path / "config.yaml", environ={}), b"Anna enters.\nAnna leaves.\nBob enters.\n")
    assert texts(said, "sent") == ["emote waves at Anna.", "emote waves at Bob."]
    (entry,) = outcome.entries
    assert entry.fired == 2
    assert entry.last is not None
    assert entry.last - outcome.began == pytest.approx(1.5, abs=0.1)


def test_a_replay_is_quiet_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It does not say that it will connect again."""
    with caplog.at_level(logging.WARNING):
        replayed(config_of(tmp_path), b"The inn.\n")
    assert not caplog.records
