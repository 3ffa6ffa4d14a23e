"""What a session may conclude from a MUD's words and silences: passwords, takeovers, whispers; and what it costs."""

from __future__ import annotations

import pytest

from mudbot.events import Line, LoggedIn, News, Speech
from mudbot.mud.dialect import load
from mudbot.mud.reconnect import CAP, MAX_REFUSALS, TAKEN, Reconnect
from tests.mud.stage import Stage, stage


async def _gives_the_password(it: Stage) -> None:
    it.ask("Your name?")
    await it.until(lambda: len(it.typed) == 1)
    it.ask("Password:")
    await it.until(lambda: len(it.typed) == 2)


async def test_a_password_asked_for_again_is_not_given_a_second_time() -> None:
    """In words that no dialect knows: two attempts in all, five minutes apart, and then the owner must help."""
    async with stage("generic") as it:
        for attempt in (1, 2):
            await _gives_the_password(it)
            it.ask("Alas, try once more.  Password:")
            await it.until(lambda: it.session.state in ("waiting", "stopped"))
            assert it.links == attempt
            assert it.typed == ["Chen", "s3cret"]
            await it.pass_by(CAP + 1)
        assert it.session.state == "stopped"
        assert "asks again" in it.session.why
        assert it.all(LoggedIn) == []


async def test_a_link_that_breaks_on_the_password_is_back_within_half_a_minute() -> None:
    """A silent end may be a broken link; the third one is taken for the MUD's way to refuse."""
    async with stage("generic") as it:
        await _gives_the_password(it)
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        await it.pass_by(5.1)
        await it.until(lambda: it.links == 2)
        assert not it.session.refused


async def test_a_refusal_in_unknown_words_counts_however_long_the_link_stays_open() -> None:
    """What never shows a world was never one, though the dialect's patience was over and a look was typed."""
    async with stage("evennia") as it:
        it.lines("connect <username> <password>")
        await it.until(lambda: it.typed == ["connect Chen s3cret"])
        it.lines("Nay, that will not do.")
        await it.pass_by(16)
        assert it.session.state == "playing"
        it.lines("Nay, that will not do.")
        await it.pass_by(100)
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        assert it.session.reconnect.refusals == 1
        assert "login.password" in it.session.why


def test_silent_ends_get_the_benefit_of_the_doubt_twice() -> None:
    reconnect = Reconnect()
    waits = [reconnect.after_silence(reset=False) for _ in range(3)]
    assert waits[0] is not None
    assert waits[0] <= 5
    assert waits[1:] == [CAP, None]
    assert reconnect.refusals == MAX_REFUSALS


def test_a_link_that_is_reset_on_the_password_comes_back_twice_within_half_a_minute() -> None:
    reconnect = Reconnect()
    waits = [reconnect.after_silence(reset=True) for _ in range(4)]
    assert [wait for wait in waits[:2] if wait is None or wait > 25] == []
    assert waits[2:] == [CAP, None]


async def test_what_we_end_ourselves_is_no_refusal() -> None:
    """A MUD that misbehaves right after the password has said nothing about it."""
    async with stage("generic") as it:
        await _gives_the_password(it)
        assert it.session.link is not None
        it.session.link.abort("a compression bomb")
        await it.until(lambda: it.session.state == "waiting")
        assert it.session.reconnect.refusals == it.session.reconnect.silences == 0
        assert "login.password" not in it.session.why


async def test_a_world_that_drops_us_is_no_refusal() -> None:
    """What refuses says a line or two; a MUD that showed its world and then went down will be back."""
    async with stage("generic") as it:
        await _gives_the_password(it)
        it.lines("Welcome.", "The Square", "A wide square.", "Exits: north", "Bob is here.", "The game goes down.")
        await it.pass_by(3.1)
        assert it.session.state == "playing"
        it.hang_up()
        await it.until(lambda: it.session.state == "waiting")
        assert it.session.reconnect.refusals == 0


async def test_somebody_who_plays_the_character_is_thrown_out_once_only() -> None:
    """A MUD that ends the old link without a word: asked the same again within the hour, the bot leaves it to them."""
    async with stage("rom") as it:
        for number in (1, 2):
            it.ask("By what name do you wish to be mourned?")
            await it.until(lambda: it.typed == ["Chen"])
            it.ask("Password:")
            await it.until(lambda: len(it.typed) == 2)
            it.ask("Do you wish to connect anyway (Y/N)?")
            if number == 1:
                await it.until(lambda: it.typed[2:] == ["y"])
                it.lines("Reconnecting.")
                await it.until(lambda: it.session.state == "playing")
                it.hang_up()
                await it.until(lambda: it.session.state == "waiting")
                await it.pass_by(2)
                await it.until(lambda: it.links == 2)
        await it.until(lambda: it.session.state == "waiting")
        assert it.typed[2:] == []
        assert "somebody else" in it.session.why
        await it.pass_by(TAKEN - 1)
        assert it.links == 2


@pytest.mark.parametrize(
    "question",
    [
        "您要将另一个连线中的相同人物赶出去，取而代之吗？(y/n)",
        "您要將另一個連線中的相同人物趕出去，取而代之嗎？(y/n)",
        "That character is already playing. Throw the other one out? (y/n)",
        "Do you wish to take over the old connection [Y/N]?",
        "Reconnect to your old body? (yes/no)",
    ],
)
async def test_a_mud_that_nobody_described_may_ask_whether_to_take_over(question: str) -> None:
    async with stage("generic") as it:
        await _gives_the_password(it)
        it.ask(question)
        await it.until(lambda: it.typed[2:] == ["y"])


async def test_words_that_never_close_tell_no_news() -> None:
    """A speaker chose where their lines begin; the same line from the MUD itself counts."""
    async with stage("deadsouls") as it:
        it.ask("What name do you wish?")
        await it.until(lambda: it.typed == ["Chen"])
        it.ask("Password:")
        await it.until(lambda: len(it.typed) == 2)
        it.lines("Welcome to Dead Souls.")
        await it.pass_by(6)
        taken = "You are taken over by somebody else"
        it.lines(f'Bob says, "{"so long " * 8}', taken)
        await it.pass_by(3)
        assert [event.quoted for event in it.all(Line) if isinstance(event, Line) and event.text == taken] == [True]
        assert it.all(News) == []
        it.lines(taken)
        await it.until(lambda: it.all(News))


async def test_a_whisper_is_answered_where_the_mud_sends_no_prompts() -> None:
    """The look that shows the id ends by quiet, and the answer waits for it."""
    async with stage("xkx") as it:
        await it.log_in()
        it.lines("李四在你的耳边悄声说道：在吗")
        await it.until(lambda: it.typed == ["look"])
        (whisper,) = [event for event in it.events if isinstance(event, Speech)]
        assert it.session.can_answer(whisper)
        assert it.session.answer(whisper, "在")
        it.lines("客店 - ", "    一间小店。", "  普通百姓 李四(Lisi)")
        for _ in range(40):
            await it.pass_by(0.5)
            if len(it.typed) == 2:
                break
        assert it.typed == ["look", "whisper lisi 在"]


async def test_it_knows_itself_in_traditional_characters() -> None:
    """老陈 is 老陳 on a MUD in Big5: its own line on a channel is its own there, too."""
    async with stage("generic", wire="big5") as it:
        assert it.session.is_own(Speech("channel", "老陳", "大家好", None, "閒聊"))
        assert not it.session.is_own(Speech("channel", "老程", "大家好", None, "閒聊"))


def test_what_cannot_be_said_is_not_asked_of_a_model() -> None:
    """LambdaMOO's channels have no command that all of them share."""
    assert load("lambdamoo").answer_to(Speech("channel", "Bob", "hi", None, "Chat")) is None


async def test_lines_that_wait_cost_one_timer() -> None:
    """However many there were, at the door of a MUD that is not known yet and in the game."""
    async with stage(None) as it:
        it.lines(*(f"line {number}" for number in range(3000)), "the last")
        await it.until(lambda: Line("the last") in it.seen)
        assert len(it.session._timers) <= 5
    async with stage("deadsouls") as it:
        it.ask("What name do you wish?")
        await it.until(lambda: it.typed == ["Chen"])
        it.ask("Password:")
        await it.until(lambda: len(it.typed) == 2)
        it.lines("Welcome to the game, Chen.")
        for number in range(1000):
            it.lines(f'Bob says in English, "number {number} is', 'long"')
        await it.until(lambda: len(it.all(Speech)) == 1000)
        assert len(it.session._timers) <= 5
