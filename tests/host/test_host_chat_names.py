"""Which speech is a chat command: by the prefix, in Chinese without spaces, or by the character's name before it."""

from __future__ import annotations

import pytest

from mudbot import Command, Plugin, Rest, Speech, command
from mudbot.host.chat import Chat


class Many(Plugin):
    @command("help", "帮助")
    async def help(self, name: str = "") -> None: ...

    @command("scene", "画")
    async def scene(self, command: Command) -> None: ...

    @command("ask", "问")
    async def ask(self, question: Rest) -> None: ...

    @command("forget", "忘记")
    async def forget(self, command: Command) -> None: ...

    @command("what-do-you-know", "记忆")
    async def know(self, command: Command) -> None: ...

    @command("say", "说", role="owner")
    async def speak(self, text: Rest) -> None: ...

    @command("budget", "预算", role="owner")
    async def budget(self) -> None: ...


@pytest.fixture
def chat() -> Chat:
    chat = Chat(owners=["wiz"], answerable=lambda speech: speech.kind != "emote")
    chat.names = lambda: ("Chen", "Old Chen", "老陈", "掌柜")
    for mark, _ in Many.handlers:
        for name in getattr(mark, "names", ()):
            chat.add(name, mark)  # type: ignore[arg-type]
    return chat


def read(chat: Chat, text: str, **more: object) -> tuple[str, str] | None:
    found = chat.read(Speech("say", "Ann", text, **more))  # type: ignore[arg-type]
    return None if found is None else (found.name, found.rest)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("老陈，帮助", "帮助"),
        ("老陈,帮助", "帮助"),
        ("老陈：帮助 ", "帮助"),
        ("掌柜，画", "画"),
        ("Chen, help", "help"),
        ("chen: HELP", "help"),
        ("Old Chen, what-do-you-know", "what-do-you-know"),
        ("Chen, 忘记", "忘记"),
    ],
)
def test_a_name_before_a_commands_name_works_as_the_prefix_does(chat: Chat, text: str, name: str) -> None:
    assert read(chat, text) == (name, "")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Chen, ask: why is the sky blue?", ("ask", "why is the sky blue?")),
        ("Chen: scene : snow, and a bridge", ("scene", "snow, and a bridge")),
        ("Chen, help: scene", ("help", "scene")),
        ("老陈，问：天为什么是蓝的，你知道吗", ("问", "天为什么是蓝的，你知道吗")),
        ("老陈，画 山水，大雪", ("画", "山水，大雪")),
        ("老陈，帮助　画", ("帮助", "画")),
        ("Chen, 问 why", ("问", "why")),
        ("Chen, !ask why is the sky blue?", ("ask", "why is the sky blue?")),
        ("老陈，！画山水 大雪", ("画", "山水 大雪")),
        ("Old Chen, !help", ("help", "")),
    ],
)
def test_further_words_stand_behind_a_colon_or_the_prefix_before(chat: Chat, text: str, found: object) -> None:
    """Behind a Chinese name a blank does as well: within a sentence nobody writes one."""
    assert read(chat, text) == found


@pytest.mark.parametrize(
    "text",
    [
        "Chen, help me",
        "Chen, help: the cellar is on fire",
        "Chen, ask:",
        "Chen, ask Lan about the wine",
        "Chen, he said: help",
        "Chen, ask me: how so?",
        "Chen, !nothing",
        "Ann, !help",
        "Ann, ask: why?",
        "老陈，问:",
        "老陈，说：你好",
        "老陈，他说：帮助",
        "Chen, help!",
        "Chen, help?",
        "Chen help",
        "help, Chen",
        "Chen, can you help",
        "Chen, what do you know",
        "Chen, forget it",
        "Chen, ask",
        "Chen, scene of the crime",
        "Ann, help",
        "Chenille, help",
        "poor Chen, help",
        "Chen",
        "Chen,",
        "老陈，帮助我",
        "老陈，帮助！",
        "老陈帮助",
        "老陈，你帮助过他吗",
        "老陈，问",
        "老陈，问你个事",
        "老陈，画得真好",
        "老陈，忘记他吧",
        "老陈，别忘记",
        "掌柜的，帮助",
        "老王，帮助",
        "他说：帮助",
        "老陈，说",
        "老陈，预算",
        "Chen, budget",
        "System: help",
    ],
)
def test_ordinary_talk_is_never_a_command(chat: Chat, text: str) -> None:
    """Neither is what would only be answered with its usage, nor what the speaker may not give."""
    assert read(chat, text) is None


def test_without_a_way_to_answer_it_is_none(chat: Chat) -> None:
    assert chat.read(Speech("emote", "Ann", "Chen, help")) is None


def test_an_owners_command_by_name_is_for_owners(chat: Chat) -> None:
    assert chat.read(Speech("tell", "Wiz", "Chen, budget", "wiz", sure=True)) is not None
    assert chat.read(Speech("tell", "Wiz", "Chen, budget", "wiz")) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("!问天为什么是蓝的，你知道吗", ("问", "天为什么是蓝的，你知道吗")),
        ("！问：天为什么是蓝的", ("问", "天为什么是蓝的")),
        ("!画山水 大雪", ("画", "山水 大雪")),
        ("!画，山水", ("画", "山水")),
        ("!帮助。", ("帮助", "")),
        ("!help scene", ("help", "scene")),
        ("!help  scene ", ("help", "scene")),
        ("!help, please", None),
        ("!helpful", None),
        ("!ask what: this", ("ask", "what: this")),
        ("!", None),
        ("!!help", None),
    ],
)
def test_chinese_is_written_without_spaces(chat: Chat, text: str, found: tuple[str, str] | None) -> None:
    """What stands behind the name, with or without a sign between, is what the command is about."""
    assert read(chat, text) == found
