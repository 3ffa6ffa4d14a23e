"""How a character speaks: by the dialect's frames, at a human pace, to the right person, and as the MUD allows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

import pytest

from mudbot.errors import GateError
from mudbot.events import Speech
from mudbot.mud.dialect import Dialect, load
from mudbot.mud.gate import Parts
from mudbot.mud.rules import Bucket, News, Pace
from mudbot.mud.voice import LONGEST_TYPING, Manner, Voice
from mudbot.testing import FakeClock
from mudbot.testing.clock import settle

QUICK = Pace(burst=100, per_second=100, says=Bucket(burst=100, per_second=100))


class Mouth:
    """A voice that is in the game, and what went out so far."""

    def __init__(self, family: str | Dialect, clock: FakeClock, manner: Manner | None = None) -> None:
        rules = load(family) if isinstance(family, str) else family
        self.clock = clock
        self.voice = Voice("v", rules.model_copy(update={"pace": QUICK}), "utf-8", manner or Manner(), clock)
        self.wire: list[str] = []
        self.voice.outbox.open(lambda data: self.wire.append(data.decode().rstrip("\r\n")))

    async def after(self, seconds: float) -> list[str]:
        """What went out once *seconds* more have passed."""
        await self.clock.advance(seconds)
        await settle()
        return self.wire


@contextlib.asynccontextmanager
async def speaking(family: str | Dialect, manner: Manner | None = None) -> AsyncIterator[Mouth]:
    mouth = Mouth(family, FakeClock(), manner)
    sending = asyncio.create_task(mouth.voice.outbox.run())
    try:
        yield mouth
    finally:
        sending.cancel()


# -- saying ------------------------------------------------------------------------------------------------------------


async def test_each_verb_goes_out_in_the_dialects_frame() -> None:
    async with speaking("nt7") as mouth:
        assert mouth.voice.say("say", "你好")
        assert mouth.voice.say("tell", "在", "zhangsan")
        assert mouth.voice.say("channel", "大家好", "闲聊")
        assert await mouth.after(2) == ["say 你好", "tell zhangsan 在", "chat 大家好"]


@pytest.mark.parametrize(
    ("verb", "text", "target"), [("tell", "hi", "bob quit"), ("whisper", "hi", "Bob"), ("channel", "hi", "quit")]
)
async def test_what_cannot_be_said_is_not_said_and_the_log_says_why(
    verb: str, text: str, target: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with speaking("rom") as mouth:
        assert not mouth.voice.say(verb, text, target)  # type: ignore[arg-type]
        assert await mouth.after(5) == []
    assert "v: not said" in caplog.text


async def test_nothing_to_say_is_not_said() -> None:
    async with speaking("rom") as mouth:
        assert not mouth.voice.say("say", "\u200b\x07")
        assert await mouth.after(5) == []


async def test_where_only_ascii_passes_it_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """The owner learns that names and accents change; not with every line."""
    async with speaking("rom") as mouth:
        for text in ("plain", "café", "naïve"):
            mouth.voice.say("say", text)
        assert await mouth.after(2) == ["say plain", "say cafe", "say naive"]
    assert sum("drops all but ASCII" in record.getMessage() for record in caplog.records) == 1


async def test_the_owner_may_rather_say_nothing() -> None:
    async with speaking("rom", Manner(non_ascii="refuse")) as mouth:
        assert not mouth.voice.say("say", "咖啡")
        assert mouth.voice.say("say", "coffee")
        assert await mouth.after(2) == ["say coffee"]


async def test_long_words_become_the_owners_number_of_lines() -> None:
    async with speaking("rom", Manner(parts=Parts(2, "numbered"))) as mouth:
        mouth.voice.say("say", "word " * 200)
        out = await mouth.after(2)
        assert [line[:10] for line in out] == ["say (1/2) ", "say (2/2) "]


# -- answering ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "speech", "line"),
    [
        ("nt7", Speech("say", "张三", "hi", "Zhangsan"), "say ok"),
        ("nt7", Speech("tell", "张三", "hi", "Zhangsan"), "tell zhangsan ok"),
        ("nt7", Speech("channel", "张三", "hi", "Zhangsan", "闲聊"), "chat ok"),
        ("rom", Speech("tell", "Bob", "hi"), "tell Bob ok"),
        ("rom", Speech("channel", "Bob", "hi", None, "gossip"), "gossip ok"),
        ("evennia", Speech("tell", "Old Bob", "hi"), "page Old Bob=ok"),
        ("evennia", Speech("whisper", "Bob", "hi"), "whisper Bob=ok"),
        ("pennmush", Speech("channel", "Bob", "hi", None, "Public"), "@chat public=ok"),
    ],
)
async def test_an_answer_goes_back_the_same_way(family: str, speech: Speech, line: str) -> None:
    async with speaking(family) as mouth:
        assert mouth.voice.can_answer(speech)
        assert mouth.voice.answer(speech, "ok")
        assert await mouth.after(2) == [line]


@pytest.mark.parametrize(
    ("family", "speech"),
    [
        ("nt7", Speech("emote", None, None)),
        ("nt7", Speech("self", None, None)),
        ("nt7", Speech("channel", "某人", "hi", None, "谣言")),
        ("nt7", Speech("channel", "张三", "hi", "zhangsan", "quit")),
        ("rom", Speech("tell", "the city guard", "hi")),
        ("rom", Speech("tell", "Someone", "hi")),
        ("rom", Speech("tell", None, "hi")),
    ],
)
async def test_what_must_not_be_answered_is_not(family: str, speech: Speech) -> None:
    """And it is known beforehand, so that nothing is asked of the model for it."""
    async with speaking(family) as mouth:
        assert not mouth.voice.can_answer(speech)
        assert not mouth.voice.answer(speech, "ok")
        assert await mouth.after(5) == []


WHISPER = Speech("whisper", "张三", "嘘")


async def test_a_whisper_without_an_id_is_answered_once_the_id_is_known() -> None:
    """Until then a look is needed; the name that is shown is never typed."""
    async with speaking("nt7") as mouth:
        assert mouth.voice.must_look(WHISPER)
        assert mouth.voice.can_answer(WHISPER)
        assert not mouth.voice.answer(WHISPER, "ok")
        mouth.voice.people.learn("张三", "ZhangSan")
        assert not mouth.voice.must_look(WHISPER)
        assert mouth.voice.answer(WHISPER, "ok")
        assert await mouth.after(2) == ["whisper zhangsan ok"]


async def test_a_whisper_of_a_name_that_two_have_is_not_answered() -> None:
    """Neither look nor model is asked for an answer that can never be given."""
    async with speaking("nt7") as mouth:
        for login in ("zhangsan", "mallory"):
            mouth.voice.people.learn("张三", login)
        assert not mouth.voice.answer(WHISPER, "ok")
        assert not mouth.voice.must_look(WHISPER)
        assert not mouth.voice.can_answer(WHISPER)


async def test_no_look_is_needed_where_names_are_typed() -> None:
    async with speaking("rom") as mouth:
        assert not mouth.voice.must_look(Speech("tell", "Bob", "hi"))
        assert not mouth.voice.must_look(Speech("say", "Bob", "hi"))


# -- typing ------------------------------------------------------------------------------------------------------------


def heard(mouth: Mouth) -> Speech:
    return Speech("say", "Bob", "hi", at=mouth.clock.now())


async def test_an_answer_takes_as_long_as_typing_it() -> None:
    """Sixty columns at thirty a second are two seconds; a Chinese character is two columns."""
    for text in ("x" * 60, "好" * 30):
        async with speaking("nt7", Manner(typing=30)) as mouth:
            columns = 60 + len("say ")
            mouth.voice.answer(heard(mouth), text, typing=True)
            assert await mouth.after(columns / 30 - 0.05) == []
            assert await mouth.after(0.1) == [f"say {text}"]


async def test_the_time_that_the_model_took_counts_as_typing() -> None:
    async with speaking("rom", Manner(typing=30)) as mouth:
        speech = heard(mouth)
        await mouth.after(3)
        mouth.voice.answer(speech, "x" * 60, typing=True)
        assert len(await mouth.after(0)) == 1


@pytest.mark.parametrize(("typing", "speed"), [(False, 30.0), (True, 0.0)])
async def test_without_typing_an_answer_leaves_at_once(typing: bool, speed: float) -> None:
    async with speaking("rom", Manner(typing=speed)) as mouth:
        mouth.voice.answer(heard(mouth), "x" * 60, typing=typing)
        assert len(await mouth.after(0)) == 1


async def test_nobody_waits_for_slow_fingers() -> None:
    async with speaking("rom", Manner(typing=1)) as mouth:
        mouth.voice.answer(heard(mouth), "x" * 150, typing=True)
        assert await mouth.after(LONGEST_TYPING - 0.1) == []
        assert len(await mouth.after(0.2)) == 1


async def test_every_part_of_a_long_answer_is_said() -> None:
    """Typing must not take longer than a line may wait before it is dropped as too late."""
    async with speaking("rom", Manner(parts=Parts(9), typing=30)) as mouth:
        mouth.voice.answer(heard(mouth), "word " * 400, typing=True)
        out = await mouth.after(120)
        assert len(out) == 9
        assert mouth.voice.outbox.dropped == 0


# -- what the MUD says -------------------------------------------------------------------------------------------------


def news(family: str, kind: str) -> News:
    return next(each for each in load(family).news if each.kind == kind)


async def test_who_is_muted_says_nothing_for_that_long() -> None:
    """Commands still go, and afterwards speech does; what was said meanwhile is too late."""
    async with speaking("oiuv") as mouth:
        mouth.voice.heed(news("oiuv", "muted"), "由于你发布的信息太多")
        mouth.voice.say("say", "muted")
        mouth.voice.command("look")
        assert await mouth.after(40) == ["look"]
        mouth.voice.say("say", "later")
        assert await mouth.after(19) == ["look"]
        assert await mouth.after(2) == ["look", "say later"]


async def test_what_is_closed_stays_closed_until_the_next_login() -> None:
    """Of speech only what the MUD closed."""
    async with speaking("rom") as mouth:
        mouth.voice.heed(News(kind="banned", pattern="x", verbs=frozenset({"channel"})), "x")
        mouth.voice.say("channel", "hi", "gossip")
        mouth.voice.say("say", "hi")
        assert await mouth.after(5) == ["say hi"]
        mouth.voice.outbox.open(lambda data: mouth.wire.append(data.decode().strip()))
        mouth.voice.say("channel", "again", "gossip")
        assert await mouth.after(5) == ["say hi", "gossip again"]


async def test_a_ban_of_nothing_in_particular_is_one_of_all_speech() -> None:
    async with speaking("evennia") as mouth:
        mouth.voice.heed(News(kind="banned", pattern="x"), "x")
        for verb, target in (
            ("say", None),
            ("tell", "Bob"),
            ("whisper", "Bob"),
            ("channel", "public"),
            ("emote", None),
        ):
            mouth.voice.say(verb, "hi", target)  # type: ignore[arg-type]
        mouth.voice.command("look")
        assert await mouth.after(5) == ["look"]


@pytest.mark.parametrize("kind", ["absent", "refused", "idle", "taken"])
async def test_other_news_change_nothing_but_the_log(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    async with speaking("rom") as mouth:
        mouth.voice.heed(News(kind=kind, pattern="x"), "what the MUD said")  # type: ignore[arg-type]
        mouth.voice.say("say", "hi")
        assert await mouth.after(1) == ["say hi"]
    assert "the MUD says: what the MUD said; so " in caplog.text


# -- the login, and leaving --------------------------------------------------------------------------------------------


def test_a_password_is_typed_and_never_shown(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    packet = Mouth("evennia", FakeClock()).voice.typed("connect {name} {password}", name="Chen", password="s3cret")
    assert packet.data == b"connect Chen s3cret\r\n"
    assert packet.text == "connect Chen ********"
    assert "s3cret" not in repr(packet) + caplog.text


def test_a_name_that_cannot_be_typed_is_an_error() -> None:
    with pytest.raises(GateError, match=r"login\.name"):
        Mouth("rom", FakeClock()).voice.typed("{name}", name="老陈", password="x")


@pytest.mark.parametrize(
    ("family", "goodbye", "lines"),
    [
        ("rom", "Bye!", ["say Bye!", "quit"]),
        ("rom", None, ["quit"]),
        ("generic", "Bye!", ["say Bye!"]),
        ("generic", None, []),
        ("lambdamoo", None, ["@quit"]),
    ],
)
def test_the_last_words_are_the_goodbye_and_the_word_for_leaving(
    family: str, goodbye: str | None, lines: list[str]
) -> None:
    assert [packet.text for packet in Mouth(family, FakeClock()).voice.last_words(goodbye)] == lines


def test_a_goodbye_that_cannot_be_said_does_not_keep_from_leaving() -> None:
    mouth = Mouth("rom", FakeClock(), Manner(non_ascii="refuse"))
    assert [packet.text for packet in mouth.voice.last_words("再见")] == ["quit"]


# -- changing ----------------------------------------------------------------------------------------------------------


async def test_another_dialect_changes_the_frames_and_the_limits() -> None:
    async with speaking("generic") as mouth:
        mouth.voice.adopt(load("evennia"))
        mouth.voice.say("tell", "hi", "Bob")
        assert await mouth.after(2) == ["page Bob=hi"]


def test_another_encoding_changes_what_is_typed() -> None:
    """And stays, whatever dialect is adopted later; one that there is not changes nothing."""
    voice = Mouth("nt7", FakeClock()).voice
    voice.encoding = "gbk"
    voice.adopt(load("xkx"))
    assert voice.plain("say 好").data == b"say \xba\xc3\r\n"
    assert voice.encoding == "gbk"
    with pytest.raises(GateError):
        voice.encoding = "no such"
    assert voice.encoding == "gbk"
