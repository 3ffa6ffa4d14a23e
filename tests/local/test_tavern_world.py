"""What people in the tavern do, and what each of them hears.  No sockets: fake ears write down what comes."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.errors import LocalError
from mudbot.local.tavern import world as world_module
from mudbot.local.tavern.commands import act
from mudbot.local.tavern.world import Character, World


class FakeEars:
    """Writes down what a player sees."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.messages: list[tuple[str, Any]] = []
        self.closed = False

    def line(self, text: str) -> None:
        self.lines.append(text)

    def gmcp(self, package: str, data: object) -> None:
        self.messages.append((package, data))

    def close(self) -> None:
        self.closed = True

    def heard(self) -> list[str]:
        """The lines since the last time."""
        lines, self.lines = self.lines, []
        return lines


class Scene:
    """A world and the people in it."""

    def __init__(self, language: str, *names: str) -> None:
        self.world = World(language)
        self.ears: dict[str, FakeEars] = {}
        self.people: dict[str, Character] = {}
        for name in names:
            self.join(name)
        self.clear()

    def join(self, name: str) -> FakeEars:
        self.people[name] = self.world.known(name) or self.world.create(name, "pw")
        self.ears[name] = FakeEars()
        self.world.enter(self.people[name], self.ears[name])
        return self.ears[name]

    def does(self, name: str, line: str) -> list[str]:
        """What *name* sees after typing *line*."""
        self.ears[name].heard()
        act(self.world, self.people[name], line)
        return self.ears[name].heard()

    def heard(self, name: str) -> list[str]:
        return self.ears[name].heard()

    def clear(self) -> None:
        for ears in self.ears.values():
            ears.lines.clear()
            ears.messages.clear()


@pytest.mark.parametrize(
    ("typed", "own", "others"),
    [
        ("say hi; look", 'You say, "hi; look"', 'Bob says, "hi; look"'),
        ("'hi", 'You say, "hi"', 'Bob says, "hi"'),
        ("SAY  hi", 'You say, "hi"', 'Bob says, "hi"'),
        ("emote smiles.", "Bob smiles.", "Bob smiles."),
        (":smiles.", "Bob smiles.", "Bob smiles."),
        ("chat hello {name}", "[chat] Bob: hello {name}", "[chat] Bob: hello {name}"),
        ("tell ann psst", 'You tell Ann, "psst"', 'Bob tells you, "psst"'),
    ],
)
def test_speech_in_english(typed: str, own: str, others: str) -> None:
    """The exact lines of the speaker and of a listener."""
    scene = Scene("en", "Bob", "Ann")
    assert scene.does("Bob", typed) == [own]
    assert scene.heard("Ann") == [others]


@pytest.mark.parametrize(
    ("typed", "own", "others"),
    [
        ("说 你好", "你说道：你好", "张三说道：你好"),
        ("说\u3000你好", "你说道：你好", "张三说道：你好"),
        ("'你好", "你说道：你好", "张三说道：你好"),
        ("表情 笑了。", "张三笑了。", "张三笑了。"),
        ("：笑了。", "张三笑了。", "张三笑了。"),
        ("闲聊 你好", "【闲聊】张三：你好", "【闲聊】张三：你好"),
        ("告诉　李四　嘘", "你告诉李四：嘘", "张三告诉你：嘘"),
        ("告诉 李四 嘘", "你告诉李四：嘘", "张三告诉你：嘘"),
    ],
)
def test_speech_in_chinese(typed: str, own: str, others: str) -> None:
    """The exact lines of the speaker and of a listener."""
    scene = Scene("zh", "张三", "李四")
    assert scene.does("张三", typed) == [own]
    assert scene.heard("李四") == [others]


def test_everybody_hears_in_his_own_language() -> None:
    """One says it once; each hears his language's format."""
    scene = Scene("en", "Bob", "Ann", "Cy")
    assert scene.does("Ann", "language 中文") == ["语言：中文。"]
    scene.does("Bob", "say hi")
    assert scene.heard("Ann") == ["Bob说道：hi"]
    assert scene.heard("Cy") == ['Bob says, "hi"']
    assert scene.does("Ann", "look")[0] == "醉鹤楼"
    assert scene.does("Ann", "语言 en") == ["Language: English."]
    assert scene.does("Ann", "language klingon") == ["No such language: klingon. There are: en, zh."]
    assert scene.does("Ann", "language") == ["Language: English."]


def test_a_say_stays_in_the_room_and_a_tell_does_not() -> None:
    """Say and emote reach the room, tell and chat the whole world; a tell reaches one person only."""
    scene = Scene("en", "Bob", "Ann", "Cy")
    scene.does("Ann", "west")
    scene.clear()
    for line in ("say a", ":b", "tell Ann c", "chat d"):
        scene.does("Bob", line)
    assert scene.heard("Ann") == ['Bob tells you, "c"', "[chat] Bob: d"]
    assert scene.heard("Cy") == ['Bob says, "a"', "Bob b", "[chat] Bob: d"]


def test_telling_the_absent_says_so() -> None:
    """Also somebody who has a character but is away."""
    scene = Scene("en", "Bob", "Ann")
    scene.does("Ann", "quit")
    assert scene.does("Bob", "tell Ann hi") == ["There is no one called Ann here."]
    assert scene.does("Bob", "tell nemo hi") == ["There is no one called nemo here."]
    assert scene.does("Bob", "tell bob hi") == ["You mutter to yourself."]
    assert Scene("zh", "张三").does("张三", "告诉 李四 嘘") == ["这里没有叫李四的人。"]


def test_a_room_shows_its_name_exits_and_the_others() -> None:
    """Name, description, exits, who else is here; no line where nobody is."""
    scene = Scene("en", "Bob")
    alone = scene.does("Bob", "look")
    assert alone[0] == "Drunken Crane Inn"
    assert alone[1].startswith("Smoke and the smell")
    assert alone[2:] == ["Exits: south, west."]
    scene.join("Ann")
    scene.join("Cy")
    assert scene.does("Bob", "l")[3:] == ["Here: Ann, Cy."]


def test_a_room_in_chinese() -> None:
    """The same in Chinese."""
    scene = Scene("zh", "张三", "李四", "王五")
    assert scene.does("张三", "看")[0] == "醉鹤楼"
    assert scene.does("张三", "看")[2:] == ["出口：南、西。", "这里有：李四、王五。"]


def test_things_and_people_can_be_looked_at() -> None:
    """By any of their names; what is not there is not."""
    scene = Scene("en", "Bob", "Ann")
    assert "wine stain" in scene.does("Bob", "look Crane")[0]
    assert "wine stain" in scene.does("Bob", "看 白鹤")[0]
    assert scene.does("Bob", "look ann") == ["Ann is here."]
    assert scene.does("Bob", "look moon") == ["There is no moon to look at."]
    scene.does("Ann", "south")
    assert scene.does("Bob", "look ann") == ["There is no ann to look at."]


def test_walking_is_seen_by_both_rooms() -> None:
    """Those left behind see where to, those ahead see where from; the walker sees the new room."""
    scene = Scene("en", "Bob", "Ann", "Cy")
    scene.does("Cy", "s")
    scene.clear()
    assert scene.does("Bob", "south")[0] == "Lantern Street"
    assert scene.heard("Ann") == ["Bob leaves south."]
    assert scene.heard("Cy") == ["Bob arrives from the north."]
    assert scene.does("Bob", "s") == ["You cannot go that way."]
    assert scene.does("Bob", "北")[-1] == "Here: Ann."


def test_walking_in_chinese() -> None:
    """The same in Chinese."""
    scene = Scene("zh", "张三", "李四")
    scene.does("张三", "南")
    assert scene.heard("李四") == ["张三往南走了。"]
    scene.does("张三", "北")
    assert scene.heard("李四") == ["张三从南边走了过来。"]


@pytest.mark.parametrize(
    ("language", "came", "went"),
    [
        ("en", "Bob has entered the world.", "Bob has left the world."),
        ("zh", "Bob走进了这个世界。", "Bob离开了这个世界。"),
    ],
)
def test_coming_and_going_is_seen_in_the_room_only(language: str, came: str, went: str) -> None:
    """Those elsewhere see nothing of it."""
    scene = Scene(language, "Ann", "Cy")
    scene.does("Cy", "w")
    scene.clear()
    scene.join("Bob")
    assert scene.heard("Ann") == [came]
    scene.does("Bob", "quit")
    assert scene.heard("Ann") == [went]
    assert scene.heard("Cy") == []


def test_quitting_says_goodbye_and_closes() -> None:
    """The character is kept: it comes back where it was, speaking its language."""
    scene = Scene("en", "Bob")
    scene.does("Bob", "west")
    scene.does("Bob", "language zh")
    assert scene.does("Bob", "退出") == ["后会有期，Bob。"]
    assert scene.ears["Bob"].closed
    assert scene.world.everyone() == []
    assert scene.join("Bob").lines[:2] == ["欢迎你，Bob。", "后厨"]


def test_a_second_login_takes_the_place() -> None:
    """The old link is told and closed, the room sees nothing, and the old link's end changes nothing."""
    scene = Scene("en", "Bob", "Ann")
    old = scene.ears["Bob"]
    new = scene.join("Bob")
    assert old.heard() == ["Another connection has taken your place."]
    assert old.closed
    scene.world.leave(scene.people["Bob"], old)
    assert scene.world.present("Bob") is scene.people["Bob"]
    assert scene.heard("Ann") == []
    assert new.lines[0] == "Welcome, Bob."
    scene.does("Ann", "say hi")
    assert old.heard() == []


def test_who_lists_everyone() -> None:
    """With the place of each."""
    scene = Scene("en", "Bob", "Ann")
    scene.does("Ann", "w")
    assert scene.does("Bob", "who") == ["In the world: 2", "  Bob (Drunken Crane Inn)", "  Ann (Kitchen of the Inn)"]
    assert scene.does("Bob", "谁")[0] == "In the world: 2"


@pytest.mark.parametrize(
    ("language", "answer"), [("en", "Huh? Try: say hello, or help."), ("zh", "什么？试试：说 你好，或者：帮助。")]
)
def test_what_is_no_command_is_not_understood(language: str, answer: str) -> None:
    """And changes nothing; an empty line is not answered at all."""
    scene = Scene(language, "Bob", "Ann")
    for line in ("dance", "sayhi", ";look", "look;say x", "\ufffd"):
        assert scene.does("Bob", line) == [answer]
    assert scene.does("Bob", "   ") == []
    assert scene.heard("Ann") == []


@pytest.mark.parametrize("line", ["say", "'", "tell", "tell Ann", "chat", ":", "emote "])
def test_a_command_without_its_text_asks_for_it(line: str) -> None:
    """Nothing empty is said to anyone."""
    scene = Scene("en", "Bob", "Ann")
    (answer,) = scene.does("Bob", line)
    assert answer.endswith("?")
    assert scene.heard("Ann") == []


def test_help_names_every_command() -> None:
    """In both languages."""
    scene = Scene("en", "Bob")
    for language in ("en", "zh"):
        scene.does("Bob", f"language {language}")
        text = "\n".join(scene.does("Bob", "help"))
        others = {
            command: words for command, words in scene.people["Bob"].phrases.commands.items() if command != "help"
        }
        assert [command for command, words in others.items() if words[0] not in text] == []


def test_the_room_is_sent_as_gmcp() -> None:
    """Room.Info and Room.Players on arrival and on look, in the player's language."""
    scene = Scene("en", "Ann")
    bob = scene.join("Bob")
    info, players = bob.messages
    assert info[0] == "Room.Info"
    assert info[1] | {"desc": ""} == {
        "num": 1,
        "name": "Drunken Crane Inn",
        "desc": "",
        "area": "tavern",
        "exits": {"s": 3, "w": 2},
    }
    assert players == ("Room.Players", [{"name": "Ann", "fullname": "Ann"}])
    scene.does("Bob", "language zh")
    bob.messages.clear()
    scene.does("Bob", "look")
    assert bob.messages[0][1]["name"] == "醉鹤楼"


def test_people_who_come_and_go_are_sent_as_gmcp() -> None:
    """Room.AddPlayer for one who arrives, Room.RemovePlayer for one who leaves."""
    scene = Scene("en", "Ann", "Bob")
    scene.does("Bob", "w")
    scene.does("Bob", "e")
    scene.does("Bob", "quit")
    added = ("Room.AddPlayer", {"name": "Bob", "fullname": "Bob"})
    assert scene.ears["Ann"].messages == [("Room.RemovePlayer", "Bob"), added, ("Room.RemovePlayer", "Bob")]


def test_the_channel_is_sent_as_gmcp() -> None:
    """To all, the speaker included: the words without the line's decoration."""
    scene = Scene("en", "Ann", "Bob")
    scene.does("Bob", "chat hi")
    message = ("Comm.Channel.Text", {"channel": "chat", "talker": "Bob", "text": "hi"})
    assert scene.ears["Ann"].messages == scene.ears["Bob"].messages == [message]


def test_inventing_names_does_not_grow_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """The character that has been away longest is forgotten; those present never are."""
    monkeypatch.setattr(world_module, "MAX_CHARACTERS", 3)
    scene = Scene("en", "Ann", "Bob", "Cy")
    scene.does("Cy", "quit")
    scene.does("Bob", "quit")
    scene.join("Dan")
    known = [name for name in ("Ann", "Bob", "Cy", "Dan") if scene.world.known(name)]
    assert known == ["Ann", "Bob", "Dan"]


def test_an_unknown_language_is_refused() -> None:
    """The error names the ones there are."""
    with pytest.raises(LocalError, match="en, zh"):
        World("fr")
