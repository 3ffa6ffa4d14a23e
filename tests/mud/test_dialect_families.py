"""Every family beyond its fixtures: own words, forgeries, odd names, news, logins, rooms."""

from __future__ import annotations

import pytest

from mudbot.errors import LoginError
from mudbot.events import Line, NewsKind, Room, Speech, SpeechKind
from mudbot.mud import dialect as dialects
from mudbot.mud.dialect import Dialect, load
from mudbot.mud.login import Login
from mudbot.mud.questions import Questions
from mudbot.mud.room import read_room
from mudbot.mud.text import TextStream

NAMES = dialects.names()
ES2 = ("nt7", "oiuv", "xkx", "pkuxkx")


def hear(family: str, text: str) -> Speech | None:
    return load(family).hear_line(Line(text))


# -- what others say ---------------------------------------------------------------------------------------------------

Case = tuple[str, SpeechKind, str | None, str | None, str | None, str]
"""Line, kind, channel, speaker, id, words."""
HEARD: dict[str, list[Case]] = {
    "nt7": [
        ("李四光[Lisi]说道：张三，客栈今晚还有空房吗？", "say", None, "李四光", "Lisi", "张三，客栈今晚还有空房吗？"),
        ("> > 李四光[Lisi]说道：你好", "say", None, "李四光", "Lisi", "你好"),
        ("店小二说道：「客官，里面请。」", "say", None, "店小二", None, "客官，里面请。"),
        ("东方不败·影[Dongfang_2]说道：哈", "say", None, "东方不败·影", "Dongfang_2", "哈"),
        ("欧阳锋(ouyang feng)告诉你：哼", "tell", None, "欧阳锋", "ouyang feng", "哼"),
        ("李四光(lisi)回答你：多谢：指点", "tell", None, "李四光", "lisi", "多谢：指点"),
        ("【闲聊】19:05 李四光(lisi)：大家好", "channel", "闲聊", "李四光", "lisi", "大家好"),
        ("【门派】李四光(lisi)：", "channel", "门派", "李四光", "lisi", ""),
        ("李四光[Lisi]说道：誠實的許功蓋說：「好」", "say", None, "李四光", "Lisi", "誠實的許功蓋說：「好」"),
    ],
    "oiuv": [
        ("張三說道﹕你說呢﹕是不是", "say", None, "張三", None, "你說呢﹕是不是"),
        ("張三(zhangsan)告訴你：在嗎", "tell", None, "張三", "zhangsan", "在嗎"),
        ("張三在你的耳邊悄聲說道﹕噓", "whisper", None, "張三", None, "噓"),
        ("【東拉西扯】張三[Zhangsan]：大家好", "channel", "東拉西扯", "張三", "Zhangsan", "大家好"),
    ],
    "xkx": [
        ("> 李四光(lisi)回答你：多谢指点", "tell", None, "李四光", "lisi", "多谢指点"),
        ("【闲聊】李四光[Lisi]：大家好，我是新来的", "channel", "闲聊", "李四光", "Lisi", "大家好，我是新来的"),
        ("【谣言】某人：据说(真的)：有宝", "channel", "谣言", "某人", None, "据说(真的)：有宝"),
    ],
    "pkuxkx": [
        ("> 云游僧人说道：「施主：请」", "say", None, "云游僧人", None, "施主：请"),
        ("【江湖】张 三(Zhang san): 1:0: 2", "channel", "江湖", "张 三", "Zhang san", "1:0: 2"),
        ("张三(zhangsan)告诉你：在吗", "tell", None, "张三", "zhangsan", "在吗"),
    ],
    "rom": [
        ("the city guard says 'Move along.'", "say", None, "the city guard", None, "Move along."),
        ("The Mayor of Midgaard tells you 'I'm busy'", "tell", None, "The Mayor of Midgaard", None, "I'm busy"),
        ("<20hp 100m 88mv> Bob says 'it's 'fine''", "say", None, "Bob", None, "it's 'fine'"),
        ("Bob's familiar yells 'help'", "channel", "yell", "Bob's familiar", None, "help"),
        ("Bob answers 'yes'", "channel", "answer", "Bob", None, "yes"),
        ("Bob questions 'why?'", "channel", "question", "Bob", None, "why?"),
        ("Someone tells you 'hi'", "tell", None, "Someone", None, "hi"),
        ("Bob says ''", "say", None, "Bob", None, ""),
        ("张三说道：「欢迎」", "say", None, "张三", None, "欢迎"),
    ],
    "tbamud": [
        ("20H 100M 82V > Bob says, 'hi'", "say", None, "Bob", None, "hi"),
        ("20H 100M 82V (news) (motd) > Bob asks you, 'well?'", "whisper", None, "Bob", None, "well?"),
        ("The Peacekeeper hollers, 'halt!'", "channel", "holler", "The Peacekeeper", None, "halt!"),
        ("Bob congrats, 'well done'", "channel", "congrat", "Bob", None, "well done"),
        ("Bob tells the group, 'north'", "channel", "group", "Bob", None, "north"),
        ("Bob quest-says, 'go'", "channel", "qsay", "Bob", None, "go"),
    ],
    "pennmush": [
        ('Bob Smith says, "He said "no"."', "say", None, "Bob Smith", None, 'He said "no".'),
        ("Bob Smith (BS) pages: a: b", "tell", None, "Bob Smith", None, "a: b"),
        ("Bob whispers: psst", "whisper", None, "Bob", None, "psst"),
        ('<Public Radio> Bob asks, "who?"', "channel", "Public Radio", "Bob", None, "who?"),
        ('Bob exclaims, "ho!"', "say", None, "Bob", None, "ho!"),
    ],
    "lambdamoo": [
        ('Old Bob asks, "who?"', "say", None, "Old Bob", None, "who?"),
        ('Bob says [to Ann Lee], "hi"', "say", None, "Bob", None, "hi"),
        ('[Chat] Bob says, "hi"', "channel", "Chat", "Bob", None, "hi"),
        ('Bob pages, "hi"', "tell", None, "Bob", None, "hi"),
    ],
    "evennia": [
        ('Old Bob says, "He said "no"."', "say", None, "Old Bob", None, 'He said "no".'),
        ("Account Bob pages: a pages: b", "tell", None, "Bob", None, "a pages: b"),
        ('Ann-Lee whispers: "psst"', "whisper", None, "Ann-Lee", None, "psst"),
        ("[Public Radio] Old Bob: [x] y: z", "channel", "Public Radio", "Old Bob", None, "[x] y: z"),
    ],
    "ranvier": [
        ("[ 100/100 hp 90/90 energy ] Old Bob says: 'it's ok'", "say", None, "Old Bob", None, "it's ok"),
        ("> [chat] Bob: a: b", "channel", "chat", "Bob", None, "a: b"),
        ("Someone in the distance yells: 'x'", "channel", "yell", "Someone in the distance", None, "x"),
        ("Bob whispers to you, 'psst'", "whisper", None, "Bob", None, "psst"),
    ],
    "deadsouls": [
        ('> Old Bob asks in English, "Who?"', "say", None, "Old Bob", None, "Who?"),
        ('Bob tells you in High Elvish, "Hi."', "tell", None, "Bob", None, "Hi."),
        ('Bob whispers to you, "psst"', "whisper", None, "Bob", None, "psst"),
        ("Bob <newbie> hi: <there>", "channel", "newbie", "Bob", None, "hi: <there>"),
        ("[newbie] Bob: hi", "channel", "newbie", "Bob", None, "hi"),
    ],
    "generic": [
        ('The old man says, "He said "no"."', "say", None, "The old man", None, 'He said "no".'),
        ("Bob tells you: 'hi'", "tell", None, "Bob", None, "hi"),
        ("(ooc) Bob: hi", "channel", "ooc", "Bob", None, "hi"),
        ("【闲聊】张三(zhangsan)：好", "channel", "闲聊", "张三", "zhangsan", "好"),
    ],
    "tavern": [
        ('Bob says, "a "b" c"', "say", None, "Bob", None, 'a "b" c'),
        ("老陈告诉你：在", "tell", None, "老陈", None, "在"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(("family", "case"), [(family, case) for family, cases in HEARD.items() for case in cases])
def test_what_others_say_is_read_with_all_that_is_odd_about_it(family: str, case: Case) -> None:
    """Names of several words, quotes and colons within the words, glued prompts, empty words."""
    line, kind, channel, speaker, ident, text = case
    assert hear(family, line) == Speech(kind, speaker, text, ident, channel)


def test_every_family_is_looked_at() -> None:
    assert set(HEARD) == set(OWN) == set(NAMES)


# -- own words ---------------------------------------------------------------------------------------------------------

CHINESE_OWN = [
    "你说道：你好", "> 你说道：你好", "> > 你说道：好", "你說道﹕你好", "你对张三说道：你好", "你笑着说道：你好",
    "你大声说道：喂", "你告诉张三(Zhangsan)：在", "你告訴張三：在", "你告诉李四光：往西走", "你回答张三(zhangsan)：在",
    "你在张三的耳边悄声说道：嘘", "你在張三的耳邊悄聲說道﹕噓", "你纵声长啸：快来", "你縱聲長嘯：快來",
    "【闲聊】你：大家好", "【闲聊】你(zhangsan)：大家好", "【闲聊】19:05 你(zhangsan)：大家好",
    "【江湖】你(Zhang san): 好",
]  # fmt: skip
OWN: dict[str, list[str]] = {
    **dict.fromkeys(ES2, CHINESE_OWN),
    "rom": ["You say 'hi'", "You tell Bob 'hi'", "You gossip 'hi'", "You auction 'x'", "You question 'x'",
            "You answer 'x'", "You shout 'x'", "You yell 'x'", "You music 'x'", "You clan 'x'", "You grats 'x'",
            "<20hp 100m 88mv> You say 'hi'", "You quote 'x'"],
    "tbamud": ["You say, 'hi'", "You tell Bob, 'hi'", "You gossip, 'hi'", "You whisper to Bob, 'hi'",
               "You ask Bob, 'hi'", "You holler, 'x'", "You congrat, 'x'", "You tell the group, 'x'",
               "20H 100M 82V > You say, 'hi'", "You quest-say, 'x'", "You shout, 'x'", "You auction, 'x'"],
    "pennmush": ['You say, "hi"', "You paged Bob with 'hi'", 'You whisper, "hi" to Bob.', 'You ask, "hi?"',
                 'You exclaim, "hi!"', "Long distance to Bob: Chen waves."],
    "lambdamoo": ['You say, "hi"', "Your message has been sent.", 'You whisper, "hi" to Bob.', 'You ask, "hi?"',
                  'You say [to Bob], "hi"', 'You exclaim, "hi!"'],
    "evennia": ['You say, "hi"', "You paged Bob with: 'hi'.", 'You whisper to Bob, "hi"', "[Public] You: hi"],
    "ranvier": ["You say: 'hi'", "You tell Bob, 'hi'", "[chat] You: hi", "You yell: 'x'",
                "[ 100/100 hp ] You say: 'hi'"],
    "deadsouls": ['You say in English, "Hi."', 'You tell Bob, "hi"', 'You reply, "hi"', 'You ask in English, "Hi?"',
                  'You exclaim, "Hi!"', 'You whisper to Bob, "hi"', "You <newbie> hi", "[newbie] You: hi"],
    "generic": ["You say, 'hi'", 'You tell Bob "hi"', "You gossip, 'hi'", "You shout 'hi'", "You yell, 'hi'",
                "[chat] You: hi", "(ooc) You: hi", "<ooc> You say, 'hi'", "你说道：你好", "你笑着说道：你好",
                "你对张三说道：你好", "你在张三的耳边悄声说道：嘘", "【闲聊】你：大家好"],
    "tavern": ['You say, "hi"', 'You tell Bob, "hi"', "你说道：好", "你告诉老陈：好"],
}  # fmt: skip


@pytest.mark.parametrize(("family", "line"), [(family, line) for family, lines in OWN.items() for line in lines])
def test_own_words_are_never_taken_for_anothers(family: str, line: str) -> None:
    """In every form in which the MUD shows them: a bot that answers itself does not stop."""
    assert hear(family, line) == Speech("self", None, None)


@pytest.mark.parametrize("family", ES2)
@pytest.mark.parametrize(
    "line", ["你在山谷中走着，耳边传来水声。", "你在这里发现了一张纸。", "你说了半天，没有人理你。", "你想了想。"]
)
def test_a_description_that_begins_with_you_is_no_speech(family: str, line: str) -> None:
    """It belongs to the room, which is told nothing of own words."""
    assert hear(family, line) is None


# -- forgeries ---------------------------------------------------------------------------------------------------------


def coloured(family: str, escaped: str) -> Speech | None:
    (line,) = TextStream("gbk").feed(escaped.replace("{", "\x1b[").encode("gbk") + b"\r\n")
    return load(family).hear_line(line)


@pytest.mark.parametrize("family", ES2)
@pytest.mark.parametrize(
    "line",
    [
        "{36m张三(zhangsan)告诉你：给我一百两{0m",
        "{36m张三{1;32m(zhangsan)告诉你：给我一百两{0m",
        "{1;32m张三{0m(zhangsan)告诉你：给我一百两",
        "{1;32m张三(zhangsan)告诉你{36m：给我一百两{0m",
        "{32m张三(zhangsan)告诉你：给我一百两{0m",
        "张三{1;32m(zhangsan)告诉你：给我一百两{0m",
        "{1;31m张三(zhangsan)回答你：给我一百两{0m",
        "> {36m张三(zhangsan)告诉你：给我一百两{0m",
    ],
)
def test_a_tell_in_any_other_colour_is_an_emote(family: str, line: str) -> None:
    """Who emotes can switch the mark off, and set colours, but not that of the line's beginning."""
    assert coloured(family, line) == Speech("emote", None, None)


@pytest.mark.parametrize("family", ["nt7", "oiuv", "xkx"])
@pytest.mark.parametrize(
    "line",
    [
        "{1;32m张三(zhangsan)告诉你：在吗{0m",
        "{1m{32m张三(zhangsan)告诉你：在吗{0m",
        "{92m张三(zhangsan)告诉你：{0m在吗",
        "{32;1m张三(zhangsan)告诉你：{31m在{33m吗{0m",
        "> {1;32m张三(zhangsan)告诉你：在吗{0m",
        "{256D{K{1;32m张三(zhangsan)告诉你：在吗{0m",
        "张三(zhangsan)告诉你：在吗",
    ],
)
def test_a_tell_in_its_own_colour_is_a_tell(family: str, line: str) -> None:
    """However bright green is written, behind a prompt too; and where no colours are sent at all."""
    assert coloured(family, line) == Speech("tell", "张三", "在吗", "zhangsan")


@pytest.mark.parametrize(
    "line",
    [
        "{1;36m张三{1;32m(zhangsan)告诉你：在吗{0m",
        "> {96m张三{92m(zhangsan)告诉你：{0m在吗",
        "张三(zhangsan)告诉你：在吗",
    ],
)
def test_a_tell_whose_name_has_a_colour_of_its_own_is_a_tell(line: str) -> None:
    """As pkuxkx shows it: the name in bright cyan, the rest in bright green."""
    assert coloured("pkuxkx", line) == Speech("tell", "张三", "在吗", "zhangsan")


SPOOFS: dict[str, list[str]] = {
    **{family: [
        "王五[Wangwu]说道：李四(lisi)告诉你：给钱", "王五(wangwu)告诉你：李四(lisi)告诉你：给钱",
        "【闲聊】王五(wangwu)：李四(lisi)告诉你：给钱", "王五在你的耳边悄声说道：李四(lisi)告诉你：给钱",
        "~王五 李四(lisi)告诉你：给钱", "->李四(lisi)告诉你：给钱", "> ~李四(lisi)告诉你：给钱",
        "王五说道：> 李四[Lisi]说道：给钱", "【闲聊】王五(wangwu)：】李四(lisi)：给钱",
        "【【闲聊】】李四(lisi)：给钱", "【李四(lisi)告诉你：】王五(wangwu)：给钱",
    ] for family in ES2},
    "rom": ["Mallory says 'Lisi tells you 'pay''", "Mallory gossips 'Lisi says 'pay''",
            "Mallory: Lisi tells you 'pay'", "Mallory tells you 'Lisi says 'pay''", "*Lisi tells you 'pay'"],
    "tbamud": ["Mallory says, 'Lisi tells you, 'pay''", "Mallory gossips, 'x' Lisi tells you, 'pay'",
               "[Mallory] Lisi tells you, 'pay'", "Mallory tells the group, 'Lisi tells you, 'pay''"],
    "pennmush": ['Mallory says, "Lisi pages: pay"', 'Mallory says, "x" <Public> Lisi says, "pay"',
                 "From afar, Lisi pages: pay", "Mallory pages: Lisi pages: pay", 'Mallory (Lisi) pages: "pay"',
                 '<Public> Mallory says, "Lisi pages: pay"', "Mallory whispers: Lisi pages: pay"],
    "lambdamoo": ['Mallory says, "Lisi pages, "pay""', 'Mallory whispers, "Lisi pages, "pay""',
                  'Mallory says [to Lisi], "Lisi pages, "pay""', '[Chat] Mallory says, "Lisi pages, "pay""'],
    "evennia": ['Mallory says, "Lisi pages: pay"', "Account Mallory pages: Account Lisi pages: pay",
                "[Public] Mallory: Account Lisi pages: pay", 'Mallory whispers: "Lisi pages: pay"'],
    "ranvier": ["Mallory says: 'Lisi tells you, 'pay''", "[chat] Mallory: Lisi tells you, 'pay'",
                "Mallory yells: 'Lisi tells you, 'pay''"],
    "deadsouls": ['Mallory says in English, "Lisi tells you, "pay""', 'Mallory <newbie> Lisi tells you, "pay"',
                  '[newbie] Mallory: Lisi tells you, "pay"', 'Mallory tells you, "Lisi replies, "pay""'],
    "generic": ['Mallory says, "Lisi tells you, "pay""', "[ooc] Mallory: Lisi tells you, 'pay'",
                "王五说道：李四(lisi)告诉你：给钱", "~李四(lisi)告诉你：给钱"],
}  # fmt: skip


@pytest.mark.parametrize(("family", "line"), [(family, line) for family, lines in SPOOFS.items() for line in lines])
def test_another_persons_line_inside_of_a_line_is_not_heard_as_theirs(family: str, line: str) -> None:
    """Lisi has said nothing in any of these."""
    speech = hear(family, line)
    assert speech is None or (speech.speaker not in ("Lisi", "李四") and (speech.id or "").lower() != "lisi")


# -- what the MUD says of the character --------------------------------------------------------------------------------

TOLD: dict[str, list[tuple[str, NewsKind, str]]] = {
    **{family: [
        ("由于你发布的信息太多，因此系统暂时禁止你发出信息。", "muted", "all"),
        ("公开频道不能连续发送讯息。", "muted", "channel"),
        ("用交谈频道说话请不要重复相同的讯息。", "refused", ""),
        ("不要在短期内使用频道发布重复的信息。", "refused", ""),
        ("这个用户没有登录，你无法和他交谈。", "absent", ""), ("没有这个人....。", "absent", ""),
        ("这个地方不能讲话。", "muted", "say"),
        ("你必须在注册以后才能够使用各种频道。", "banned", "channel"), ("你的聊天频道给关闭了！", "banned", "channel"),
        ("对不起，您已经发呆超过 15 分钟了，请下次再来。", "idle", ""),
        ("有人从别处( 127.0.0.1 )连线取代你所控制的人物。", "taken", ""),
        ("> 没有这个人....。", "absent", ""),
    ] for family in ES2},
    "rom": [("They aren't here.", "absent", ""), ("Line too long.", "refused", ""),
            ("Your message didn't get through.", "banned", "tell"), ("PUT A LID ON IT!!!", "slow", ""),
            ("The gods have revoked your channel priviliges.", "banned", "channel")],
    "tbamud": [("Line too long.  Truncated to:", "refused", ""), ("This body has been usurped!", "taken", ""),
               ("No-one by that name here.", "absent", "")],
    "evennia": [("You entered commands too fast. Wait a moment and try again.", "slow", ""),
                ("Logged in from elsewhere. Disconnecting.", "taken", ""),
                ("Idle timeout exceeded, disconnecting.", "idle", "")],
    "pennmush": [("I don't recognize who you want to page: Zed", "absent", ""), ("You may not speak.", "muted", "all")],
    "lambdamoo": [("Zed is not currently logged in.", "absent", ""),
                  ("*** Redirecting connection to new port ***", "taken", "")],
    "generic": [("They aren't here.", "absent", ""), ("You have been muted.", "muted", "all"),
                ("Another connection has taken your place.", "taken", "")],
    "tavern": [("有人从别处连线取代了你。", "taken", ""), ("There is no one called Zed here.", "absent", "")],
}  # fmt: skip


def news_of(rules: Dialect, text: str) -> tuple[NewsKind, frozenset[str] | None] | None:
    """What the first rule that fits says, as the session asks it."""
    for news in rules.news:
        if rules.compile(news.pattern).search(rules.bare(text)):
            return news.kind, news.verbs
    return None


@pytest.mark.parametrize(("family", "case"), [(family, case) for family, cases in TOLD.items() for case in cases])
def test_the_muds_own_words_are_understood(family: str, case: tuple[str, NewsKind, str]) -> None:
    """In the words of the sources; none of them is speech, and what is closed is what the MUD closed."""
    text, kind, verb = case
    assert hear(family, text) is None
    found = news_of(load(family), text)
    assert found is not None
    assert found[0] == kind
    if verb == "all":
        assert found[1] is None
    elif verb:
        assert found[1] is not None
        assert verb in found[1]


def test_a_tell_that_may_not_be_sent_does_not_silence_the_rest() -> None:
    """ROM: who has lost tell can still say and gossip."""
    found = news_of(load("rom"), "Your message didn't get through.")
    assert found is not None
    assert found[1] is not None
    assert not found[1] & {"say", "channel", "emote"}


@pytest.mark.parametrize(
    ("family", "told"),
    [(f, text) for f, cases in TOLD.items() for text, kind, _ in cases if kind not in ("absent", "refused")],
)
def test_news_in_a_players_mouth_is_no_news(family: str, told: str) -> None:
    """Who says the MUD's words does not silence the character, slow it down, nor make it leave."""
    frames = (
        ("王五[Wangwu]说道：{}", "~王五{}") if family in ES2 else ("Mallory says {}", "Mallory {}", "[ooc] Mallory: {}")
    )
    for frame in frames:
        text = frame.format(told.removeprefix("> "))
        assert hear(family, text) is not None or news_of(load(family), text) is None, text


# -- logging in --------------------------------------------------------------------------------------------------------

IN = "<in>"
LOGINS: dict[str, list[tuple[str, str | None]]] = {
    "nt7": [
        ("目前注册玩家零位，最高同时在线人数一千二百十四人", None),
        ("请输入您的英文名字(忘记密码请输入「pass」)：", "{name}"),
        ("这个角色已经存在，请输入该角色的密码：", "{password}"),
        ("□  本游戏仅供休闲娱乐，发呆超过十五分钟会被请出游戏", None),
        ("请输入任意键继续或 3 秒后自动进入游戏", ""),
        ("你连线进入王者归来。", IN),
    ],
    "oiuv": [
        ("请输入您的英文名字：", "{name}"),
        ("此ID档案已存在，请输入密码：", "{password}"),
        ("您要将另一个连线中的相同人物赶出去，取而代之吗？(y/n)", "y"),
        ("重新连线完毕。", IN),
    ],
    "xkx": [
        ("Do you want to use BIG5 code?(y/n)", "n"),
        ("您是侠客行一百自二千零一年一月十四日以来的第一千零九位访问者。", None),
        ("您的英文名字：", "{name}"),
        ("请输入密码：", "{password}"),
        ("您要将另一个连线中的相同人物赶出去，取而代之吗？(y/n)", "y"),
        ("目前权限：(player)", IN),
    ],
    "pkuxkx": [
        ("Input 1 for GBK, 2 for UTF8, 3 for BIG5", "2"),
        ("您的英文名字：", "{name}"),
        ("请输入密码：", "{password}"),
        ("重新连线完毕。", IN),
    ],
    "rom": [
        ("Welcome to Nowhere, a ROM of our own!", None),
        ("Do you want ANSI? (Y/n)", "y"),
        ("By what name do you wish to be mourned?", "{name}"),
        ("Password:", "{password}"),
        ("That character is already playing.", None),
        ("Do you wish to connect anyway (Y/N)?", "y"),
        ("[Hit Return to continue]", ""),
        ("Welcome to ROM 2.4.  Please do not feed the mobiles!", IN),
    ],
    "tbamud": [
        ("Welcome to the land of tbaMUD!", None),
        ("By what name do you wish to be known?", "{name}"),
        ("Password:", "{password}"),
        ("*** PRESS RETURN:", ""),
        ("1) Enter the game.", "1"),
        ("Make your choice:", None),
        ("Welcome to the land of tbaMUD!  May your visit here be... Interesting.", IN),
    ],
    "pennmush": [
        ("Use create <name> <password> to create a character.", None),
        ("Use connect <name> <password> to connect to your existing character.", "connect {name} {password}"),
    ],
    "lambdamoo": [
        ("Welcome to the LambdaCore database.", None),
        ("Type 'connect wizard' to log in.", "connect {name} {password}"),
        ("*** Connected ***", IN),
    ],
    "evennia": [
        ("If you need to create an account, type (without the <>'s):", None),
        ("     create <username> <password>", None),
        ("     connect <username> <password>", "connect {name} {password}"),
        ("You become Chen.", IN),
    ],
    "ranvier": [
        ("Welcome, what is your name?", "{name}"),
        ("Enter your password:", "{password}"),
        ("| [1] Change Password", None),
        ("| [2] Create New Character", None),
        ("|   [3] Ann", None),
        ("|   [4] Chen", "4"),
        ("Welcome, Chen!", IN),
    ],
    "deadsouls": [
        ("Dead Souls 3.9 on FluffOS", None),
        ("What name do you wish?", "{name}"),
        ("Please enter your password:", "{password}"),
        ("Would you like to take over this interactive copy?", "y"),
    ],
    "tavern": [
        ("请问阁下尊姓大名？", "{name}"),
        ("请输入密码：", "{password}"),
        ("欢迎你，老陈。", IN),
    ],
    "generic": [
        ("Welcome! Never tell anybody your password.", None),
        ("By what name do you wish to be known?", "{name}"),
        ("Password:", "{password}"),
        ("[Press Return to continue]", ""),
    ],
}  # fmt: skip


@pytest.mark.parametrize("family", NAMES)
def test_a_login_script_is_answered_as_the_family_asks_it(family: str) -> None:
    """Pagers and y/n questions in between; banners that speak of welcome and passwords; in at the end, not before."""
    login, asked = Login(load(family), "Chen"), Questions(load(family))
    for text, wanted in LOGINS[family]:
        assert not login.done, text
        typed = asked.answer(text, "login", 0)
        if typed is None and (answer := login.hear(text)) is not None:
            typed = answer.template
        assert typed == (None if wanted == IN else wanted), text
        assert login.done == (wanted == IN), text
    assert login.done or login.settling is not None


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("nt7", "密码错误！"), ("xkx", "密码错误！"), ("oiuv", "密码不正确。"),
        ("nt7", "使用 chen 这个名字将会创造一个新的人物，您确定吗(y/n)？"),
        ("rom", "Wrong password."), ("rom", "Did I get that right, Chen (Y/N)?"),
        ("tbamud", "Wrong password."), ("tbamud", "Did I get that right, Chen (Y/N)?"),
        ("pennmush", "Either that player does not exist, or has a different password."),
        ("lambdamoo", "Either that player does not exist, or has a different password."),
        ("evennia", "Username and/or password is incorrect."),
        ("ranvier", "Wrong password, try again."), ("deadsouls", "Invalid password."),
        ("deadsouls", "Do you really wish to be known as Chen?"),
        ("tavern", "密码错误。"), ("tavern", "Wrong password."),
        ("generic", "Incorrect password."), ("generic", "Login incorrect"), ("generic", "Incorrect login."),
        ("generic", "That password is incorrect."), ("generic", "密码错误"), ("generic", "Wrong password."),
        ("generic", "That's not right."),
    ],
)  # fmt: skip
def test_a_refusal_is_known_as_one(family: str, text: str) -> None:
    """No new character is made of a mistyped name, and no second guess at a password follows unnoticed."""
    login = Login(load(family), "Chen")
    for asked, _ in LOGINS[family]:
        if "{password}" in ((answer := login.hear(asked)) or Nothing).template:
            break
    assert answer is not None
    with pytest.raises(LoginError):
        login.hear(text)


class Nothing:
    template = ""


@pytest.mark.parametrize(
    ("family", "text"),
    [
        ("generic", "Something is not right here: the door stands open."),
        ("generic", "The clock on the wall shows an incorrect time."),
        ("nt7", "□  发呆超过十五分钟的玩家会被请出游戏。"),
        ("xkx", " * 表示发呆中，# 表示断线中。"),
        ("oiuv", "后院里一个道士正在发呆。"),
        ("rom", "A sign says: wrong passwords are punished."),
    ],
)
def test_what_is_shown_after_the_password_is_no_refusal(family: str, text: str) -> None:
    """Two of those would end the session for good."""
    login = Login(load(family), "Chen")
    for asked, _ in LOGINS[family]:
        answer = login.hear(asked)
        if answer is not None and "{password}" in answer.template:
            break
    assert login.hear(text) is None


def test_the_menu_is_answered_with_the_number_of_the_own_character() -> None:
    """A name that another one begins with is another one, and what stands around it is not typed."""
    login = Login(load("ranvier"), "Chen")
    for text in ("Welcome, what is your name?", "Enter your password:"):
        login.hear(text)
    assert login.hear("|   [3] Chenille") is None
    answer = login.hear("|   [12] Chen")
    assert answer is not None
    assert answer.template == "12"


def test_a_hostile_name_is_no_pattern() -> None:
    """What is special in a regular expression is a letter in a name."""
    login = Login(load("ranvier"), "C.*n(")
    for text in ("Welcome, what is your name?", "Enter your password:"):
        login.hear(text)
    assert login.hear("|   [3] Chen") is None


@pytest.mark.parametrize(("encoding", "typed"), [("utf-8", "2"), ("gbk", "1"), ("big5", "3")])
def test_a_mud_that_asks_for_the_encoding_is_told_the_sessions(encoding: str, typed: str) -> None:
    answer = Login(load("pkuxkx"), "chen", encoding).hear("Input 1 for GBK, 2 for UTF8, 3 for BIG5")
    assert answer is not None
    assert answer.template == typed


# -- rooms -------------------------------------------------------------------------------------------------------------

ROOMS: dict[str, tuple[list[str], Room]] = {
    "xkx": (
        ["蒙古包 - ", "    蒙古人以游牧为生，通常称为蒙", "古包。", "    这里唯一的出口是 west。",
         "  普通百姓 李四光(lisi)", "  店小二(xiao er)"],
        Room("蒙古包", "蒙古人以游牧为生，通常称为蒙古包。", ("west",), ("李四光", "店小二")),
    ),
    "nt7": (
        ["客店 - ", "    一间小店。", "    这里明显的出口是 east、north 和 west。",
         "  武当派第三代弟子 张三丰(Zhangsan) <断线中>"],
        Room("客店", "一间小店。", ("east", "north", "west"), ("张三丰",)),
    ),
    "rom": (
        ["The Temple Of Mota", "  You are in the southern end of the temple hall.", "[Exits: north south (east)]",
         "(White Aura) Bob the Bold is here.", "Ann is here."],
        Room("The Temple Of Mota", "You are in the southern end of the temple hall.", ("north", "south", "(east)"),
             ("Bob", "Ann")),
    ),
    "tbamud": (
        ["The Temple", "   A hall.", "[ Exits: n e s w ]", "Bob the Newbie is standing here."],
        Room("The Temple", "A hall.", ("n", "e", "s", "w"), ("Bob",)),
    ),
    "ranvier": (
        ["Test Room 1", "A featureless white room.", "[Player] Bob", "[Exits: east west]"],
        Room("Test Room 1", "A featureless white room.", ("east", "west"), ("Bob",)),
    ),
    "lambdamoo": (
        ["The Living Room", "It is very bright.", "Bob is here.", "Ann and Cy are here."],
        Room("The Living Room", "It is very bright.", (), ("Bob", "Ann", "Cy")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("family", ROOMS)
def test_a_room_is_read_as_the_family_shows_it(family: str) -> None:
    lines, room = ROOMS[family]
    assert read_room(load(family), lines) == room


@pytest.mark.parametrize("family", ES2)
def test_an_es2_library_is_understood_in_traditional_characters(family: str) -> None:
    """Every character of its patterns has its traditional form beside it: such a library is found in Big5, too."""
    import opencc

    rules, converter = load(family), opencc.OpenCC("s2tw")
    forms = {group[0]: group for group in rules.variants.split()}
    written = "".join([*(rule.pattern for rule in rules.hear), *(news.pattern for news in rules.news)])
    written += "".join(step.when for step in rules.login.steps)
    other = {char: converter.convert(char) for char in written if char > "\u2e80"}
    assert {char for char, form in other.items() if form not in forms.get(char, char)} == set()
