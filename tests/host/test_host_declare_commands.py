"""``@command``: its method's arguments, its usage in both languages, its answer, and every mistake."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import pytest

from mudbot import Command, Rest, Speech, UsageError, command
from mudbot.host.host import Host
from mudbot.testing.clock import settle
from tests.host.declared import Way, declare, mark_of, mistake
from tests.host.host_fakes import FakeMud, Watched, say, started

MISTAKES = {
    "an unknown role": (
        "@command('hi', role='trustd')\nasync def hi(self, c): ...",
        "@command on P.hi: role 'trustd' is none: choose one of anyone, trusted, owner; did you mean 'trusted'?",
    ),
    "a misspelt option": (
        "@command('hi', coldown=5)\nasync def hi(self, c): ...",
        "@command on P.hi: there is no coldown=; did you mean 'cooldown'?",
    ),
    "a cooldown without its unit": (
        "@command('hi', cooldown='5')\nasync def hi(self, c): ...",
        "@command on P.hi: cooldown='5': must be a time with its unit",
    ),
    "a cooldown below 0": ("@command('hi', cooldown=-1)\nasync def hi(self): ...", "write a number above 0"),
    "a help that is no text": ("@command('hi', zh=5)\nasync def hi(self): ...", "@command on P.hi: zh= wants a text"),
    "the Command behind others": (
        "@command('hi')\nasync def hi(self, n: int, command: Command): ...",
        "P.hi: command is the Command: move it before the other arguments",
    ),
    "all that is left before others": (
        "@command('hi')\nasync def hi(self, text: Rest, n: int): ...",
        "P.hi: text takes all that is left: move it behind the others",
    ),
    "named words": (
        "@command('hi')\nasync def hi(self, **words): ...",
        "P.hi: words have no names, so nothing fills **words: leave it away, or take *words",
    ),
    "a parameter by name only": (
        "@command('hi')\nasync def hi(self, *, loud: bool): ...",
        "P.hi: no word fills loud, which stands behind a *",
    ),
    "an annotation that no word becomes": (
        "@command('hi')\nasync def hi(self, who: Speech): ...",
        "P.hi: who: no text becomes Speech: annotate it str, int",
    ),
    "a default of another type": (
        "@command('hi')\nasync def hi(self, times: int = 1.5): ...",
        "P.hi: times is int, but its default is 1.5: give it a default that is int",
    ),
    "a switch as a number": ("@command('hi')\nasync def hi(self, times: int = True): ...", "its default is True"),
    "a default that is no choice": (
        "@command('hi')\nasync def hi(self, way: Literal['n', 's'] = 'w'): ...",
        "P.hi: way is one of 'n', 's', but its default is 'w'",
    ),
    "the value of an Enum": (
        "@command('hi')\nasync def hi(self, way: Way = 'north'): ...",
        "P.hi: way is Way, but its default is 'north'",
    ),
    "a default out of bounds": (
        "@command('hi')\nasync def hi(self, n: Annotated[int, range(1, 7)] = 7): ...",
        "P.hi: n is int from 1 to 6, but its default is 7",
    ),
    "an Enum of nothing": (
        "class E(enum.Enum): pass\n@command('hi')\nasync def hi(self, e: 'E'): ...",
        "P.hi: e: no text becomes E",
    ),
    "one command twice, through a base": (
        "class Q(Plugin):\n @command('hi')\n async def a(self): 0\nclass R(Q):\n @command('HI')\n async def b(self): 0",
        "R.b: the command 'hi' is R.a's already",
    ),
}


@pytest.mark.parametrize(("body", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_remedy(body: str, message: str) -> None:
    """The author reads which method is wrong, and what to write instead."""
    assert message in mistake(body)


USAGES: list[tuple[str, str, str]] = [
    ("command: Command", "!go", "!走"),
    ("who", "!go <who>", "!走 <who>"),
    ("dice: str = '', times: int = 1", "!go [dice] [times=1]", "!走 [dice] [times=1]"),
    ("command, who: str, text: Rest", "!go <who> <text...>", "!走 <who> <text...>"),
    ("text: Rest = ''", "!go [text...]", "!走 [text...]"),
    ("*words: str", "!go [words...]", "!走 [words...]"),
    ("way: Way", "!go <north/southeast>", "!走 <north/southeast>"),
    ("way: Way = Way.NORTH", "!go [north/southeast]", "!走 [north/southeast]"),
    ("loud: bool = False", "!go [loud=off]", "!走 [loud=关]"),
    ("room_name: str | None = None, from_: int | None = None", "!go [room-name] [from]", "!走 [room-name] [from]"),
    ("how: Literal['very long choices', 'that fill a line', 'of a MUD']", "!go <how>", "!走 <how>"),
    ("*, hidden: int = 1", "!go", "!走"),
]


@pytest.mark.parametrize(("parameters", "english", "chinese"), USAGES)
def test_the_usage_is_made_from_the_signature(parameters: str, english: str, chinese: str) -> None:
    mark = mark_of(f"@command('go', '走')\nasync def go(self, {parameters}): ...")
    assert (mark.usage("en"), mark.usage("zh")) == (english, chinese)


def test_an_author_may_write_the_usage() -> None:
    """In one language or in several; the prefix and the name that was given stand before it."""
    one = mark_of("@command('go', usage='NAME [NAME]')\nasync def go(self, *who): ...")
    both = mark_of("@command('go', usage={'en': 'NAME', 'zh': '名字'})\nasync def go(self, *who): ...")
    assert (one.usage("zh", "#"), both.usage("zh", "#", "g"), both.usage()) == (
        "#go NAME [NAME]",
        "#g 名字",
        "!go NAME",
    )


class Dice(Watched):
    @command("roll", "掷")
    async def roll(self, command: Command, dice: str = "1d6", times: int = 1) -> None:
        self.did.append((command.name, dice, times))

    @command("ping")
    async def ping(self) -> str:
        return "pong"

    @command("walk")
    async def walk(self, way: Way, *others: Way) -> str:
        return " ".join(each.value for each in (way, *others))

    @command("note")
    async def note(self, who: str, text: Rest) -> None:
        self.did.append((who, text))

    @command("refuse")
    async def refuse(self) -> None:
        raise UsageError("there is no such thing here")

    @command("guess", "猜")
    async def guess(self, number: int) -> str:
        if number > 6:
            raise UsageError
        return "no"


class Chinese(Dice):
    language = "zh"


async def heard(host: Host, plugin: Watched, *texts: str) -> list[str]:
    """What is answered to commands in *texts*."""
    await host.add(plugin)
    for text in texts:
        host.hear([say(text)])
    await settle()
    assert isinstance(plugin.mud, FakeMud)
    return [answer for _, answer in plugin.mud.said]


async def test_words_become_arguments(host: Host) -> None:
    """Those that are not given have their defaults."""
    plugin = Dice()
    assert await heard(host, plugin, "!roll", "!roll 2d6", '!roll "2 d6" -3', "！掷 「2d6」　２") == []
    assert plugin.did == [("roll", "1d6", 1), ("roll", "2d6", 1), ("roll", "2 d6", -3), ("掷", "2d6", 2)]


async def test_what_is_left_arrives_as_it_was_typed(host: Host) -> None:
    plugin = Dice()
    await heard(host, plugin, '!note  Ann   two  blanks and "quotes" ')
    assert plugin.did == [("Ann", 'two  blanks and "quotes"')]


async def test_a_text_that_is_returned_is_the_answer(host: Host) -> None:
    plugin = Dice()
    assert await heard(host, plugin, "!ping", "!walk NORTH south-east") == ["pong", "north southeast"]


async def test_words_that_do_not_fit_are_answered_with_the_usage(host: Host) -> None:
    """What is wrong is said without the player's own words, and nothing has failed."""
    plugin = Dice()
    assert await heard(host, plugin, "!roll x many", "!roll 1 2 3", "!walk", "!note Ann", "!walk up") == [
        "Usage: #roll [dice=1d6] [times=1] (times is a whole number)",
        "Usage: #roll [dice=1d6] [times=1] (that is too much: put quotes around words that belong together)",
        "Usage: #walk <north/southeast> [north/southeast...] (way is missing)",
        "Usage: #note <who> <text...> (text is missing)",
        "Usage: #walk <north/southeast> [north/southeast...] (way is one of north, southeast)",
    ]
    assert (plugin.did, host.running["watched"].failures) == ([], 0)


async def test_the_usage_is_in_the_language_of_the_session(host: Host) -> None:
    """With the name that was given."""
    plugin = Chinese()
    assert await heard(host, plugin, "!掷 x 很多", "!note", "!walk 上", "!ping 1") == [
        "用法：#掷 [dice=1d6] [times=1]（times：整数）",
        "用法：#note <who> <text...>（还缺 who）",
        "用法：#walk <north/southeast> [north/southeast...]（way：north、southeast 之一）",
        "用法：#ping（多了；连在一起的词请加引号）",
    ]


async def test_an_author_may_refuse_words_too(host: Host) -> None:
    """UsageError answers the player, and is no failure."""
    plugin = Dice()
    assert await heard(host, plugin, "!refuse") == ["there is no such thing here"]
    assert host.running["watched"].failures == 0


async def test_what_an_author_refuses_without_a_word_is_answered_with_the_usage(host: Host) -> None:
    assert await heard(host, Dice(), "!guess 7", "!guess 6") == ["Usage: #guess <number>", "no"]
    assert await heard(host, Chinese(), "!猜 7") == ["用法：#猜 <number>"]


async def test_a_command_that_reads_its_own_words_gets_them_all() -> None:
    """``(self, command: Command)`` alone is not asked how many there are."""
    got: list[object] = []
    kind = declare("@command('hi')\nasync def hi(self, c: Command): got.append(c)", got=got)
    mark: Any = kind.handlers[0][0]
    command = Command("hi", 'a "b c', Speech("say", "Ann", "x"))
    await mark.call(kind().hi, command)  # type: ignore[attr-defined]
    assert got == [command]


def test_a_parameter_called_command_may_be_a_word() -> None:
    """If it is annotated as one."""
    mark = mark_of("@command('do')\nasync def do(self, command: str): ...")
    assert mark.usage() == "!do <command>"


def test_names_are_told_once_and_in_small_letters() -> None:
    assert mark_of("@command('Go', 'go', 'GO', 'Los')\nasync def go(self): ...").names == ("go", "los")


def test_a_cooldown_may_have_its_unit() -> None:
    assert mark_of("@command('hi', cooldown='1m')\nasync def hi(self): ...").cooldown == 60


# -- types of an author's own --------------------------------------------------------------------------------------


class Throw:
    """dice such as 2d6."""

    def __init__(self, count: int, sides: int) -> None:
        self.count, self.sides = count, sides

    @classmethod
    def parse(cls, text: str) -> Throw:
        count, _, sides = text.partition("d")
        if text == "0d0":
            raise UsageError("Very funny.")
        if text == "?":
            raise UsageError
        return cls(int(count), int(sides))


@dataclasses.dataclass
class Coin:
    side: str

    @staticmethod
    def parse(text: str) -> Coin:
        if text not in ("heads", "tails"):
            raise ValueError(text)
        return Coin(text)


class Board(Watched):
    @command("roll")
    async def roll(self, dice: Throw, coin: Coin | None = None) -> str:
        return f"{dice.count}*{dice.sides} {coin.side if coin else '-'}"

    @command("all")
    async def all_(self, dice: Annotated[Throw, Rest]) -> str:
        return f"{dice.count}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("roll 2d6", "2*6 -"),
        ("roll 2d6 heads", "2*6 heads"),
        ("roll two", "Usage: #roll <dice> [coin] (dice is dice such as 2d6)"),
        ("roll 2d6 edge", "Usage: #roll <dice> [coin] (coin does not fit)"),
        ("roll 0d0", "Very funny."),
        ("roll ?", "Usage: #roll <dice> [coin]"),
        ("all 2 d 6", "2"),
        ("all 2 x 6", "Usage: #all <dice...> (dice is dice such as 2d6)"),
    ],
)
async def test_a_class_of_ones_own_reads_its_word(words: str, told: str) -> None:
    """The player is told the first line of its docstring, never what the ValueError repeats of his words."""
    board = Board()
    running = await started(board)
    name, _, rest = words.partition(" ")
    running.offer_command(Command(name, rest, say(f"#{words}")))
    await settle()
    await running.stop()
    assert [text for _, text in board.mouth.said] == [told]


async def test_it_is_told_in_chinese(host: Host) -> None:
    mark: Any = next(mark for mark, name in Board.handlers if name == "roll")
    with pytest.raises(UsageError, match=r"^用法：!roll <dice> \[coin\]（coin 不对）$"):
        mark.arguments(Command("roll", "2d6 edge", say("x")), language="zh")


def test_its_default_must_be_one() -> None:
    assert "times is Throw, but its default is 5" in mistake(
        "@command('hi')\nasync def hi(self, times: Throw = 5): ...", Throw=Throw
    )


def test_a_method_parse_that_wants_an_instance_is_none() -> None:
    class Odd:
        def parse(self, text: str) -> None: ...

    assert "a class with a classmethod parse(cls, text)" in mistake(
        "@command('hi')\nasync def hi(self, odd: Odd): ...", Odd=Odd
    )


# -- brackets ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "language", "told"),
    [
        ("2d6 (1-100 dice)", "en", "Usage: !hi 2d6 (1-100 dice); dice is missing"),
        ("DICE", "en", "Usage: !hi DICE (dice is missing)"),
        ("DICE（最多一百颗）", "zh", "用法：!hi DICE（最多一百颗）；还缺 dice"),
        ("DICE", "zh", "用法：!hi DICE（还缺 dice）"),
        ("2d6", "en", "Usage: !hi 2d6"),
    ],
)
def test_an_authors_brackets_are_not_followed_by_others(usage: str, language: str, told: str) -> None:
    mark = mark_of(f"@command('hi', usage={usage!r})\nasync def hi(self, dice): ...")
    with pytest.raises(UsageError) as caught:
        mark.arguments(Command("hi", "", say("x")), language=language)
    assert str(caught.value) == told
