"""Every chat command of the plugins that ship, all of them at work: in both languages, by each way to give it.

The commands are found in the plugins.  One without a row in ``ROWS`` fails, and so does a row without a command.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from mudbot.host import loader
from mudbot.host.marks import CommandMark, Role
from mudbot.testing import Bot

PLUGINS = sorted(path.stem for path in loader.shipped().glob("*.py") if path.stem != "__init__")
PERMISSIONS = {"scenes": {"images": True}, "triggers": {"commands": True}}
TRIGGERS = ({"name": "fight", "text": "attacks you", "reply": "Help!", "group": "combat"},)
LANGUAGES = ("en", "zh")
WHO = {"en": "Chen", "zh": "老陈"}
STRANGE = {"en": "There is no such command; see !help.", "zh": "没有这个命令，请看 !帮助。"}
TALK = {"en": "I only pour the wine here, friend.", "zh": "客官，小店只管酒饭。"}
"""What the model says to all that is talk."""

Both = Mapping[str, str]
Deed = Callable[[Bot], Awaitable[object]]


def both(en: str = "", zh: str | None = None) -> Both:
    """The same in both languages unless there are two."""
    return {"en": en, "zh": en if zh is None else zh}


@dataclass(frozen=True)
class Row:
    """How a command is given rightly and wrongly, and what comes of it."""

    name: str
    """The first one."""
    answer: Both
    """What stands in the answer."""
    words: Both = field(default_factory=both)
    """What stands behind the command."""
    wrong: Both = field(default_factory=both)
    """The same where it is used wrongly."""
    usage: Both = field(default_factory=lambda: both("Usage: {given}", "用法：{given}"))
    """How what is answered then begins; ``given`` is the command as it was given."""
    says: Both = field(default_factory=both)
    """What the model says if it is asked ``asked``."""
    asked: str = ""
    before: Deed | None = None
    """What happens before."""
    done: Callable[[Bot], object] | None = None
    """Whether it is done, of what can be done or not."""
    owner: bool = False


# -- what happens before, and what is done -----------------------------------------------------------------------------


async def gossip(bot: Bot) -> None:
    await bot.channel("gossip", "hello", who="Ann")
    await bot.channel("gossip", "the bridge is closed", who="Bob")


async def tea(bot: Bot) -> None:
    await bot.plugin("memory").ai.memory.forget(command(bot, "forget"))
    await bot.tell(f"{bot.options.prefix}remember I like tea")


async def mute(bot: Bot) -> None:
    bot.plugin("owner").bot.mute("Bob", 600)


async def unmute(bot: Bot) -> None:
    bot.plugin("owner").bot.unmute("Bob")


async def resume(bot: Bot) -> None:
    bot.plugin("plugins").bot.plugins.resume("talk")


async def combat(bot: Bot) -> None:
    bot.plugin("triggers").bot.triggers.switch("combat", on=True)


async def innkeeper(bot: Bot) -> None:
    await bot.plugin("basics").bot.become("innkeeper-zh" if bot.options.language == "zh" else "innkeeper")


def command(bot: Bot, name: str) -> Any:
    from mudbot import Command, Speech

    return Command(name, "", Speech("tell", "Ann", "", None))


def muted(bot: Bot) -> bool:
    return "bob" in bot.plugin("owner").bot.muted


def in_room(bot: Bot) -> bool:
    return any(line.startswith("say ") and ("Dinner" in line or "开饭" in line) for line in bot.sent)


def recast(bot: Bot) -> bool:
    named = bot._stage().characters[0].persona.name
    return bool(named == ("Old Chen" if bot.options.language == "zh" else "老陈"))


def talk_rests(bot: Bot) -> bool:
    return "talk" in bot.plugin("owner").bot.status().paused


def combat_is_off(bot: Bot) -> bool:
    return not bot.plugin("triggers").bot.triggers.groups()["combat"].on


ROWS = [
    Row("help", both("I understand: ", "我听得懂："), wrong=both("a b")),
    Row("about", both("mudbot"), wrong=both("you")),
    Row("status", both("in the game", "在线"), wrong=both("now")),
    Row(
        "persona",
        both("Old Chen, the keeper.", "我是老陈。"),
        says=both("Old Chen, the keeper.", "我是老陈。"),
        asked="Who are you|你是谁",
        wrong=both("dance", "跳舞"),
    ),
    Row("quota", both("Left for you: ", "你还有："), wrong=both("of Bob", "张三")),
    Row("remember", both("I shall remember that.", "我记住了。"), words=both("I like tea", "我爱喝茶")),
    Row("what-do-you-know", both("(1) I like tea"), wrong=both("of Bob", "张三"), before=tea),
    Row("forget", both("I have forgotten all", "我全忘了"), wrong=both("Bob", "张三")),
    Row("opt-out", both("I shall leave you alone", "往后我不再理你"), wrong=both("now", "马上")),
    Row("opt-in", both("I answer you again", "我又答你的话了"), wrong=both("now", "马上")),
    Row(
        "ask",
        both("Blue light scatters.", "蓝光散射。"),
        words=both("why is the sky blue?", "天为什么蓝？"),
        says=both("Blue light scatters.", "蓝光散射。"),
        asked="sky|天为什么",
    ),
    Row(
        "translate",
        both("Bonsoir"),
        words=both("French good evening", "法文 晚上好"),
        wrong=both("French", "法文"),
        says=both("Bonsoir"),
        asked="good evening|晚上好",
    ),
    Row(
        "edit",
        both("It's dark.", "天黑了。"),
        words=both("shorter: It was a dark night", "短些：天色已经完全暗了下来"),
        wrong=both("shorter", "短些"),
        says=both("It's dark.", "天黑了。"),
        asked="dark night|暗了下来",
    ),
    Row(
        "summarize",
        both("Bob says the bridge is closed.", "Bob 说桥断了。"),
        words=both("gossip"),
        wrong=both("a b"),
        says=both("Bob says the bridge is closed.", "Bob 说桥断了。"),
        asked="the bridge is closed",
        before=gossip,
    ),
    Row(
        "scene",
        both("http://bot.invalid/i/"),
        words=both("snow on the pass", "山道落雪"),
        wrong=both("again", "再画"),
        usage=both("I have drawn nothing for you yet", "还没给你画过"),
    ),
    Row(
        "mute",
        both("I hear nothing of Bob for 10 min.", "10 分钟内不听Bob的话。"),
        words=both("Bob 10m", "Bob 10分"),
        wrong=both("Bob soon", "Bob 马上"),
        before=unmute,
        done=muted,
        owner=True,
    ),
    Row(
        "unmute",
        both("I hear Bob again.", "又听Bob的话了。"),
        words=both("Bob"),
        wrong=both("Bob Ann"),
        before=mute,
        done=lambda bot: not muted(bot),
        owner=True,
    ),
    Row("say", both("Said.", "说了。"), words=both("Dinner is ready!", "开饭了"), done=in_room, owner=True),
    Row("budget", both("Calls of the model today", "今天（UTC）问模型"), wrong=both("all", "全部"), owner=True),
    Row(
        "persona",
        both("I am 老陈 now", "我现在是Old Chen了"),
        words=both("set innkeeper-zh", "换成 innkeeper"),
        wrong=both("set", "换成"),
        usage=both("Usage: {prefix}persona set", "用法：{prefix}角色 换成"),
        before=innkeeper,
        done=recast,
        owner=True,
    ),
    Row(
        "plugin",
        both("talk rests.", "talk 已暂停。"),
        words=both("pause talk", "暂停 talk"),
        wrong=both("dance", "跳舞"),
        usage=both("Say {prefix}plugin list", "请说 {prefix}插件 列表"),
        before=resume,
        done=talk_rests,
        owner=True,
    ),
    Row(
        "triggers",
        both("combat is off now", "combat 已关"),
        words=both("off combat", "关 combat"),
        wrong=both("on", "开"),
        usage=both("Say {prefix}trigger on GROUP", "请说 {prefix}触发 开"),
        before=combat,
        done=combat_is_off,
        owner=True,
    ),
]
IDS = [f"{row.name}{' for owners' if row.owner else ''}" for row in ROWS]


def marks() -> dict[str, CommandMark]:
    """Every command of every plugin that ships, by its first name."""
    found: dict[str, CommandMark] = {}
    for name in PLUGINS:
        kind = loader.load(name, [loader.shipped()])
        found |= {mark.names[0]: mark for mark, _ in kind.handlers if isinstance(mark, CommandMark)}
        loader.drop(kind)
    return found


MARKS = marks()


def test_every_command_has_a_row() -> None:
    """And every row a command, which has a Chinese name as well."""
    assert {row.name for row in ROWS} == set(MARKS)
    assert all(not mark.names[-1].isascii() for mark in MARKS.values())
    assert {row.name for row in ROWS if row.owner} >= {name for name, mark in MARKS.items() if mark.role == "owner"}


async def staged(bot: Bot, language: str, row: Row, prefix: str = "!") -> None:
    """All plugins are at work, and the model says what the row wants."""
    bot.choose(language=language, prefix=prefix, triggers=TRIGGERS)
    for name in PLUGINS:
        await bot.load(name, permissions=PERMISSIONS.get(name))
    if row.asked:
        bot.ai.will_say(row.says[language], to=row.asked)
    bot.ai.will_say(TALK[language], to="")


def names(row: Row) -> tuple[str, str]:
    """The English and the Chinese name."""
    return MARKS[row.name].names[0], MARKS[row.name].names[-1]


async def given(bot: Bot, row: Row, text: str, *, who: str = "") -> list[str]:
    """What is said when *text* is told to the character, by an owner if it wants one, a minute later than the last."""
    await bot.advance(60)
    if row.before is not None:
        await row.before(bot)
    bot.forget()
    role: Role = "owner" if row.owner and not who else "anyone"
    said = await bot.tell(text, who=who or ("Wiz" if row.owner else "Ann"), role=role)
    return [*said, *await bot.advance(15)]


def ways(row: Row, language: str, prefix: str) -> list[str]:
    """Each way to give it rightly: by both names, and by the character's name before them."""
    english, chinese = names(row)
    words = row.words[language]
    found = [f"{prefix}{name} {words}".strip() for name in (english, chinese)]
    found.append(f"{wide(prefix)}{chinese}{words}")
    found.append(f"{WHO[language]}, {english}: {words}" if words else f"{WHO[language]}, {english}")
    found.append(f"{WHO[language]}，{chinese} {words}".strip())
    return [*found, f"{WHO[language]}, {prefix}{english} {words}".strip()]


def wide(prefix: str) -> str:
    """As a Chinese keyboard types it."""
    return "".join(chr(ord(char) + 0xFEE0) for char in prefix)


@pytest.mark.parametrize(("language", "prefix"), [("en", "!"), ("zh", "!"), ("en", "#")])
@pytest.mark.parametrize("row", ROWS, ids=IDS)
async def test_it_is_answered_rightly_by_whichever_name_it_is_given(
    bot: Bot, row: Row, prefix: str, language: str
) -> None:
    """The English one, the Chinese one, with whatever prefix, or the character's name before it."""
    await staged(bot, language, row, prefix)
    for text in ways(row, language, prefix):
        said = await given(bot, row, text)
        assert any(row.answer[language] in each for each in said), (text, said)
        assert row.done is None or row.done(bot), text
        assert TALK[language] not in said


@pytest.mark.parametrize(("language", "prefix"), [("en", "!"), ("zh", "!"), ("en", "#")])
@pytest.mark.parametrize("row", ROWS, ids=IDS)
async def test_used_wrongly_it_says_how_it_is_written(bot: Bot, row: Row, prefix: str, language: str) -> None:
    """In the session's language, by the name and the prefix that were used; nothing is done, and no model is asked."""
    await staged(bot, language, row, prefix)
    for name in names(row):
        said = await given(bot, row, f"{prefix}{name} {row.wrong[language]}".strip())
        begins = row.usage[language].format(given=f"{prefix}{name}", prefix=prefix)
        assert len(said) == 1, said
        assert said[0].startswith(begins), said
        assert row.done is None or not row.done(bot)
        assert not [asked for asked in bot.ai.asked if asked.kind == "chat"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("row", [row for row in ROWS if row.owner], ids=lambda row: row.name)
async def test_an_owners_command_is_nobody_elses(bot: Bot, row: Row, language: str) -> None:
    """Neither a stranger's, nor an owner's whom nothing proves: aloud, or in a tell without colour and id."""
    await staged(bot, language, row)
    await bot.tell("!help", who="Wiz", role="owner")  # from now on Wiz is one
    for text in ways(row, language, "!"):
        said = await given(bot, row, text, who="Ann")
        if text.startswith("!") and row.name != "persona":
            assert said == [STRANGE[language]]
        said += await given(bot, row, text, who="Wiz")
        said += await bot.say(text, who="Wiz")
        said += await bot.advance(15)
        assert not any(row.answer[language] in each for each in said), (text, said)
        assert row.done is None or not row.done(bot), text


@pytest.mark.mudbot(dialect="nt7", encoding="gbk")
@pytest.mark.parametrize("row", [row for row in ROWS if row.owner], ids=lambda row: row.name)
async def test_an_owner_is_obeyed_where_the_mud_itself_shows_coloured_tells_with_ids(bot: Bot, row: Row) -> None:
    """On a Chinese MUD, by the same words without the colour nobody is."""
    await staged(bot, "zh", row)
    text = ways(row, "zh", "!")[1]
    assert any(row.answer["zh"] in said for said in await given(bot, row, text))
    assert row.done is None or row.done(bot)
    forged = f"Wiz(wiz)告诉你：{text}"
    if row.before is not None:
        await row.before(bot)
    bot.forget()
    await bot.hear(forged)
    await bot.advance(15)
    assert not any(row.answer["zh"] in said for said in bot.said)
    assert row.done is None or not row.done(bot)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_opting_out_and_in_is_done(bot: Bot, language: str) -> None:
    """Whoever opts out gets no answer to his talk, until he opts in."""
    await staged(bot, language, ROWS[0])
    for name, counts in (("opt-out", 0), ("opt-in", 1)):
        await bot.tell(f"!{name}")
        await bot.advance(30)
        bot.forget()
        await bot.tell("what is new?")
        await bot.advance(30)
        assert bot.said.count(TALK[language]) == counts
