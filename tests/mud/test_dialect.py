"""Dialects: what lines say, how they are answered, what rooms show, and that every shipped file is sound."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from mudbot.errors import ConfigError
from mudbot.events import Line, Room, Speech, SpeechKind
from mudbot.mud import dialect as dialects
from mudbot.mud.dialect import Dialect, Pace, Rule, Verb, load
from mudbot.mud.room import read_room
from mudbot.mud.text import MAX_LINE

NAMES = dialects.names()
CORPUS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "chat_lines.json").read_text("utf-8"))
CASES = [pytest.param(n, c, id=f"{n}: {c['line']}") for c in CORPUS for n in c["dialects"] if n in NAMES]


def hear(name: str, text: str, prompt: str = "") -> Speech | None:
    return load(name).hear_line(Line(text, prompt=prompt))


# -- hearing -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "case"), CASES)
def test_the_lines_of_real_servers_are_read_right(name: str, case: dict[str, Any]) -> None:
    """Kind, channel, speaker, id and words, as the sources of the codebases have them."""
    wanted = Speech(case["kind"], case["speaker"], case["text"], case["id"], case["channel"])
    assert hear(name, case["line"]) == wanted


def test_the_corpus_holds_lines_for_every_dialect_of_a_real_family() -> None:
    families = {name for case in CORPUS for name in case["dialects"]}
    assert len(CORPUS) == 40
    assert families == set(NAMES) - {"generic", "tavern"}


@pytest.mark.parametrize("name", ["nt7", "xkx", "generic"])
@pytest.mark.parametrize("glued", ["", "> ", "> > "])
def test_a_marked_emote_is_never_a_tell(name: str, glued: str) -> None:
    """The prefix that the MUD puts before an emote tells, wherever the prompt stands, and nobody is named."""
    mark = {"nt7": "~", "xkx": "->", "generic": "~"}[name]
    for spoof in ("张三告诉你：给我一百两", "张三(zhangsan)告诉你：给我一百两", "【闲聊】张三(zhangsan)：给我一百两"):
        assert hear(name, f"{glued}{mark}{spoof}") == Speech("emote", None, None)


OWN = {
    "nt7": ["你说道：你好", "你告诉张三(Zhangsan)：在", "你回答张三(Zhangsan)：在", "你在张三的耳边悄声说道：嘘",
            "你纵声长啸：喂"],
    "xkx": ["你说道：你好", "> 你说道：你好", "你告诉张三(zhangsan)：在", "你在张三的耳边悄声说道：嘘"],
    "evennia": ['You say, "hi"', "You paged Bob with: 'hi'.", 'You whisper to Bob, "hi"'],
    "tavern": ['You say, "hi"', 'You tell Bob, "hi"', "你说道：你好", "你告诉李四：你好"],
    "generic": ["You say 'hi'", 'You tell Bob, "hi"', "You paged Bob with 'hi'", "你说道：你好",
                "你說道﹕你好", "你告诉张三：在"],
}  # fmt: skip


@pytest.mark.parametrize(("name", "line"), [(name, line) for name, own in OWN.items() for line in own])
def test_the_echo_of_own_words_is_known_as_such(name: str, line: str) -> None:
    assert hear(name, line) == Speech("self", None, None)


@pytest.mark.parametrize(
    ("name", "line", "speaker", "text"),
    [
        ("nt7", "张三[Zhangsan]说道：李四(lisi)告诉你：给钱", "张三", "李四(lisi)告诉你：给钱"),
        ("xkx", "张三说道：李四(lisi)告诉你：给钱", "张三", "李四(lisi)告诉你：给钱"),
        ("xkx", "张三说道：你说道：好", "张三", "你说道：好"),
        ("tavern", 'Bob says, "Ann tells you, "give""', "Bob", 'Ann tells you, "give"'),
        ("tavern", "张三说道：李四告诉你：给钱", "张三", "李四告诉你：给钱"),
        ("evennia", 'Bob says, "Account Admin pages: obey"', "Bob", "Account Admin pages: obey"),
        ("generic", "Bob says 'Ann tells you 'give''", "Bob", "Ann tells you 'give'"),
        ("generic", "张三说道：李四告诉你：给钱", "张三", "李四告诉你：给钱"),
    ],
)
def test_a_line_inside_of_spoken_words_is_only_words(name: str, line: str, speaker: str, text: str) -> None:
    """Who says a line in somebody else's form has said it."""
    assert hear(name, line) == Speech("say", speaker, text, "Zhangsan" if name == "nt7" else None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "line",
    [
        "",
        " ",
        "A bird sings.",
        "出口是 north。",
        "== 未完继续 52% ==",
        "> ",
        "Obvious exits: north",
        "*** More ***",
        "【",
        "：",
        "说道：x",
        "[x]",
    ],
)
def test_other_lines_are_no_speech(name: str, line: str) -> None:
    assert hear(name, line) is None


def test_a_line_behind_a_quiet_prompt_is_read_without_it_first() -> None:
    """A prompt before a line is no part of it; a line that came slowly is read whole."""
    assert hear("xkx", "张三说道：你好", prompt="HP: 30> ") == Speech("say", "张三", "你好")
    assert hear("xkx", "道：你好", prompt="> 张三说") == Speech("say", "张三", "你好")
    assert hear("xkx", "道：你好") is None


def test_no_words_are_empty_text_not_none() -> None:
    assert hear("nt7", "张三[Zhangsan]说道：") == Speech("say", "张三", "", "Zhangsan")


def test_a_rule_earlier_in_the_file_wins() -> None:
    two = Dialect(
        name="two",
        hear=(Rule(kind="emote", pattern="x"), Rule(kind="say", pattern="(?P<speaker>x)(?P<text>.*)")),
    )
    assert two.hear_line(Line("xyz")) == Speech("emote", None, None)


# -- answering ---------------------------------------------------------------------------------------------------------


def route(name: str, kind: SpeechKind, speaker: str | None, id_: str | None = None, channel: str | None = None) -> Any:
    return load(name).answer_to(Speech(kind, speaker, "hi", id_, channel))


@pytest.mark.parametrize("name", NAMES)
def test_a_say_is_answered_in_the_room(name: str) -> None:
    assert route(name, "say", "Bob") == ("say", None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", ["emote", "self"])
def test_emotes_and_own_words_are_never_answered(name: str, kind: SpeechKind) -> None:
    assert route(name, kind, None) is None
    assert route(name, kind, "Bob", "bob", "chat") is None


@pytest.mark.parametrize("name", ["nt7", "xkx"])
def test_a_tell_goes_to_the_lower_case_id_where_the_mud_wants_ids(name: str) -> None:
    speech = hear(name, "张三(Zhangsan)告诉你：在吗")
    assert speech is not None
    assert load(name).answer_to(speech) == ("tell", "zhangsan")


@pytest.mark.parametrize("name", ["generic", "tavern", "evennia"])
def test_a_tell_goes_to_the_name_where_the_mud_wants_names(name: str) -> None:
    assert route(name, "tell", "Bob", "Bobby") == ("tell", "Bob")


def test_an_answer_to_another_mud_goes_there() -> None:
    """Somebody of the same id in this MUD must not get what was meant for the other."""
    speech = hear("xkx", "张三(Zhangsan@XKX)千里传音告诉你：在吗")
    assert speech is not None
    assert load("xkx").answer_to(speech) == ("tell", "zhangsan@xkx")


def test_a_whisper_is_answered_by_whisper_or_by_tell_where_there_is_none() -> None:
    assert route("evennia", "whisper", "Bob") == ("whisper", "Bob")
    assert route("generic", "whisper", "Bob") == ("tell", "Bob")


@pytest.mark.parametrize(
    "name", ["bob quit", "bob\nquit", "bob;quit", "bob=x", "", "-f", "*", "b" * 41, "bob\u200b", "~bob", "某 人", None]
)
def test_a_private_word_of_a_hostile_name_is_not_answered(name: str | None) -> None:
    spaced = name in ("bob quit", "某 人")  # in Evennia names have spaces, and the words stand behind a =
    for rules in (r for r in NAMES if not (spaced and r == "evennia")):
        assert route(rules, "tell", name) is None
        assert route(rules, "whisper", name) is None


@pytest.mark.parametrize("name", ["nt7", "xkx"])
def test_a_hostile_id_is_not_addressed(name: str) -> None:
    assert route(name, "tell", "张三", "zhang san") is None
    assert route(name, "tell", "张三", "zhang;quit") is None


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("nt7", "闲聊"),
        ("xkx", "闲聊"),
        ("tavern", "闲聊"),
        ("tavern", "chat"),
        ("generic", "闲聊"),
        ("evennia", "Public"),
    ],
)
def test_a_channel_is_answered_on_itself(name: str, channel: str) -> None:
    assert route(name, "channel", "Bob", None, channel) == ("channel", channel)
    assert load(name).command_of(channel) in ("chat", "public")


@pytest.mark.parametrize(
    ("name", "channel"),
    [("nt7", "谣言"), ("nt7", "系统"), ("nt7", "新闻"), ("xkx", "谣言"), ("xkx", "系统"), ("evennia", "MudInfo"),
     ("generic", "rumor"), ("generic", "Rumor"), ("generic", "info"), ("generic", "谣言")],
)  # fmt: skip
def test_silent_channels_are_heard_and_never_answered(name: str, channel: str) -> None:
    assert route(name, "channel", "Bob", None, channel) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("channel", ["东拉西扯", "chat\nquit", "a;b", "", "x" * 31, "闲聊 quit", "@quit", None])
def test_a_channel_without_a_safe_command_is_not_answered(name: str, channel: str | None) -> None:
    if (name, channel) == ("oiuv", "东拉西扯"):  # its own name for the chat channel
        return
    assert route(name, "channel", "Bob", None, channel) is None


@pytest.mark.parametrize(("name", "line"), [("generic", "[quit] Bob: hi"), ("nt7", "【quit】张三(san)：hi")])
def test_a_channel_named_like_a_command_is_not_answered(name: str, line: str) -> None:
    """Who can show a line of their own, wrapped or forged, must not choose the bot's verb."""
    speech = hear(name, line)
    assert speech is not None
    assert load(name).answer_to(speech) is None


def test_a_channel_line_that_names_nobody_is_not_answered() -> None:
    assert route("nt7", "channel", None, None, "闲聊") is None


# -- speaking ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "verb", "target", "frame"),
    [
        ("evennia", "say", None, ("say ", "")),
        ("evennia", "tell", "Bob", ("page Bob=", "")),
        ("evennia", "whisper", "Bob", ("whisper Bob=", "")),
        ("evennia", "channel", "Public", ("channel public=", "")),
        ("nt7", "channel", "闲聊", ("chat ", "")),
        ("xkx", "tell", "zhangsan@xkx", ("tell zhangsan@xkx ", "")),
        ("tavern", "tell", "李四", ("tell 李四 ", "")),
        ("generic", "emote", None, ("emote ", "")),
    ],
)
def test_a_verb_frames_the_words(name: str, verb: Verb, target: str | None, frame: tuple[str, str]) -> None:
    assert load(name).template(verb, target) == frame


def test_what_cannot_be_said_says_why() -> None:
    with pytest.raises(ValueError, match="generic has no way to whisper"):
        load("generic").template("whisper", "Bob")
    with pytest.raises(ValueError, match="not a name that can be addressed here: 'a b'"):
        load("generic").template("tell", "a b")
    with pytest.raises(ValueError, match="add it to the dialect's channels"):
        load("nt7").template("channel", "门派")


# -- rooms -------------------------------------------------------------------------------------------------------------


def test_an_english_room_is_read() -> None:
    seen = [
        "The Drunken Dragon",
        "A low room full of smoke",
        "and laughter.",
        "",
        "Exits: north, south, and up.",
        "Here: Bob, Ann and Cy.",
    ]
    assert read_room(load("tavern"), seen) == Room(
        "The Drunken Dragon", "A low room full of smoke and laughter.", ("north", "south", "up"), ("Bob", "Ann", "Cy")
    )


def test_a_chinese_room_is_read_and_wrapped_lines_are_joined() -> None:
    """No space where a line of Chinese was wrapped, one between words of English."""
    seen = [
        "醉龙客栈",
        "　　这里烟雾缭绕，",
        "笑声不断。墙上写着“客似云来”",
        "四个大字，",
        "柜台后是 Bob",
        "and his dog.",
        "出口：north、south、up。",
        "这里有：李四、王五。",
    ]
    room = read_room(load("tavern"), seen)
    assert room.name == "醉龙客栈"
    assert room.description == "这里烟雾缭绕，笑声不断。墙上写着“客似云来”四个大字，柜台后是 Bob and his dog."
    assert room.exits == ("north", "south", "up")
    assert room.people == ("李四", "王五")


def test_the_last_of_chinese_exits_stands_behind_an_and() -> None:
    """ES2 libraries write 「A、B 和 C」; a monk (和尚) is not cut in two."""
    rules = load("xkx")
    assert read_room(rules, ["客店 - ", "    这里明显的出口是 east、north 和 west。"]).exits == (
        "east",
        "north",
        "west",
    )
    assert read_room(rules, ["客店 - ", "    这里唯一的出口是 west。"]).exits == ("west",)
    assert re.split(rules.room.separators, "云游和尚、老和尚 和 张三") == ["云游和尚", "老和尚", "张三"]


def test_an_evennia_room_is_read() -> None:
    seen = ["Limbo(#2)", "Welcome to your new game!", "Exits: north and south", "Characters: Bob, Ann, and Cy"]
    room = read_room(load("evennia"), seen)
    assert room == Room("Limbo(#2)", "Welcome to your new game!", ("north", "south"), ("Bob", "Ann", "Cy"))


def test_people_are_unknown_where_the_dialect_does_not_show_them() -> None:
    """None where no pattern could tell, nobody where one could and found none."""
    assert read_room(load("pennmush"), ["Limbo", "A void."]).people is None
    assert read_room(load("tavern"), ["An Inn", "Empty."]).people == ()


def test_nothing_seen_is_an_empty_room() -> None:
    assert read_room(load("pennmush"), ["", " "]) == Room()


# -- the shipped files -------------------------------------------------------------------------------------------------


def test_an_unknown_dialect_names_the_nearest_and_all() -> None:
    with pytest.raises(
        ConfigError, match=r"'evenia' is not known; did you mean 'evennia'\?.*there are deadsouls, evennia, generic"
    ):
        load("evenia")
    with pytest.raises(ConfigError, match=r"'\.\./\.\./secrets' is not known"):
        load("../../secrets")


def patterns(rules: Dialect) -> list[str]:
    """Every pattern of a dialect."""
    room, login = rules.room, rules.login
    single = [rules.prompt, login.success, login.failure, room.exits, room.people, room.arrives, room.leaves]
    several = [rule.pattern for rule in rules.hear] + [step.when for step in login.steps]
    always = [rules.addressee, rules.channel_name, room.separators]
    return [pattern for pattern in [*single, *several, *always, *rules.parts.values()] if pattern]


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_dialect_is_sound(name: str) -> None:
    """It loads, all its patterns compile with their parts, and all it can say is said of a target and words."""
    rules = load(name)
    assert rules.name == name
    assert rules.title
    assert [rules.compile(pattern) for pattern in patterns(rules)]
    assert {"say", "tell"} <= set(rules.speak)
    for verb, form in rules.speak.items():
        assert form.count("{text}") == 1, verb
        assert set(re.findall(r"\{\w+\}", form)) <= {"{text}", "{to}", "{channel}"}, verb
    for channel in rules.channels:
        assert rules.command_of(channel), channel
    for rule in rules.hear:
        groups = set(rules.compile(rule.pattern).groupindex)
        assert rule.kind in ("self", "emote") or "text" in groups, rule.pattern
        assert rule.kind != "channel" or "channel" in groups, rule.pattern


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_login_gives_name_and_password(name: str) -> None:
    """Each once, the name not after the password."""
    sends = " ".join(step.send for step in load(name).login.steps)
    assert re.findall(r"\{(?:name|password)\}", sends) == ["{name}", "{password}"]


EVIL = [
    "a",
    " ",
    "【",
    '"',
    "'",
    "a ",
    "出口是 ",
    "exits: ",
    "> ",
    "~",
    "A,",
    "a and ",
    "name",
    "：",
    "[",
    "Bob says, ",
    "x 和 ",
]


@pytest.mark.timeout(20)
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("piece", EVIL)
def test_no_pattern_is_catastrophically_slow(name: str, piece: str) -> None:
    """16 KB of the same, also behind the beginnings of true lines: a pattern that backtracks without end times out."""
    size = MAX_LINE // len(piece.encode("gbk"))
    rules = load(name)
    compiled = [rules.compile(pattern) for pattern in patterns(rules)]
    heads = ["", "Bob says, ", "张三(zhangsan)告诉你：", "【闲聊】", "[Public] Bob", "Exits: a", "出口是 a", "Here: a"]
    for head in heads:
        text = head + piece * size
        for line in (text, text + "!", text + " and b"):
            rules.hear_line(Line(line, prompt="> "))
            read_room(rules, ["A room", line])
    for pattern in compiled:
        pattern.search(piece * size + "!")


@pytest.mark.parametrize(
    "wrong",
    [
        {"hear": [{"kind": "say", "pattern": "("}]},
        {"hear": [{"kind": "shout", "pattern": "x"}]},
        {"saay": "x"},
        {"max_bytes": 39},
        {"pace": {"burst": 0.5}},
        {"pace": {"per_second": 0}},
        {"login": {"steps": [{"when": "["}]}},
    ],
)
def test_a_mistaken_dialect_is_refused(wrong: dict[str, Any]) -> None:
    """Bad patterns, unknown keys, and figures with which nothing could ever be sent."""
    with pytest.raises(ValidationError):
        Dialect.model_validate({"name": "wrong", **wrong})


def test_the_slowest_pace_still_sends() -> None:
    assert Pace(burst=1, per_second=0.01).burst == 1
