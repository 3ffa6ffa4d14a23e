"""!help, !about, !status, !persona and !quota."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.errors import BudgetError
from mudbot.host.services.means import Quota
from mudbot.testing import Bot

HELP = "I understand: !help - what I understand; !about - what I am; !status - how I am; !persona - who I am; "
HELP += "!quota - how much you may ask me today"


async def private(bot: Bot, text: str, **more: Any) -> list[str]:
    """What is said when somebody tells the character *text*, a minute later than whatever was before."""
    await bot.advance(60)
    return await bot.tell(text, **more)


class Books:
    """Means that say what a test lets them."""

    def __init__(self, left: Quota | Exception | None) -> None:
        self.answer = left

    async def left(self, _who: object) -> Quota | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


# -- !help -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["!help", "!帮助", "!HELP", "！help", "Chen, help", "chen：帮助"])
async def test_help_lists_every_command_with_what_it_does(bot: Bot, text: str) -> None:
    """Once each, under its first name, in an answer that is no command itself."""
    await bot.load("basics")
    assert await bot.tell(text) == [HELP]


async def test_help_in_chinese_names_commands_as_players_type_them(bot: Bot) -> None:
    bot.choose(language="zh")
    await bot.load("basics")
    helps = "我听得懂：!帮助 - 我听得懂的命令；!关于 - 我是怎么回事；!状态 - 我的近况；!角色 - 我是谁；"
    assert await bot.tell("！帮助") == [helps + "!额度 - 你今天还能问多少、画多少"]


async def test_a_long_list_has_names_alone(bot: Bot) -> None:
    for name in ("basics", "talk", "memory"):
        await bot.load(name)
    said = (await bot.tell("!help"))[0]
    assert said.startswith("I understand: !help, !about, ")
    assert "!what-do-you-know" in said


@pytest.mark.parametrize("name", ["scene", "!scene", "！画", "SCENE"])
async def test_help_says_the_usage_of_one_command(bot: Bot, name: str) -> None:
    await bot.load("basics")
    await bot.load("scenes", permissions={"images": True})
    said = (await bot.tell(f"!help {name}"))[0]
    assert said.startswith("So: !")
    assert "draw a scene from your words, or this room (or !" in said


async def test_help_for_what_is_none_says_so(bot: Bot) -> None:
    """And never repeats the player's word."""
    await bot.load("basics")
    assert await bot.tell("!help dance") == ["There is no such command; see !help."]


async def test_help_is_given_each_speaker_every_two_seconds(bot: Bot) -> None:
    await bot.load("basics")
    said = [*await bot.tell("!help"), *await bot.tell("!help"), *await bot.tell("!help", "Bob")]
    await bot.advance(2)
    said += await bot.tell("!help")
    assert sum(text.startswith("I understand") for text in said) == 3


async def test_owners_commands_are_listed_for_owners_alone(bot: Bot) -> None:
    await bot.load("basics")
    await bot.load("owner")
    assert "!mute" not in (await private(bot, "!help"))[0]
    assert (await private(bot, "!help mute")) == ["There is no such command; see !help."]
    assert "!mute" in (await private(bot, "!help", who="Wiz", role="owner"))[0]


@pytest.mark.parametrize("text", ["!dance", "！跳舞", "!mute Bob"])
async def test_a_command_that_there_is_not_is_told_so_and_is_no_talk(bot: Bot, text: str) -> None:
    """Or that is not for who gives it: no model is asked, and nothing is remembered of it."""
    await bot.load("basics")
    await bot.load("dialogue")
    await bot.load("owner")
    assert await bot.tell(text) == ["There is no such command; see !help."]
    await bot.advance(5)
    assert await bot.tell(text) == []
    await bot.advance(30)
    assert not bot.ai.asked


async def test_among_others_it_may_be_meant_for_another(bot: Bot) -> None:
    """Another bot's, with the same prefix."""
    await bot.load("basics")
    await bot.load("dialogue")
    await bot.say("!dance")
    await bot.channel("gossip", "!dance")
    await bot.advance(30)
    assert bot.said == []


# -- !about, !status ---------------------------------------------------------------------------------------------------


async def test_about_says_that_a_program_speaks(bot: Bot) -> None:
    await bot.load("basics")
    said = (await bot.say("!about"))[0]
    assert "program" in said
    assert "!forget" not in said


async def test_about_tells_of_forget_where_there_is_one_and_in_the_owners_words(bot: Bot) -> None:
    await bot.load("basics")
    await bot.load("memory")
    assert "!forget" in (await bot.say("!关于"))[0]
    await bot.unload("basics")
    await bot.load("basics", about="Our guild plays him.")
    assert await bot.say("!about") == ["Our guild plays him."]


@pytest.mark.parametrize("text", ["!status", "!状态", "！status"])
async def test_status_says_how_the_bot_is(bot: Bot, text: str) -> None:
    await bot.load("basics")
    assert await bot.tell(text) == ["test: in the game; I do: basics; questions at the model: 0, waiting: 0"]


@pytest.mark.parametrize("text", ["!status now", "!about you", "!quota of Bob", "!persona set innkeeper-zh"])
async def test_what_takes_no_words_says_how_it_is_written(bot: Bot, text: str) -> None:
    """Of !persona set nobody learns who is no owner."""
    await bot.load("basics")
    name = text.split(maxsplit=1)[0]
    assert (await bot.tell(text))[0].startswith(f"Usage: {name}")
    assert "set" not in bot.said[0]


# -- !persona ----------------------------------------------------------------------------------------------------------


async def test_persona_is_answered_in_character(bot: Bot) -> None:
    await bot.load("basics")
    bot.ai.will_say("I am Old Chen, the innkeeper.", to="Who are you")
    await bot.say("!persona")
    await bot.advance(10)
    assert bot.sent == ["say I am Old Chen, the innkeeper."]


async def test_persona_said_privately_is_answered_privately(bot: Bot) -> None:
    bot.choose(language="zh")
    await bot.load("basics")
    bot.ai.will_say("我是老陈，这醉鹤楼的掌柜。", to="你是谁")
    await bot.tell("!角色", who="Ann")
    await bot.advance(10)
    assert bot.sent == ["tell Ann 我是老陈，这醉鹤楼的掌柜。"]


async def test_an_owner_gives_the_character_another_persona_and_back(bot: Bot) -> None:
    """Name, language and examples are the new one's from the next line on; each has its own memory."""
    await bot.load("basics")
    await bot.load("dialogue")
    assert await private(bot, "!persona set innkeeper-zh", who="Wiz", role="owner") == [
        "I am 老陈 now, until the bot is started anew."
    ]
    bot.ai.will_say("客官里面请，米酒五文一碗。")
    await bot.say("老陈，有酒吗？")
    await bot.advance(10)
    assert bot.said[-1] == "客官里面请，米酒五文一碗。"
    assert "醉鹤楼" in bot.ai.asked[-1].system
    assert await private(bot, "！角色 换成 innkeeper", who="Wiz", role="owner") == [
        "I am Old Chen now, until the bot is started anew."
    ]
    bot.ai.will_say("Rice wine, five coppers a bowl.")
    await bot.say("Chen, wine?")
    await bot.advance(10)
    assert "醉鹤楼" not in bot.ai.asked[-1].system + bot.ai.asked[-1].text


async def test_a_question_under_way_is_answered_by_whom_it_was_asked(bot: Bot) -> None:
    await bot.load("basics")
    await bot.load("dialogue")
    bot.ai.will_say("Rice wine, five coppers a bowl.", after=5)
    await bot.say("Chen, what do you have to drink?")
    await bot.tell("!persona set innkeeper-zh", who="Wiz", role="owner")
    await bot.advance(15)
    assert "Rice wine, five coppers a bowl." in bot.said


@pytest.mark.parametrize("name", ["nobody", "../config", "/etc/passwd"])
async def test_a_persona_that_there_is_not_changes_nothing(bot: Bot, name: str) -> None:
    await bot.load("basics")
    said = await private(bot, f"!persona set {name}", who="Wiz", role="owner")
    assert said[0].startswith("I stay who I am: there is no character")


async def test_help_tells_owners_of_persona_set(bot: Bot) -> None:
    await bot.load("basics")
    assert "set" not in (await private(bot, "!help persona"))[0]
    said = await private(bot, "!help persona", who="Wiz", role="owner")
    assert said[0].endswith("; for owners: !persona set NAME")


@pytest.mark.parametrize("text", ["!persona set", "!persona dance", "!persona settler"])
async def test_an_owner_is_told_how_persona_set_is_written(bot: Bot, text: str) -> None:
    await bot.load("basics")
    assert await private(bot, text, who="Wiz", role="owner") == [
        "Usage: !persona set NAME; there are: innkeeper, innkeeper-zh"
    ]


# -- !quota ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (None, "as much as you like, nobody counts what it costs"),
        (Quota(0.83, None, None), "83 % of what you may cost me today"),
        (Quota(0.5, 45, None), "about 45 questions today"),
        (Quota(0.5, 45, 3), "about 45 questions today; about 3 pictures today"),
    ],
)
async def test_quota_says_what_is_left(bot: Bot, left: Quota | None, said: str) -> None:
    plugin = await bot.load("basics")
    plugin.bot.means = Books(left)  # type: ignore[assignment]
    assert await bot.tell("!quota") == [f"Left for you: {said}"]


async def test_quota_knows_how_often_the_character_answers_one(bot: Bot) -> None:
    """The dialogue's own limit: of whoever asks, and of nobody else."""
    await bot.load("basics")
    await bot.load("dialogue", answers=5, within="120s")
    bot.ai.will_say("Good day.", to="hello")
    await bot.tell("hello")
    await bot.advance(5)
    assert (await bot.tell("!quota"))[-1].endswith("; 4 answers within 120 s")
    assert (await bot.tell("!额度", who="Bob"))[-1].endswith("; 5 answers within 120 s")
    await bot.advance(120)
    assert (await bot.tell("!quota"))[-1].endswith("; 5 answers within 120 s")


async def test_quota_with_books_that_cannot_be_read(bot: Bot) -> None:
    plugin = await bot.load("basics")
    plugin.bot.means = Books(BudgetError("the disk is full"))  # type: ignore[assignment]
    assert await bot.tell("!quota") == ["The books cannot be read just now; ask me again in a while."]
