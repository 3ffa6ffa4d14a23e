"""Each family's login, second login, way out; what is negotiated; over plain sockets."""

from __future__ import annotations

import re

import pytest

from mudbot.errors import LocalError
from mudbot.local.tavern import Limits, Tavern
from mudbot.local.tavern.link import Link
from tests.local.tavern_players import CHINESE, LOGINS, Inn, Player, inn

IAC, SB, SE = b"\xff", b"\xfa", b"\xf0"
WILL, WONT, DO, DONT, GA = b"\xff\xfb", b"\xff\xfc", b"\xff\xfd", b"\xff\xfe", b"\xff\xf9"
ECHO, SGA, TTYPE, NAWS, CHARSET, MSSP = b"\x01", b"\x03", b"\x18", b"\x1f", b"\x2a", b"\x46"
ASKS = "您要将另一个连线中的相同人物赶出去，取而代之吗？(y/n)"
REPLACED = "有人从别处( 127.0.0.1 )连线取代你所控制的人物。\r\n"


async def second(house: Inn, name: str, *, last: str = "assword") -> Player:
    """Somebody who answers the login up to the password as *name*."""
    player = await house.connect()
    await player.answers(name, "pw", last=last)
    return player


@pytest.mark.parametrize("family", sorted(LOGINS))
async def test_a_wrong_password_does_not_let_in(family: str) -> None:
    """Only the character's own password opens the door."""
    async with inn(family) as house:
        house.tavern.register("bob", "right")
        thief = await house.connect()
        for question, answer in LOGINS[family]:
            await thief.until(question.format(name="bob"))
            thief.type(answer.format(name="bob", password="wrong"))
            if "{password}" in answer:
                break
        wrong = {"pennmush": "does not exist", "lambdamoo": "does not exist", "evennia": "is incorrect"}
        await thief.until(wrong.get(family, "密码错误！" if family in CHINESE else "password"))
        assert house.tavern.people == ()


@pytest.mark.parametrize("family", ["rom", "tbamud", "nt7", "oiuv", "xkx", "pkuxkx", "deadsouls", "ranvier"])
async def test_the_password_is_not_shown(family: str) -> None:
    """WILL ECHO comes with the question, WONT ECHO with the answer."""
    async with inn(family) as house:
        player = await house.connect()
        await player.answers("bob", "pw", last="密码：" if family in CHINESE else "assword: ")
        await player.until(WILL + ECHO)
        await player.until(WONT + ECHO)


async def test_rom_asks_again_after_nonsense_and_takes_nothing_for_yes() -> None:
    """Do you want ANSI? (Y/n)"""
    async with inn("rom") as house:
        player = await house.connect()
        await player.until("(Y/n) ")
        player.type("perhaps")
        await player.until("Do you want ANSI? (Y/n) ")
        player.type("")
        await player.until("Ansi enabled!\n\r")
        await player.until("be known? ")
        player.type("")  # no name: hung up on
        await player.rest()


async def test_tbamuds_menu_leaves_and_refuses() -> None:
    """1 enters, 0 leaves, all else is no choice."""
    async with inn("tbamud") as house:
        player = await house.connect()
        await player.answers("Bob", "pw", last="RETURN")
        await player.until("Make your choice: ")
        player.type("9")
        await player.until("That's not a menu choice!\r\n\r\nWelcome to tbaMUD!")
        player.type("0")
        await player.rest()
        assert house.tavern.people == ()


async def test_any_key_goes_on_and_so_does_the_countdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """nt7 waits three seconds for a key, then enters by itself."""
    delays: list[float] = []
    async with inn("nt7") as house:
        player = await house.connect()
        await player.answers("zhangsan", "pw", last="密码：")
        link: Link = next(iter(house.tavern._links))
        await player.until("秒后自动进入游戏")
        timer = link._timers["door"]
        delays.append(timer.when() - link._loop.time())
        timer._run()  # the three seconds are over
        timer.cancel()
        await player.until("你连线进入醉鹤楼")
    assert 0 < delays[0] <= 3


@pytest.mark.parametrize("family", CHINESE)
async def test_es2_asks_before_it_takes_over(family: str) -> None:
    """y throws the first out and tells him; n leaves; the newcomer stands where the first stood."""
    async with inn(family) as house:
        first = await house.player("zhangsan")
        coward = await second(house, "zhangsan", last="密码：")
        await coward.until("取而代之吗？(")
        coward.type("n")
        assert "好吧，欢迎下次再来。" in await coward.rest()
        taker = await second(house, "zhangsan", last="密码：")
        await taker.until("取而代之吗？(")
        taker.type("")
        await taker.until("取而代之吗？(")
        taker.type("y")
        assert REPLACED in await first.rest()
        await taker.until("south、west")
        assert house.tavern.people == ("zhangsan",)


async def test_rom_asks_too_and_no_leads_back_to_the_name() -> None:
    """That character is already playing."""
    async with inn("rom") as house:
        first = await house.player("Bob")
        taker = await second(house, "Bob")
        await taker.until("That character is already playing.\n\rDo you wish to connect anyway (Y/N)?")
        taker.type("n")
        await taker.until("Name: ")
        taker.type("Bob")
        await taker.until("Password: ")
        taker.type("pw")
        await taker.until("connect anyway (Y/N)?")
        taker.type("y")
        await taker.until("Reconnecting. Type replay to see missed tells.\n\r")
        await first.rest()
        assert house.tavern.people == ("Bob",)


@pytest.mark.parametrize(
    ("family", "old", "new"),
    [
        ("tbamud", "This body has been usurped!\r\n", "You take over your own body, already in use!\r\n"),
        ("lambdamoo", "*** Redirecting connection to new port ***", "*** Redirecting old connection to this port ***"),
        ("evennia", "Logged in from elsewhere. Disconnecting.", "You become Bob."),
        ("ranvier", "Replaced. No multiplaying allowed.", "Welcome, Bob."),
    ],
)
async def test_others_throw_the_first_out_at_once(family: str, old: str, new: str) -> None:
    """And each says so in its own words."""
    async with inn(family) as house:
        first = await house.player("Bob")
        taker = await house.connect()
        await taker.answers("Bob", "pw", last="{password}" if family != "tbamud" else "assword")
        await taker.until(new)
        assert old in await first.rest()


async def test_a_second_login_can_be_refused() -> None:
    """As some servers do: the first stays."""
    async with inn("tbamud") as house:
        house.tavern.set_one_link_each(on=True)
        first = await house.player("Bob")
        refused = await second(house, "Bob")
        await refused.rest()
        await first.settle()


async def test_coming_back_too_soon_is_refused() -> None:
    """oiuv: thirty seconds after leaving; a lost link is not leaving."""
    async with inn("oiuv") as house:
        one = await house.player("zhangsan")
        one.type("quit")
        await one.rest()
        early = await house.connect()
        await early.until("名字)：")
        early.type("zhangsan")
        assert "秒钟，请稍候再登录。" in await early.rest()
        house.now += 31
        back = await house.player("zhangsan")
        back.writer.close()
        await house.player("zhangsan") if not house.tavern.people else None


async def test_a_stranger_is_made_a_character_where_the_house_is_not_open() -> None:
    """xkx asks whether, the name that others see, and the password twice."""
    async with inn("xkx") as house:
        house.tavern.open_house = False
        player = await house.connect()
        await player.until("(y/n)")
        player.type("n")
        await player.until("喜欢的名字）：")
        player.type("zhangsan")
        await player.until("使用 zhangsan 这个名字将会创造一个新的人物，您确定吗(y/n)？")
        player.type("y")
        await player.until("您的中文名字：")
        player.type("张三")
        for answer in ("pw1", "pw2", "pw1", "pw1"):
            await player.until("密码")
            player.type(answer)
        await player.until("目前权限：(player)")
        player.type("emote 笑了")
        await player.until("你笑了")
        assert house.tavern.people == ("张三",)


async def test_a_stranger_is_refused_where_none_can_be_made() -> None:
    """PennMUSH: the same words as for a wrong password; create makes one."""
    async with inn("pennmush") as house:
        house.tavern.open_house = False
        player = await house.connect()
        player.type("connect Bob pw")
        await player.until("Either that player does not exist, or has a different password.\r\n")
        player.type('create "Bob" pw')
        await player.until("south, west")


@pytest.mark.parametrize(
    ("family", "said"),
    [
        ("xkx", "对不起，您已经发呆超过 20 分钟了，请下次再来。"),
        ("oiuv", "发呆超过 5 分钟了"),
        ("ranvier", "for being idle"),
    ],
)
async def test_who_does_nothing_for_long_is_thrown_out(family: str, said: str) -> None:
    """After the family's time, or one that the test chooses."""
    async with inn(family, limits=Limits(idle=0.05)) as house:
        player = await house.connect()
        await player.answers("Zhangsan", "pw")
        assert said in await player.rest()
        assert house.tavern.people == ()


# -- telnet --------------------------------------------------------------------------------------------------------


async def test_fluffos_lies_about_its_charset() -> None:
    """A GBK port offers UTF-8, and goes on in GBK after it was accepted."""
    async with inn("nt7", "gbk") as house:
        player = await house.connect()
        await player.until(WILL + CHARSET)
        player.send(DO + CHARSET)
        await player.until(IAC + SB + CHARSET + b"\x01 UTF-8" + IAC + SE)
        player.send(IAC + SB + CHARSET + b"\x02UTF-8" + IAC + SE)
        player.again()
        await player.enter("zhangsan")
        player.type("say 你好")
        await player.until("你说道：你好".encode("gbk"))


@pytest.mark.parametrize(("says", "marked"), [(DONT + SGA, True), (DO + SGA, False), (b"", False)])
async def test_fluffos_marks_prompts_only_without_sga(says: bytes, marked: bool) -> None:
    """GA after the prompt for a client that speaks telnet and refused SGA; never for a plain one."""
    async with inn("xkx") as house:
        player = await house.connect()
        player.send(says)
        await player.enter("zhangsan")
        player.type("say 你好")
        player.type("look")
        seen = await player.until("south、west")
        assert (b"> " + GA in seen) == marked


async def test_evennia_marks_every_line_after_dont_sga() -> None:
    """And none before."""
    async with inn("evennia") as house:
        player = await house.player("Bob")
        player.type("say one")
        player.send(DONT + SGA)
        assert GA not in await player.until('"one"\r\n')
        player.type("say two")
        await player.until(b'"two"\r\n' + GA)


@pytest.mark.parametrize(
    ("family", "codebase"),
    [("tbamud", b"tbaMUD 2023"), ("pennmush", b"PennMUSH"), ("evennia", b"Evennia"), ("nt7", b"NT.ULTIMATE")],
)
async def test_mssp_names_the_codebase(family: str, codebase: bytes) -> None:
    """Offered before the login; NAME, PLAYERS and UPTIME come with it."""
    async with inn(family) as house:
        player = await house.connect()
        await player.until(WILL + MSSP)
        player.send(DO + MSSP)
        told = await player.until(IAC + SE)
        assert re.search(b"\x01CODEBASE\x02[^\x01]*" + codebase, told)
        for name in (b"\x01NAME\x02", b"\x01PLAYERS\x020", b"\x01UPTIME\x02"):
            assert name in told


async def test_oiuvs_terminal_trap() -> None:
    """A client that calls itself mushclient gets GBK, where the trap is set."""
    for trapped in (False, True):
        async with inn("oiuv", "utf-8") as house:
            house.tavern.set_terminal_trap(on=trapped)
            player = await house.connect()
            await player.until(DO + TTYPE)
            player.send(WILL + TTYPE)
            await player.until(IAC + SB + TTYPE + b"\x01" + IAC + SE)
            player.send(IAC + SB + TTYPE + b"\x00MUSHclient" + IAC + SE)
            player.type("zhangsan")
            await player.until("请输入密码：".encode("gbk" if trapped else "utf-8"))


async def test_xkx_goes_on_in_big5_for_who_asks_for_it() -> None:
    """The first question of its login."""
    async with inn("xkx", "gbk") as house:
        player = await house.connect()
        await player.until("(y/n)")
        player.type("y")
        await player.until("Ok, use BIG5 code.")
        await player.until("您的英文名字".encode("big5"))


async def test_only_the_tavern_itself_tells_rooms_by_gmcp() -> None:
    """Evennia offers GMCP, and has no Room.Info."""
    async with inn("evennia") as house:
        player = await house.connect()
        player.send(DO + b"\xc9")
        await player.enter("Bob")
        player.type("say x")
        assert b"Room.Info" not in player._raw + await player.until('"x"')


def test_a_wrong_pair_is_a_clear_error() -> None:
    """It names what the dialect is found in; so does a wrong dialect."""
    with pytest.raises(LocalError, match="no encoding 'koi8-r' here: use one of gbk, utf-8, gb18030, big5"):
        Tavern(dialect="xkx", encoding="koi8-r")
    with pytest.raises(LocalError, match=r"no dialect 'penmush'; did you mean 'pennmush'\?"):
        Tavern(dialect="penmush")


async def test_generic_is_the_taverns_own_english_in_any_encoding() -> None:
    """The same login and words as the default, here in KOI8-R."""
    async with Tavern(dialect="generic", encoding="koi8-r") as tavern:
        import asyncio

        reader, writer = await asyncio.open_connection("127.0.0.1", tavern.port)
        writer.write("Bob\r\npw\r\nsay Привет\r\n".encode("koi8-r"))
        async with asyncio.timeout(10):
            seen = await reader.readuntil('You say, "Привет"'.encode("koi8-r"))
        assert b"By what name are you known? " in seen
        assert b"\xc9" not in seen.partition(b"By what")[0]  # no GMCP
        writer.close()
