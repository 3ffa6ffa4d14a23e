"""Limits and flood rules: what a family does to who types too long or too fast, and that it is noted."""

from __future__ import annotations

import pytest

from mudbot.local.tavern import Limits
from mudbot.local.tavern.flood import Judge, Offence
from mudbot.local.tavern.manners import Rule, load_manners
from tests.local.tavern_players import CHINESE, LOGINS, inn

MUTED = "由于你发布的信息太多，因此系统暂时禁止你发出信息。"


def rules(offences: list[Offence]) -> list[tuple[str, str]]:
    """Who broke which rule."""
    return [(each.who, each.rule) for each in offences]


# -- the judge alone -----------------------------------------------------------------------------------------------


def test_a_rule_allows_as_much_as_it_says_and_not_one_more() -> None:
    """Four says in two seconds are well; the fifth is refused; two seconds later all is well again."""
    judge = Judge([Rule(name="says", counts="say", over=4, within=2, then="refuse", says="no")])
    assert all(judge.word("say", "x", 10 + at / 10).allowed for at in range(4))
    fifth = judge.word("say", "x", 10.5)
    assert (fifth.allowed, fifth.says) == (False, "no")
    assert judge.word("say", "x", 12.6).allowed


def test_a_mute_lasts_and_covers_tells_and_channels() -> None:
    """Whatever was muted for, nothing can be said until it ends; it is one offence, not many."""
    judge = Judge([Rule(name="m", counts="channel", over=0, then="mute", seconds=60, says="hush", meanwhile="still")])
    assert judge.word("channel", "x", 0).rule is not None
    later = judge.word("say", "x", 59)
    assert (later.allowed, later.says, later.rule) == (False, "still", None)
    assert judge.word("say", "x", 60).allowed


def test_repeats_count_only_in_a_row() -> None:
    """Another text between them forgives."""
    judge = Judge([Rule(name="r", counts="same_channel", over=1, then="refuse")])
    assert [judge.word("channel", text, 0).allowed for text in ("a", "a", "b", "a", "a")] == [
        True,
        False,
        True,
        True,
        False,
    ]


def test_a_daze_ignores_every_command_without_a_word() -> None:
    """The first is told why, the rest hear nothing."""
    judge = Judge([Rule(name="d", counts="command", over=1, within=2, then="daze", seconds=10, says="stop")])
    assert judge.command("a", 0).allowed
    assert judge.command("b", 0).says == "stop"
    assert (judge.command("c", 9).allowed, judge.command("c", 9).says) == (False, "")
    assert judge.command("c", 10).allowed


# -- families over sockets -----------------------------------------------------------------------------------------


async def test_oiuv_mutes_the_fifth_say_in_two_seconds() -> None:
    """For a minute, tells included; then one may speak again."""
    async with inn("oiuv") as house:
        one, other = await house.two()
        for number in range(5):
            one.type(f"say {number}")
        await one.until(MUTED)
        one.type("tell lisi 在吗")
        await one.until("系统禁止你送出信息")
        house.now += 60
        one.type("say 又来了")
        heard = await other.until("又来了")
        assert "說道﹕\x1b[1;32m4".encode() not in heard
        assert rules(house.tavern.offences) == [("zhangsan", "says")]


async def test_oiuv_strikes_down_who_gives_forty_commands() -> None:
    """More than 40 in two seconds: knocked out, and deaf for a while."""
    async with inn("oiuv") as house:
        one, _ = await house.two()
        house.now += 10
        for _number in range(41):
            one.type("look")
        await one.until("从天而降！")
        await one.until("> ")
        one.type("say 我在这里")
        await one.until("> ")
        house.now += 10
        one.type("look")
        seen = await one.until("south、west")
        assert "你说道".encode() not in seen
        assert rules(house.tavern.offences) == [("zhangsan", "commands")]


async def test_nt7_wants_a_second_between_channel_lines_and_few_repeats() -> None:
    """Both are refused with their own words."""
    async with inn("nt7") as house:
        one, _ = await house.two()
        one.type("chat 一")
        one.type("chat 二")
        await one.until("公开频道不能连续发送讯息。")
        for _number in range(7):
            house.now += 2
            one.type("chat 三")
            await one.until("\x1b[256D\x1b[256D")
        await one.until("公开频道不能连续发送相同讯息。")
        assert rules(house.tavern.offences) == [("zhangsan", "channel-pace"), ("zhangsan", "channel-repeats")]


async def test_xkx_hurts_then_kicks_and_closes_the_channel() -> None:
    """20 commands a tick hurt, 60 end it; the same channel line twice is refused, ten in a heartbeat close it."""
    async with inn("xkx") as house:
        one, other = await house.two()
        one.type("chat 一")
        one.type("chat 一")
        await one.until("用交谈频道说话请不要重复相同的讯息。")
        house.now += 10
        for number in range(11):
            one.type(f"chat {number}")
        await one.until("你的聊天频道给关闭了！")
        house.now += 10
        one.type("chat 又")
        await one.until("你的聊天频道给关闭了！")
        house.now += 10
        for _number in range(61):
            other.type("look")
        assert "本游戏发现你滥用指令！" in await other.rest()
        broken = rules(house.tavern.offences)
        assert broken[:2] == [("zhangsan", "channel-repeats"), ("zhangsan", "channel-lines")]
        assert ("lisi", "commands") in broken
        assert broken[-1] == ("lisi", "command-flood")


async def test_rom_ends_it_at_the_25th_identical_line() -> None:
    """PUT A LID ON IT."""
    async with inn("rom") as house:
        bob, _ = await house.two()
        for _number in range(24):
            bob.type("say hi")
        await bob.until("You say 'hi'")
        assert house.tavern.offences == []
        bob.type("say hi")
        assert "*** PUT A LID ON IT!!! ***" in await bob.rest()


async def test_evennia_refuses_the_81st_command_in_a_second() -> None:
    """And takes the next one a second later."""
    async with inn("evennia") as house:
        bob, _ = await house.two()
        house.now += 5
        for number in range(81):
            bob.type(f"say {number}")
        await bob.until("You entered commands too fast. Wait a moment and try again.\r\n")
        house.now += 1
        bob.type("say later")
        await bob.until('You say, "later"')


@pytest.mark.parametrize("then", ["hold", "warn"])
def test_what_is_held_or_warned_of_passes_and_is_noted(then: str) -> None:
    """It is an offence all the same."""
    judge = Judge([Rule.model_validate({"name": "q", "counts": "command", "over": 0, "then": then, "seconds": 1})])
    verdict = judge.command("a", 0)
    assert verdict.allowed
    assert verdict.rule is not None


async def test_pennmush_holds_back_what_is_beyond_its_quota() -> None:
    """A hundred at once, then one a second: the last of them wait."""
    async with inn("pennmush") as house:
        bob, _ = await house.two()
        for number in range(130):
            bob.type(f"say {number}")
        await bob.until('You say, "90"')
        await house.player("Cy")  # who is not held back
        assert [deed for deed in house.tavern.deeds if deed[1:] == ("say", "129")] == []


@pytest.mark.parametrize("family", sorted(LOGINS))
async def test_a_calm_speaker_breaks_no_rule(family: str) -> None:
    """Ten different things, three seconds apart: no offence."""
    async with inn(family) as house:
        speaker, listener = await house.two()
        for number in range(10):
            house.now += 3
            speaker.type(f"say number {number}")
            await listener.until(f"umber {number}")
        assert house.tavern.offences == []
        assert [deed[1] for deed in house.tavern.deeds].count("say") == 10


# -- how long a line may be ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "fits", "told"),
    [
        ("rom", 250, "Line too long."),
        ("tbamud", 510, "Line too long.  Truncated to:\r\nsay xxxx"),
        ("pennmush", 4095, ""),
        ("lambdamoo", 65535, ""),
    ],
)
async def test_a_long_line_is_cut_at_the_familys_bound(family: str, fits: int, told: str) -> None:
    """What fits is heard whole; of a longer one the rest is gone."""
    async with inn(family, limits=Limits(burst=10_000)) as house:  # bytes cost as much as commands
        bob, ann = await house.two()
        text = "x" * (fits - 4)
        bob.type(f"say {text}")
        await ann.until(text + ('"' if family in ("pennmush", "lambdamoo") else "'"))
        bob.type(f"say {text}yyy")
        if told:
            await bob.until(told)
        heard = await ann.until(text + ('"' if family in ("pennmush", "lambdamoo") else "'"))
        assert b"y" not in heard.replace(b"ays", b"")


async def test_rom_hangs_up_on_a_kilobyte() -> None:
    """As the buffer of the real one overflows."""
    async with inn("rom") as house:
        bob, _ = await house.two()
        bob.type("say " + "x" * 1200)
        assert "PUT A LID ON IT" in await bob.rest()


async def test_evennia_refuses_a_long_line_and_one_that_is_no_text() -> None:
    """6000 bytes, and a line in a wrong encoding is refused whole."""
    async with inn("evennia") as house:
        bob, ann = await house.two()
        bob.type("say " + "你" * 1998)  # 5998 bytes
        await ann.until("你" * 1998)
        bob.type("say " + "你" * 2000)
        await bob.until("You entered a string that was too long. Please break it up into multiple parts.\r\n")
        bob.send(b"say broken \xe4\xbd\r\nsay whole\r\n")
        assert b"broken" not in await ann.until("whole")


@pytest.mark.parametrize("family", ["rom", "tbamud", "lambdamoo"])
async def test_bytes_beyond_ascii_vanish(family: str) -> None:
    """A Chinese reply vanishes; the ASCII around it stays."""
    async with inn(family, "utf-8") as house:
        bob, ann = await house.two()
        bob.type("say a你好b")
        heard = await ann.until("ab")
        assert all(byte < 128 or byte in (0xF9, 0xFF) for byte in heard)


@pytest.mark.parametrize("family", ["rom", "tbamud"])
async def test_backspace_takes_back_what_was_typed(family: str) -> None:
    """So a prefix protects nothing: this looks."""
    async with inn(family) as house:
        bob, _ = await house.two()
        bob.send(b"say \x08\x08\x08\x08who\r\n")
        await bob.until("In the world: 2")
        assert house.tavern.deeds[-1] == ("bob", "who", "")


def test_chinese_families_and_the_others_are_all_covered() -> None:
    """Each family has a limit or a rule of dialects that a test above breaks."""
    ruled = {family for family in LOGINS if load_manners(family).flood}
    limited = {family for family in LOGINS if load_manners(family).hearing.limit.bytes != 4096}
    assert set(CHINESE) <= ruled
    assert limited == {"rom", "tbamud", "pennmush", "lambdamoo", "evennia"}
