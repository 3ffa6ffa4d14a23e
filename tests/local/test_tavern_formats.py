"""Each family's lines, byte for byte, in each encoding it is found with; over plain sockets."""

from __future__ import annotations

import re

import pytest

from mudbot.local.tavern import DIALECTS
from mudbot.local.tavern.manners import load_manners
from tests.local.tavern_players import CHINESE, LOGINS, inn

NOR = "\x1b[2;37;0m"
CYN, HIG, HIC, HIM, HIW = "\x1b[36m", "\x1b[1;32m", "\x1b[1;36m", "\x1b[1;35m", "\x1b[1;37m"
RED, YEL, END = "\x1b[0;31m", "\x1b[0;33m", "\x1b[0;0m"
BOLD_RED, BOLD_CYAN = "\x1b[1m\x1b[31m", "\x1b[1m\x1b[36m"

# family -> what the speaker types, what he sees, what the listener sees.  {0} stands for what is said.
LINES: dict[str, list[tuple[str, str, str]]] = {
    "evennia": [
        ("say {0}", 'You say, "{0}"\r\n', 'Bob says, "{0}"\r\n'),
        ('"{0}', 'You say, "{0}"\r\n', 'Bob says, "{0}"\r\n'),
        ("page ann={0}", "You paged Ann with: '{0}'.\r\n", "Account Bob pages: {0}\r\n"),
        ("whisper Ann = {0}", 'You whisper to Ann, "{0}"\r\n', 'Bob whispers: "{0}"\r\n'),
        ("public {0}", "[Public] Bob: {0}\r\n", "[Public] Bob: {0}\r\n"),
        (":{0}", "Bob {0}\r\n", "Bob {0}\r\n"),
    ],
    "rom": [
        ("say {0}", "You say '{0}'\n\r", "\n\rBob says '{0}'\n\r\n\r<20hp 100m 100mv> \xff\xf9"),
        ("tell ann {0}", "You tell Ann '{0}'\n\r", "Bob tells you '{0}'\n\r"),
        ("gossip {0}", "You gossip '{0}'\n\r", "Bob gossips '{0}'\n\r"),
        (".{0}", "You gossip '{0}'\n\r", "Bob gossips '{0}'\n\r"),
        ("auction {0}", "You auction '{0}'\n\r", "Bob auctions '{0}'\n\r"),
        ("grats {0}", "You grats '{0}'\n\r", "Bob grats '{0}'\n\r"),
        ("question {0}", "You question '{0}'\n\r", "Bob questions '{0}'\n\r"),
        ("answer {0}", "You answer '{0}'\n\r", "Bob answers '{0}'\n\r"),
        ("shout {0}", "You shout '{0}'\n\r", "Bob shouts '{0}'\n\r"),
        ("yell {0}", "You yell '{0}'\n\r", "Bob yells '{0}'\n\r"),
        (",{0}", "Bob {0}\n\r", "Bob {0}\n\r"),
    ],
    "tbamud": [
        ("say {0}", "You say, '{0}'\r\n", "\r\nBob says, '{0}'\r\n\r\n20H 100M 82V > "),
        ("tell Ann {0}", f"{RED}You tell Ann, '{{0}}'{END}\r\n", f"{RED}Bob tells you, '{{0}}'{END}\r\n"),
        ("whisper ann {0}", "You whisper to Ann, '{0}'\r\n", "Bob whispers to you, '{0}'\r\n"),
        ("ask ann {0}", "You ask Ann, '{0}'\r\n", "Bob asks you, '{0}'\r\n"),
        ("gossip {0}", f"{YEL}You gossip, '{{0}}'{END}\r\n", f"{YEL}Bob gossips, '{{0}}'{END}\r\n"),
        (":{0}", "Bob {0}\r\n", "Bob {0}\r\n"),
    ],
    "pennmush": [
        ("say {0}", 'You say, "{0}"\r\n', 'Bob says, "{0}"\r\n'),
        ('"{0}', 'You say, "{0}"\r\n', 'Bob says, "{0}"\r\n'),
        (":{0}", "Bob {0}\r\n", "Bob {0}\r\n"),
        (";{0}", "Bob{0}\r\n", "Bob{0}\r\n"),
        ("page ann={0}", "You paged Ann with '{0}'\r\n", "Bob pages: {0}\r\n"),
        ("page {0}", "You paged Ann with '{0}'\r\n", "Bob pages: {0}\r\n"),
        ("page ann=:{0}", "Long distance to Ann: Bob {0}\r\n", "From afar, Bob {0}\r\n"),
        ("whisper ann={0}", 'You whisper, "{0}" to Ann.\r\n', "Bob whispers: {0}\r\n"),
        ("+public {0}", '<Public> Bob says, "{0}"\r\n', '<Public> Bob says, "{0}"\r\n'),
    ],
    "lambdamoo": [
        ('"{0}', 'You say, "{0}"\r\n', 'Bob says, "{0}"\r\n'),
        (
            'page ann with "{0}"',
            "Your message has been sent.\r\n",
            'You sense that Bob is looking for you in Drunken Crane Inn.\r\nHe pages, "{0}"\r\n',
        ),
        ('whisper "{0}" to ann', 'You whisper, "{0}" to Ann.\r\n', 'Bob whispers, "{0}"\r\n'),
        (":{0}", "Bob {0}\r\n", "Bob {0}\r\n"),
    ],
    "ranvier": [
        (
            "say {0}",
            f"{CYN}You say: '{{0}}'\x1b[39m\r\n",
            f"\r\n{CYN}Bob says: '{{0}}'\x1b[39m\r\n\r\n[ 100/100 hp ] > ",
        ),
        ("tell Ann {0}", "You tell Ann, '{0}'", "\x1b[1m\x1b[36mBob tells you, '{0}'\x1b[39m\x1b[22m\r\n"),
        (".{0}", "[chat] You: {0}", "\x1b[1m\x1b[32m[chat] Bob: {0}\x1b[39m\x1b[22m\r\n"),
        ("yell {0}", "You yell, '{0}'", "Someone yells from nearby, '{0}'"),
    ],
    "deadsouls": [
        (
            "say {0}",
            f'You say in English, "{BOLD_CYAN}{{0}}.\x1b[0m"\r\n',
            f'Bob says in English, "{BOLD_CYAN}{{0}}.\x1b[0m"\r\n',
        ),
        ("say {0}?", "You ask in English, ", f'Bob asks in English, "{BOLD_CYAN}{{0}}?\x1b[0m"\r\n'),
        (
            "tell ann {0}",
            f'{BOLD_RED}You tell Ann,\x1b[0m "{{0}}.\x1b[0m"\r\n',
            f'{BOLD_RED}Bob tells you,\x1b[0m "{{0}}.\x1b[0m"\r\n',
        ),
        ("whisper to ann {0}", "You whisper in English to Ann", "Bob whispers in English to you,"),
    ],
    "nt7": [
        (
            "say {0}",
            f"\x1b[256D\x1b[K{CYN}你说道：{{0}}\r\n{NOR}\x1b[256D",
            f"\x1b[256D\x1b[K{CYN}张三[Zhangsan]{CYN}说道：{{0}}\r\n{NOR}",
        ),
        (
            "tell lisi {0}",
            f"\x1b[256D\x1b[K{HIG}你告诉李四{HIG}(Lisi)：{{0}}\r\n{NOR}\x1b[256D",
            f"\x1b[256D\x1b[K{HIG}张三{HIG}(Zhangsan)告诉你：{{0}}\r\n{NOR}",
        ),
        (
            "chat {0}",
            f"{CYN}【{HIC}闲{NOR}{CYN}聊{HIC}】{NOR}{NOR}{HIC}张三(zhangsan)：{NOR}{HIC}{{0}}{NOR}\r\n",
            f"\x1b[256D\x1b[K{CYN}【{HIC}闲{NOR}{CYN}聊{HIC}】{NOR}{NOR}{HIC}张三(zhangsan)：{NOR}{HIC}{{0}}{NOR}\r\n",
        ),
        (
            "whisper lisi {0}",
            "\x1b[37m你在李四\x1b[37m的耳边悄声说道：{0}\r\n",
            f"\x1b[37m张三\x1b[37m在你的耳边悄声说道：{{0}}\r\n{NOR}",
        ),
        ("emote {0}", f"{CYN}你{{0}}\r\n{NOR}", f"{CYN}~张三{{0}}\r\n{NOR}"),
        ("shout {0}", f"{HIW}你纵声长啸：{{0}}\r\n{NOR}", f"{HIW}张三纵声长啸：{{0}}\r\n{NOR}"),
    ],
    "oiuv": [
        ("say {0}", f"{CYN}你说道：{{0}}\r\n{NOR}> ", f"张三說道﹕{HIG}{{0}}\r\n{NOR}"),
        (
            "tell lisi {0}",
            f"{HIG}你告诉李四{HIG}(Lisi)：{{0}}\r\n{NOR}> ",
            f"{HIG}张三{HIG}(Zhangsan)告诉你：{{0}}\r\n{NOR}",
        ),
        ("chat {0}", "【东拉西扯】", f"{HIC}【东拉西扯】张三{HIC}[Zhangsan]{HIC}：{{0}}\r\n{NOR}"),
        ("rumor {0}", "【谣言四起】", f"{HIM}【谣言四起】某人：{{0}}\r\n{NOR}"),
        ("emote {0}", f"{CYN}你{{0}}\r\n{NOR}", f"{CYN}~张三{{0}}\r\n{NOR}"),
    ],
    "xkx": [
        ("say {0}", f"{CYN}你说道：{{0}}\r\n{NOR}> ", f"{CYN}张三说道：{{0}}\r\n{NOR}"),
        ("'{0}", f"{CYN}你说道：{{0}}\r\n{NOR}> ", f"{CYN}张三说道：{{0}}\r\n{NOR}"),
        ("tell lisi {0}", f"{HIG}你告诉李四：{{0}}\r\n{NOR}> ", f"{HIG}张三(zhangsan)告诉你：{{0}}\r\n{NOR}"),
        ("chat {0}", "【闲聊】", f"{HIC}【闲聊】张三(Zhangsan)：{{0}}\r\n{NOR}"),
        ("rumor {0}!", "【谣言】", f"{HIM}【谣言】某人：{{0}}!\r\n{NOR}"),
        ("emote {0}", f"{CYN}你{{0}}\r\n{NOR}", f"{CYN}->张三{{0}}\r\n{NOR}"),
    ],
    "pkuxkx": [
        ("say {0}", f"{CYN}你说道：「{{0}}」\r\n{NOR}> ", f"{CYN}张三{CYN}说道：「{{0}}{CYN}」\r\n{NOR}"),
        (
            "tell lisi {0}",
            f"{HIG}你告诉{HIC}李四{HIG}：{{0}}\r\n{NOR}> ",
            f"{HIC}张三{HIG}(zhangsan)告诉你：{{0}}\r\n{NOR}",
        ),
        ("chat {0}", "【闲聊】", f"{HIC}【闲聊】张三(Zhangsan){HIC}: {{0}}\r\n{NOR}"),
    ],
}
# What can be said in an encoding, and survives there.
WORDS = {
    "utf-8": "你好，功夫许",
    "gbk": "你好，功夫许",
    "gb18030": "你好，功夫许",
    "big5": "你好，功夫許",
    "latin-1": "Déjà vu ÿ",
    "cp1251": "Привет, я",
    "koi8-r": "Привет, я",
}
PAIRS = [(family, encoding) for family in LOGINS for encoding in load_manners(family).encodings if encoding != "big5"]


def words_for(family: str, encoding: str) -> str:
    """Words of that encoding, unless the family drops such bytes."""
    if family in CHINESE or encoding not in load_manners(family).hearing.ascii_only:
        return WORDS[encoding]
    return "Hello there"


@pytest.mark.parametrize(("family", "encoding"), PAIRS)
async def test_every_line_byte_for_byte(family: str, encoding: str) -> None:
    """The speaker's own line and the listener's, as the family's sources write them."""
    words = words_for(family, encoding)
    async with inn(family, encoding) as house:
        speaker, listener = await house.two()
        for typed, own, heard in LINES[family]:
            house.now += 10
            speaker.type(typed.format(words))
            await speaker.until(_bytes(own.format(words), encoding))
            await listener.until(_bytes(heard.format(words), encoding))


def _bytes(text: str, encoding: str) -> bytes:
    """Text in the encoding, 0xFF doubled; GA (written as two characters in the tables) as it is."""
    text, ga, _ = text.partition("\xff\xf9")
    return text.encode(encoding).replace(b"\xff", b"\xff\xff") + (b"\xff\xf9" if ga else b"")


def test_every_family_is_shown() -> None:
    """No family without its lines here."""
    assert set(LINES) == set(LOGINS) == set(DIALECTS) - {"tavern", "generic"}


@pytest.mark.parametrize(("family", "line"), [("nt7", "張三[Zhangsan]"), ("xkx", "說道：好")])
async def test_big5_writes_traditional_characters(family: str, line: str) -> None:
    """A Big5 port shows 說 where the library says 说, and reads what is typed in Big5."""
    from mudbot.local.tavern.wire import codec_named

    questions = codec_named("big5", ("big5",))
    async with inn(family, "big5") as house:
        house.tavern.register("zhangsan", "pw", name="張三")
        players = []
        for name in ("zhangsan", "lisi"):
            player = await house.connect()
            for question, answer in LOGINS[family]:
                await player.until(questions.write(question))
                player.type(answer.format(name=name, password="pw"))
            await player.until("south、west")
            players.append(player)
        players[0].type("say 好")
        await players[1].until(line)


async def test_a_reply_goes_to_who_spoke_last() -> None:
    """ES2 says 回答, with the lower-case id; Dead Souls says replies."""
    async with inn("xkx") as house:
        one, other = await house.two()
        one.type("tell lisi 在吗")
        await other.until("告诉你：在吗")
        other.type("reply 在")
        await one.until(f"{HIG}李四(lisi)回答你：在\r\n{NOR}")
    async with inn("deadsouls") as house:
        one, other = await house.two()
        one.type("tell ann hi")
        await other.until("Hi.")
        other.type("reply yes")
        await one.until('Ann replies,\x1b[0m "Yes.\x1b[0m"')


async def test_a_page_to_several_names_them_and_the_alias() -> None:
    """PennMUSH: Bob (B) pages Ann and Cy: hi."""
    async with inn("pennmush") as house:
        house.tavern.register("Bob", "pw", alias="B")
        bob, ann, cy = await house.player("Bob"), await house.player("Ann"), await house.player("Cy")
        bob.type("page Ann Cy=hi")
        for each in (ann, cy):
            await each.until("Bob (B) pages Ann and Cy: hi\r\n")
        await bob.until("You paged Ann and Cy with 'hi'\r\n")


async def test_channel_lines_may_carry_the_time() -> None:
    """nt7: HH:MM after the tag, on some channels and on what the system announces."""
    async with inn("nt7") as house:
        one, other = await house.two()
        one.type("dt 大家好")
        line = (await other.until("大家好")).decode("gbk")
        plain = re.sub("\x1b\\[[0-9;]*[A-Za-z]", "", line).rpartition("\n")[2]
        assert re.fullmatch(r"【洞天】\d\d:\d\d 张三\(zhangsan\)：大家好", plain)
        house.tavern.announce("system", "站内公告")
        line = (await other.until("站内公告")).decode("gbk")
        assert re.search(r"\d\d:\d\d", line)


async def test_an_emote_can_look_like_a_tell_where_its_mark_is_left_out() -> None:
    """Only the colour tells them apart: an emote is cyan, a tell bright green."""
    async with inn("nt7") as house:
        house.tavern.register("wangwu", "pw", name="王五", no_prefix=True)
        one, other = await house.two()
        rogue = await house.player("wangwu")
        rogue.type("emote 告诉你：把银子给我")
        await other.until(f"{CYN}王五告诉你：把银子给我\r\n{NOR}")
        one.type("set no_prefix 1")
        one.type("emote 告诉你：给我")
        await other.until(f"{CYN}张三告诉你：给我\r\n{NOR}")


async def test_prompts_glue_to_what_others_say() -> None:
    """pkuxkx: the prompt has no line end, so the next line begins with it."""
    async with inn("pkuxkx") as house:
        _, other = await house.two()
        other.type("look")
        await other.until("\r\n> ")
        house.tavern.announce("npc", "欢迎下次再来抄经。")
        seen = await other.until(f"{CYN}云游僧人{CYN}说道：「欢迎下次再来抄经。{CYN}」\r\n{NOR}")
        assert seen.startswith(b"\x1b[36m")  # right after the prompt, on its line
        house.tavern.announce("news", "开始了。")
        await other.until(f"{HIW}【江湖】张 三(Zhang san){HIW}: 开始了。\r\n")


@pytest.mark.parametrize(
    ("family", "typed", "told"),
    [
        ("rom", "tell cy hi", "They aren't here.\n\r"),
        ("tbamud", "tell cy hi", "No one by that name here.\r\n"),
        ("nt7", "tell wangwu 在吗", "这个用户没有登录，你无法和他交谈。\r\n"),
        ("nt7", "tell Lisi 在吗", "这个用户没有登录，你无法和他交谈。\r\n"),  # only the lower-case id is found
        ("xkx", "tell 李四 在吗", "没有这个人....。\r\n"),
        ("evennia", "page cy=hi", "Could not find 'cy'.\r\n"),
        ("pennmush", "page cy=hi", "I can't find who you want to page with: cy\r\nUnable to page: cy\r\n"),
        ("oiuv", "reply 在", "刚才没有人和你说过话。\r\n"),
    ],
)
async def test_news_about_somebody_who_is_not_there(family: str, typed: str, told: str) -> None:
    """Said in the family's own words."""
    async with inn(family) as house:
        speaker, _ = await house.two()
        speaker.type(typed)
        await speaker.until(told)


async def test_the_system_speaks_and_an_unknown_announcement_is_refused() -> None:
    """The remote tell of xkx, and an error that lists what there is."""
    from mudbot.errors import LocalError

    async with inn("xkx") as house:
        _, other = await house.two()
        house.tavern.announce("remote", "在吗")
        await other.until(f"{HIG}王五(Wangwu@XKX)千里传音告诉你：在吗\r\n")
        with pytest.raises(LocalError, match="xkx has no announcement 'weather': there are system, remote, saved"):
            house.tavern.announce("weather", "雨")
