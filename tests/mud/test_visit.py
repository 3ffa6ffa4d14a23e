"""One stay in a MUD, against a scripted server: in by its questions, awake, and away when thrown out."""

from __future__ import annotations

import logging

import pytest

from mudbot.events import Closed, Disconnected, Line, LoggedIn, News, Speech
from mudbot.mud.reconnect import TAKEN
from mudbot.mud.session import LOGIN_TIMEOUT
from mudbot.mud.visit import HELD, UNKNOWN_QUIET
from tests.mud.stage import WILL_ECHO, WONT_ECHO, stage

# -- logging in --------------------------------------------------------------------------------------------------------


async def test_it_gets_in_by_the_muds_own_questions() -> None:
    async with stage("rom") as it:
        it.lines("THIS IS A MUD BASED ON.....", "Welcome to Nowhere")
        await it.log_in()
        assert len(it.all(LoggedIn)) == 1


async def test_pagers_and_questions_of_the_login_are_answered_in_their_order() -> None:
    async with stage("rom") as it:
        it.ask("By what name do you wish to be mourned?")
        it.ask("Password:")
        it.lines("That character is already playing.")
        it.ask("Do you wish to connect anyway (Y/N)?")
        it.ask("[Hit Return to continue]")
        await it.gets("Chen", "s3cret", "y", "")


@pytest.mark.parametrize("end", ["", "\r\n"])
async def test_a_question_that_comes_in_pieces_is_answered_once(end: str) -> None:
    """A slow one is given as two quiet prompts, or as a quiet prompt and a line; both may follow another question."""
    async with stage("rom") as it:
        it.send("By what na")
        await it.quiet("By what na")
        it.send("me do you wish to be mourned?")
        await it.gets("Chen")
        it.send("Passw")
        await it.quiet("Passw")
        it.send(f"ord: {end}")
        await it.gets("Chen", "s3cret")


async def test_a_player_cannot_talk_the_character_out_of_the_game() -> None:
    """Who sees it come says the words of a refusal: two of those would end the session for good."""
    async with stage("generic") as it:
        it.ask("By what name?")
        it.ask("Password:")
        await it.gets("Chen", "s3cret")
        it.lines("Mallory says, 'wrong password'", "王五说道：密码错误")
        await it.heard("marker") if it.session.state == "playing" else await it.pass_by(4)
        assert it.session.reconnect.refusals == 0
        assert it.session.state == "playing"


async def test_a_player_cannot_ask_for_the_password() -> None:
    """A MUD that lets in without one shows the game where the question was expected."""
    async with stage("generic") as it:
        it.ask("By what name?")
        await it.gets("Chen")
        it.lines("Mallory says, 'What is your password?'", "王五说道：密码？")
        await it.pass_by(0.1)
        assert it.typed == ["Chen"]


async def test_without_a_sign_of_success_quiet_will_do() -> None:
    async with stage("generic") as it:
        it.ask("By what name?")
        it.ask("Password:")
        await it.gets("Chen", "s3cret")
        await it.pass_by(2.9)
        assert not it.all(LoggedIn)
        await it.pass_by(0.2)
        assert len(it.all(LoggedIn)) == 1


async def test_a_mud_that_asks_nothing_known_is_left_and_the_reason_told() -> None:
    async with stage("rom") as it:
        it.lines("Enter the magic word.")
        await it.pass_by(LOGIN_TIMEOUT - 1)
        assert it.session.state == "logging in"
        await it.pass_by(1.5)
        (end,) = [event for event in it.seen if isinstance(event, Closed)]
        assert "login steps" in end.reason


@pytest.mark.parametrize("hidden", [True, False])
async def test_no_log_shows_the_password(hidden: bool, caplog: pytest.LogCaptureFixture) -> None:
    """And where the MUD hides what is typed nothing of it is shown, whatever it is."""
    caplog.set_level(logging.DEBUG, logger="mudbot")
    async with stage("rom") as it:
        if hidden:
            it.send(WILL_ECHO)
        it.ask("By what name?")
        await it.gets("Chen")
        it.ask("Password:")
        await it.gets("Chen", "s3cret")
        if hidden:
            it.send(WONT_ECHO)
        it.ask("[Hit Return to continue]")
        await it.gets("Chen", "s3cret", "")
    shown = [record.getMessage() for record in caplog.records if "login: " in record.getMessage()]
    assert shown[:2] == (["s: login: ********"] * 2 if hidden else ["s: login: Chen", "s: login: ********"])
    assert shown[2] == "s: login: (Enter)"
    assert "s3cret" not in caplog.text


# -- which MUD is this -------------------------------------------------------------------------------------------------


async def test_what_mud_it_is_is_known_before_the_login_is_answered() -> None:
    """``dialect: auto``: the banner tells, and the questions are those of that family."""
    async with stage(None) as it:
        it.lines("Welcome to Mygame, version 5.0.1!", "By name, connect <username> <password>")
        await it.gets("connect Chen s3cret")
        assert it.session.dialect.name == "evennia"
        it.lines("You become Chen.", 'Bob whispers: "psst"')
        await it.until(lambda: it.all(Speech))
        assert it.session.answer(Speech("whisper", "Bob", "psst"), "yes")
        await it.gets("connect Chen s3cret", "whisper Bob=yes")


async def test_the_question_itself_may_tell_what_mud_it_is() -> None:
    async with stage(None, wire="gbk") as it:
        it.ask("请输入您的英文名字(忘记密码请输入「pass」)：")
        await it.gets("Chen")
        assert it.session.dialect.name == "nt7"


async def test_a_mud_that_shows_no_sign_is_met_with_the_generic_dialect() -> None:
    """A question on a line of its own is waited for a moment longer, as the next line may tell what it means."""
    async with stage(None) as it:
        it.lines("Welcome!", "What is your name?")
        await it.pass_by(UNKNOWN_QUIET - 0.1)
        assert it.typed == []
        await it.pass_by(0.2)
        await it.gets("Chen")
        it.ask("Password:")
        await it.gets("Chen", "s3cret")
        assert it.session.dialect.name == "generic"


@pytest.mark.parametrize("after", [[""], ["", "(type new to begin)"]])
async def test_a_question_that_is_not_the_last_line_is_answered_too(after: list[str]) -> None:
    """Some MUDs end it with a blank line, or a hint."""
    async with stage(None) as it:
        it.lines("What is your name?", *after)
        await it.pass_by(UNKNOWN_QUIET + 0.1)
        await it.gets("Chen")


@pytest.mark.parametrize("said", ["Evennia is nice", "do you know PennMUSH?", "connect <username> <password>"])
async def test_a_player_does_not_choose_the_dialect(said: str) -> None:
    """Escapes and limits would be another family's: what is shown once in the game tells nothing."""
    async with stage(None) as it:
        it.ask("What is your name?")
        it.ask("Password:")
        await it.gets("Chen", "s3cret")
        await it.pass_by(3.1)
        assert it.session.state == "playing"
        it.lines(f"Mallory says, '{said}'", f"{said}, it stands on a wall.")
        await it.heard("marker")
        assert it.session.dialect.name == "generic"


# -- encodings ---------------------------------------------------------------------------------------------------------

BANNER = "欢迎来到江湖，这里的客栈有酒有肉，请各位英雄好汉遵守规矩，不要在客栈里打架。"


@pytest.mark.parametrize("wire", ["gbk", "utf-8", "big5"])
async def test_what_is_said_is_written_as_the_mud_writes(wire: str) -> None:
    """``encoding: auto``: heard and spoken in what the banner turned out to be."""
    banner = (
        BANNER if wire != "big5" else "歡迎來到江湖，這裡的客棧有酒有肉，請各位英雄好漢遵守規矩，不要在客棧裡打架。"
    )
    async with stage("generic", wire=wire, encoding="auto") as it:
        it.lines(banner, banner)
        it.ask("Your name?")
        it.ask("Password:")
        await it.gets("Chen", "s3cret")
        await it.pass_by(3.1)
        it.session.say("say", "你好")
        await it.gets("Chen", "s3cret", "say 你好")
        await it.heard("客人走了。")


# -- in the game -------------------------------------------------------------------------------------------------------


async def test_a_pager_is_answered_before_anything_that_waits() -> None:
    """It would eat the next command; so it does not stand in line, and the pace does not count."""
    async with stage("rom") as it:
        await it.log_in()
        for n in range(8):
            it.session.say("say", f"line {n}")
        await it.until(lambda: len(it.typed) == 4)  # as many as the pace lets go at once
        it.ask("[Hit Return to continue]")
        await it.gets(*(f"say line {n}" for n in range(4)), "")
        await it.pass_by(1)
        assert it.typed[5:] == ["say line 4"]


async def test_a_question_of_the_login_is_not_answered_in_the_game() -> None:
    async with stage("rom") as it:
        await it.log_in()
        it.lines("Do you wish to connect anyway (Y/N)?")
        await it.heard("marker")
        assert it.typed == []


async def test_own_words_go_no_further() -> None:
    """Neither as speech nor as a line, by any of the own names."""
    async with stage("nt7") as it:
        await it.log_in()
        before = len(it.events)
        it.lines("你说道：好", "你对张三说道：好", "【闲聊】老陈(chen)：好", "【闲聊】陈某(Chen)：好")
        await it.heard("marker")
        assert [event for event in it.events[before:] if isinstance(event, Line | Speech)] == [Line("marker")]


async def test_a_speech_is_told_after_its_line_and_with_its_time() -> None:
    async with stage("rom") as it:
        await it.log_in()
        it.lines("Bob says 'hi'")
        await it.heard("marker")
        line, speech = it.events[-3:-1]
        assert line == Line("Bob says 'hi'")
        assert speech == Speech("say", "Bob", "hi")
        assert isinstance(speech, Speech)
        assert speech.at == it.clock.now()


async def test_what_is_muted_is_held_back_and_then_said() -> None:
    async with stage("oiuv") as it:
        await it.log_in()
        it.lines("由于你发布的信息太多，因此系统暂时禁止你发出信息。")
        await it.until(lambda: it.all(News))
        await it.pass_by(40)
        it.session.say("say", "late")
        await it.pass_by(19)
        assert it.typed == []
        await it.pass_by(2)
        await it.gets("say late")
        assert [event.kind for event in it.all(News) if isinstance(event, News)] == ["muted"]


async def test_words_that_wait_for_their_end_are_given_back_after_a_moment() -> None:
    async with stage("deadsouls") as it:
        it.ask("What name do you wish?")
        it.ask("Please enter your password:")
        await it.gets("Chen", "s3cret")
        it.lines("Welcome to the game, Chen.", 'Bob says in English, "a long')
        await it.until(lambda: "1 lines open" in repr(it.session._visit._ear))  # type: ignore[union-attr]
        await it.pass_by(HELD + 0.1)
        assert it.events[-1] == Line('Bob says in English, "a long')
        it.lines('Bob says in English, "one', 'two"')
        await it.until(lambda: it.all(Speech))
        assert it.all(Speech) == [Speech("say", "Bob", "one two")]


async def test_a_whisper_without_an_id_leads_to_a_look_and_then_to_an_answer() -> None:
    """One look, however often somebody whispers."""
    async with stage("nt7") as it:
        await it.log_in()
        it.lines("张三在你的耳边悄声说道：嘘", "张三在你的耳边悄声说道：喂")
        await it.gets("look")
        it.lines("客店 - ", "    一间小店。", "    这里唯一的出口是 west。", "  普通百姓 张三(Zhangsan)")
        it.ask("> ")
        await it.until(lambda: it.session.voice.people.id_of("张三"))
        assert it.session.answer(Speech("whisper", "张三", "嘘"), "在")
        await it.gets("look", "whisper zhangsan 在")


# -- awake -------------------------------------------------------------------------------------------------------------


async def test_the_character_does_not_fall_asleep() -> None:
    """oiuv throws out who types nothing for 300 seconds."""
    async with stage("oiuv") as it:
        await it.log_in()
        await it.pass_by(199)
        assert it.typed == []
        await it.pass_by(2)
        assert it.typed == [""]
        await it.pass_by(200)
        assert it.typed == ["", ""]


async def test_who_talks_need_not_be_woken() -> None:
    async with stage("oiuv") as it:
        await it.log_in()
        for n in range(5):
            it.session.say("say", f"line {n}")
            await it.pass_by(100)
        assert it.typed == [f"say line {n}" for n in range(5)]


async def test_the_time_asleep_counts_from_the_last_word() -> None:
    """Not from the last time it was looked at: 190 seconds and the whole of the next 200 would be too long."""
    async with stage("oiuv") as it:
        await it.log_in()
        await it.pass_by(10)
        it.session.say("say", "hello")
        await it.pass_by(202)
        assert it.typed == ["say hello", ""]


# -- thrown out --------------------------------------------------------------------------------------------------------


async def test_who_was_taken_over_stays_away_for_five_minutes() -> None:
    """The owner plays the character: it must not be thrown out by its own bot."""
    async with stage("nt7") as it:
        await it.log_in()
        it.lines("有人从别处( 127.0.0.1 )连线取代你所控制的人物。")
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        assert len(it.all(Disconnected)) == 1
        assert [event.kind for event in it.all(News) if isinstance(event, News)] == ["taken"]
        assert "somebody else logged in" in it.session.why
        await it.pass_by(TAKEN - 1)
        assert it.links == 1
        await it.pass_by(2)
        await it.until(lambda: it.links == 2)


async def test_a_drop_without_such_news_is_followed_by_a_return_at_once() -> None:
    async with stage("nt7") as it:
        await it.log_in()
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        await it.pass_by(5)
        await it.until(lambda: it.links == 2)


async def test_a_player_who_says_so_takes_nobody_over() -> None:
    """Words and emotes that tell of a takeover keep nobody away."""
    async with stage("nt7") as it:
        await it.log_in()
        it.lines(
            "王五[Wangwu]说道：有人从别处( 1 )连线取代你所控制的人物。", "~有人从别处( 1 )连线取代你所控制的人物。"
        )
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        await it.pass_by(5)
        await it.until(lambda: it.links == 2)


async def test_old_news_of_a_takeover_explain_no_later_drop() -> None:
    """The MUD let the character stay after all."""
    async with stage("nt7") as it:
        await it.log_in()
        it.lines("有人从别处( 127.0.0.1 )连线取代你所控制的人物。")
        await it.heard("marker")
        await it.pass_by(31)
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        await it.pass_by(5)
        await it.until(lambda: it.links == 2)
