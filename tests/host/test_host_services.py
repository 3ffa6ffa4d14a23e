"""What plugins are handed: the MUD, the models and the bot, each within what the owner granted."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from mudbot.api import Caller, Priority
from mudbot.api.types import Images, Moderation
from mudbot.errors import BadAnswerError, GateError, PluginError, RefusedError
from mudbot.events import Command, Room, Speech
from mudbot.host.host import Host
from mudbot.host.services.ai import Ai, Models
from mudbot.host.services.bot import Bot, Notes, Status
from mudbot.host.services.mud import Mud
from mudbot.host.triggers import Triggers
from mudbot.mind.character import Answer
from mudbot.mud import dialect
from mudbot.mud.voice import Manner, Voice
from mudbot.testing import FakeClock
from tests.host.host_fakes import Watched, say

TELL = Speech("tell", "Ann", "hello")


class FakeSession:
    """Notes what is said and sent."""

    name, state = "s1", "playing"

    def __init__(self) -> None:
        self.done: list[tuple[object, ...]] = []
        self.room = SimpleNamespace(current=Room("Hall", people=("Ann", "Bob")))
        self.character = SimpleNamespace(name="Chen")
        self.dialect = dialect.load("generic")
        self.voice = Voice("s1", self.dialect, "utf-8", Manner(), FakeClock())

    def can_answer(self, speech: Speech) -> bool:
        return self.dialect.answer_to(speech) is not None

    def say(self, verb: str, text: str, target: str | None = None) -> bool:
        self.done.append((verb, text, target))
        return True

    def answer(self, speech: Speech, text: str, *, typing: bool = False) -> bool:
        self.done.append(("answer", speech, text))
        return True

    async def find_out(self, speech: Speech) -> None: ...

    def command(self, text: str) -> None:
        self.done.append(("raw", text))

    async def look(self) -> Room:
        return Room("Seen")


class FakeCharacter:
    caller: Caller

    persona = SimpleNamespace(name="Chen", names=("Chen", "老陈"))

    async def answer(self, speech: Speech, room: Room, *, caller: Caller, memory: bool) -> Answer:
        self.caller, self.memory = caller, memory
        return Answer(f"{speech.text}, in {room.name}", "model")


class FakeApi:
    """Answers as it is told and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.says = "welcome"
        self.callers: list[Caller] = []
        self.image_data: dict[str, Any] = {"b64_json": base64.b64encode(b"PNG").decode(), "revised_prompt": "r" * 900}

    async def chat(self, messages: Sequence[Any], *, model: str, **params: Any) -> Any:
        self.callers.append(params.pop("caller"))
        self.asked.append(("chat", list(messages), model, params))
        return SimpleNamespace(text=self.says)

    async def image(self, prompt: str, *, model: str | None = None, **params: Any) -> Images:
        self.callers.append(params.pop("caller"))
        self.asked.append(("image", prompt, model, params))
        return Images.model_validate({"data": [self.image_data]})

    async def embed(self, texts: list[str], *, model: str, caller: Caller) -> Any:
        self.callers.append(caller)
        self.asked.append(("embed", texts, model))
        return SimpleNamespace(vectors=[[1.0]])

    async def moderate(self, text: str, *, model: str | None = None, caller: Caller) -> Moderation:
        self.callers.append(caller)
        self.asked.append(("moderate", text, model))
        return Moderation.model_validate({"results": [{"flagged": False}]})


class FakePictures:
    def __init__(self) -> None:
        self.kept: list[tuple[bytes, dict[str, str]]] = []

    async def add(self, data: bytes, **row: str) -> str:
        self.kept.append((data, row))
        return "a picture"


class FakeStore:
    def __init__(self) -> None:
        self.rows: list[tuple[str, dict[str, Any]]] = []

    def write(self, table: str, **row: Any) -> None:
        self.rows.append((table, row))


@dataclass
class House:
    """An Ai among fakes; ``refuse`` maps a text's source to the reason against it."""

    refuse: dict[str, str] = field(default_factory=dict)
    image_model: str | None = "dall-e-3"
    api: FakeApi = field(default_factory=FakeApi)
    pictures: FakePictures = field(default_factory=FakePictures)
    reviewed: list[tuple[str, str, str | None]] = field(default_factory=list)

    def ai(self) -> Ai:
        async def review(text: str, source: str, speaker: str | None) -> str | None:
            self.reviewed.append((text, source, speaker))
            return self.refuse.get(source)

        models = Models("talker", self.image_model, None, "embedder")
        parts: Any = (self.api, models, FakeCharacter())
        pictures: Any = self.pictures
        ai = Ai(*parts, review=review, pictures=pictures, caller=Caller(session="s1", plugin="p1"))
        ai.may_paint = True
        return ai


def mud_of(session: FakeSession, *, may_command: bool = False) -> Mud:
    parts: Any = (session, FakeCharacter())
    return Mud(*parts, may_command=may_command)


# -- the MUD -------------------------------------------------------------------------------------------------------


async def test_each_way_to_speak_is_one_verb() -> None:
    session = FakeSession()
    mud = mud_of(session)
    await mud.say("a")
    await mud.tell("Ann", "b")
    await mud.channel("gossip", "c")
    await mud.emote("d")
    await mud.reply(TELL, "e")
    await mud.reply(Command("x", "", TELL), "f")
    assert session.done == [
        ("say", "a", None),
        ("answer", Speech("tell", "Ann", None), "b"),
        ("channel", "c", "gossip"),
        ("emote", "d", None),
        ("answer", TELL, "e"),
        ("answer", TELL, "f"),
    ]
    assert (mud.session, mud.room.name, (await mud.look()).name) == ("s1", "Hall", "Seen")


async def test_whoever_spoke_is_told_in_private_wherever_that_was() -> None:
    """With the id that was shown: some MUDs take no tell without it."""
    session = FakeSession()
    mud = mud_of(session)
    spoke = Speech("channel", "Ann", "hello", "ann1", "chat")
    await mud.tell(spoke, "a")
    await mud.tell(Command("x", "", spoke), "b")
    private = Speech("tell", "Ann", None, "ann1")
    assert session.done == [("answer", private, "a"), ("answer", private, "b")]


async def test_raw_commands_want_the_owners_permission() -> None:
    """Without it nothing is sent, and the message says which key to set."""
    session = FakeSession()
    with pytest.raises(PluginError, match=r"plugins\.NAME\.permissions\.commands: true"):
        await mud_of(session).send("quit")
    assert session.done == []
    await mud_of(session, may_command=True).send("look")
    assert session.done == [("raw", "look")]


async def test_of_several_commands_all_are_sent_or_none() -> None:
    """One that is not one plain line lets nothing out."""
    session = FakeSession()
    mud = mud_of(session, may_command=True)
    with pytest.raises(GateError, match="not one plain command line"):
        await mud.send("stand", "kill a\nquit")
    assert session.done == []
    await mud.send("stand", "kill a")
    assert session.done == [("raw", "stand"), ("raw", "kill a")]


def test_who_speaks_to_the_character_is_known_by_its_names() -> None:
    """The login's name and the persona's, and only where an answer can be given."""
    mud = mud_of(FakeSession())
    assert mud.addressed(say("Hello Chen!"))
    assert mud.addressed(say("老陈在吗"))
    assert mud.addressed(TELL)
    assert not mud.addressed(say("Hello all"))
    assert not mud.addressed(Speech("emote", None, "Chen waves"))
    assert not mud.addressed(Speech("channel", None, "Chen?", channel="gossip"))


def test_a_colleague_is_not_answered() -> None:
    """Two characters of one bot would go on for ever."""
    parts: Any = (FakeSession(), FakeCharacter())
    mud = Mud(*parts, may_command=False, colleagues=lambda: {"wang"})
    assert mud.addressed(say("Hello Chen!", "Ann"))
    assert not mud.addressed(say("Hello Chen!", "Wang"))
    assert (mud.colleague(say("Hello", "Wang")), mud.colleague(say("Hello", "Ann"))) == (True, False)


def test_a_colleague_is_known_however_the_mud_shows_it() -> None:
    """With a blank in its name, and by its login id where it goes by another name."""
    parts: Any = (FakeSession(), FakeCharacter())
    mud = Mud(*parts, may_command=False, colleagues=lambda: {"oldwang"})
    assert mud.colleague(say("Hello", "Old Wang"))
    assert mud.colleague(Speech("tell", "The host", "Hello", "OldWang"))
    assert not mud.colleague(Speech("tell", None, "Hello"))


# -- the models ----------------------------------------------------------------------------------------------------


async def test_an_answer_in_character_is_also_told_to_the_app() -> None:
    ai = House().ai()
    told: list[Answer] = []
    ai.on_answer = told.append
    answer = await ai.answer(TELL, Room("Hall"))
    assert answer.text == "hello, in Hall"
    assert told == [answer]


async def test_a_chat_is_reviewed_both_ways() -> None:
    """What a player said before it is sent, what the model said before it is returned."""
    house = House()
    assert await house.ai().chat("hi", system="be brief", speaker="Ann", temperature=0.1) == "welcome"
    assert house.reviewed == [("hi", "player", "Ann"), ("welcome", "model", "Ann")]
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hi"}]
    assert house.api.asked == [("chat", messages, "talker", {"temperature": 0.1})]


async def test_a_refused_text_never_reaches_the_model() -> None:
    house = House(refuse={"player": "rude"})
    for call in (house.ai().chat("hi"), house.ai().image("hi")):
        with pytest.raises(RefusedError, match="refused: rude"):
            await call
    assert house.api.asked == []


async def test_a_refused_answer_is_withheld() -> None:
    with pytest.raises(RefusedError, match="refused: violent"):
        await House(refuse={"model": "violent"}).ai().chat("hi")


async def test_pictures_want_the_owners_permission() -> None:
    """Before anything is reviewed or paid for."""
    house = House()
    ai = house.ai()
    ai.may_paint = False
    with pytest.raises(PluginError, match=r"plugins\.p1\.permissions\.images: true"):
        await ai.image("a crane")
    assert (house.api.asked, house.reviewed) == ([], [])


async def test_a_picture_is_made_and_kept() -> None:
    house = House()
    assert str(await house.ai().image("a crane", speaker="Ann", size="256x256")) == "a picture"
    params = {"size": "256x256", "response_format": "b64_json"}
    assert house.api.asked == [("image", "a crane", "dall-e-3", params)]
    row = {"session": "s1", "speaker": "Ann", "prompt": "a crane", "caption": "r" * 500}
    data, kept = house.pictures.kept[0]
    assert (data, kept | row) == (b"PNG", kept)


async def test_a_picture_without_a_caption_has_its_prompt() -> None:
    house = House()
    house.api.image_data["revised_prompt"] = None
    await house.ai().image("a crane")
    assert house.pictures.kept[0][1]["caption"] == "a crane"


async def test_what_a_picture_is_called_is_reviewed_as_the_models_words() -> None:
    """A server writes its own prompt, which links and galleries show; the wish itself is reviewed once."""
    house = House()
    await house.ai().image("a crane", speaker="Ann")
    assert house.reviewed == [("a crane", "player", "Ann"), ("r" * 500, "model", "Ann")]
    house = House(refuse={"model": "rude"})
    with pytest.raises(RefusedError, match="rude"):
        await house.ai().image("a crane")
    assert not house.pictures.kept


async def test_models_that_know_no_response_format_are_not_given_one() -> None:
    house = House(image_model="gpt-image-1")
    await house.ai().image("a crane")
    assert house.api.asked[0][3] == {"size": "1024x1024"}


@pytest.mark.parametrize("data", [{"url": "http://x/y.png"}, {"b64_json": "%%%"}, {}])
async def test_anything_but_the_picture_itself_is_a_bad_answer(data: dict[str, str]) -> None:
    """A link would have to be fetched, and nothing is fetched from where a server says."""
    house = House()
    house.api.image_data = data
    with pytest.raises(BadAnswerError):
        await house.ai().image("a crane")
    assert house.pictures.kept == []


async def test_the_other_endpoints_use_their_own_models() -> None:
    house = House()
    assert await house.ai().embed(("a", "b")) == [[1.0]]
    assert not (await house.ai().moderate("text")).flagged
    assert house.api.asked == [("embed", ["a", "b"], "embedder"), ("moderate", "text", None)]


# -- notes and the bot ---------------------------------------------------------------------------------------------


def test_a_decision_is_noted_for_its_session() -> None:
    """A text of any length costs a bounded row."""
    store: Any = FakeStore()
    Notes(store, "s1").decision("rude", "x" * 9000, source="player", speaker=None)
    row = {"session": "s1", "speaker": "", "source": "player", "reason": "rude", "text": "x" * 2000}
    assert store.rows == [("decisions", row)]


async def test_the_status_names_what_is_paused(host: Host) -> None:
    """The session, the plugins, the API's calls, and no address."""
    session: Any = FakeSession()
    api: Any = SimpleNamespace(running=1, waiting=2)
    bot = Bot(host, session, api, Triggers(host, Watched()))
    await host.add(Watched())
    assert bot.status() == Status("s1", "playing", ("watched",), (), 1, 2)
    host.running["watched"].pause("owner", "for a while")
    assert bot.status().paused == ("watched",)
    assert (bot.prefix, list(bot.commands())) == ("!", [])


async def test_every_call_says_on_whose_behalf_it_is() -> None:
    """The queue gives each player a turn, and the budgets know who pays."""
    house = House()
    ai = house.ai()
    await ai.chat("hello", speaker="Bob")
    await ai.image("a lake", speaker="Bob")
    await ai.moderate("hello", speaker="Ann")
    await ai.embed(["hello"])
    assert [(c.player, c.priority, c.session, c.plugin) for c in house.api.callers] == [
        ("Bob", Priority.REPLY, "s1", "p1"),
        ("Bob", Priority.NORMAL, "s1", "p1"),
        ("Ann", Priority.REPLY, "s1", "p1"),
        ("", Priority.NORMAL, "s1", "p1"),
    ]
