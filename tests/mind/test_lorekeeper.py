"""What a character's lore knows of a talk: who speaks, where, when, and what was called before."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from datetime import datetime
from typing import Any

from mudbot.events import Room, Speech
from mudbot.mind import lorekeeper
from mudbot.mind.character import Character, Model
from mudbot.mind.context import Prompt, estimate_tokens
from mudbot.mind.lore import Recalled
from mudbot.mind.lorekeeper import Lorekeeper
from mudbot.mind.persona import Persona
from mudbot.mind.remembered import Remembered

PERSONA = Persona.model_validate(
    {
        "name": "Chen",
        "languages": ["en", "zh"],
        "description": "Chen keeps an inn.",
        "groups": {"family": ["Lan"]},
        "lore": [
            {"keys": ["wine"], "text": "Wine is 5 coppers, {{user}}."},
            {"constant": True, "text": "{{char}} owns the ferry."},
            {"keys": ["secret"], "text": "The gold is under the stove.", "roles": ["owner"]},
            {"keys": ["secret"], "text": "My wife is well.", "groups": ["family"], "position": "system"},
            {"keys": ["street"], "text": "It is dark.", "rooms": ["street"], "times": ["20:00-05:00"]},
            {"keys": ["rain"], "text": "Rain!", "cooldown": 10},
        ],
        "lorebook": {"most": 0},
        "fallbacks": {"en": ["Hm?"], "zh": ["啊？"]},
        "sampling": {"models": {"tiny*": {"temperature": 0.1}}},
    }
)
NIGHT = datetime(2026, 5, 1, 23, 0).timestamp()  # noqa: DTZ001  # the bot's own time


def keeper() -> Lorekeeper:
    kept = Lorekeeper(PERSONA, estimate_tokens)
    kept.wall = lambda: NIGHT
    kept.role_of = lambda speech: "owner" if speech.id == "boss" else "anyone"
    return kept


def texts(kept: Lorekeeper, text: str, speaker: str = "Ann", **more: Any) -> set[str]:
    room = Room(more.pop("room", ""))
    speech = Speech(more.pop("kind", "say"), speaker, text, **more)
    return {each.entry.text for each in kept.recall([text], speech, room, key=speaker) if not each.entry.constant}


def test_pieces_are_for_whom_and_where_they_say() -> None:
    assert texts(keeper(), "a secret") == set()
    assert texts(keeper(), "a secret", "Boss", id="boss") == {"The gold is under the stove."}
    assert texts(keeper(), "a secret", "lan") == {"My wife is well."}
    assert texts(keeper(), "the street", room="Market Street") == {"It is dark."}
    by_day = keeper()
    by_day.wall = lambda: NIGHT + 12 * 3600
    assert texts(by_day, "the street", room="Market Street") == set()


def test_every_conversation_has_its_own_state() -> None:
    """What rests with one is there for another, and in private; the states are bounded."""
    kept = keeper()
    assert [texts(kept, "rain", who) for who in ("Ann", "Ann", "Bob")] == [{"Rain!"}, set(), {"Rain!"}]
    assert texts(kept, "rain", "Ann", kind="tell") == {"Rain!"}
    for number in range(lorekeeper.CONVERSATIONS + 10):
        texts(kept, "hello", str(number))
    assert repr(kept) == f"<Lorekeeper of Chen, {lorekeeper.CONVERSATIONS} conversations>"


class Said:
    text = "Sit down, friend, the wine is good."


class Texts:
    """A model that notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[Any], dict[str, Any]]] = []

    async def chat(self, messages: Any, *, model: str, **params: Any) -> Said:
        self.asked.append((list(messages), params))
        return Said()

    async def complete(self, prompt: str, *, model: str, **params: Any) -> Said:
        raise AssertionError((prompt, model, params))

    async def chat_stream(self, messages: Any, *, model: str, **params: Any) -> AsyncGenerator[Any, None]:
        yield await self.chat(messages, model=model, **params)

    async def complete_stream(self, prompt: str, *, model: str, **params: Any) -> AsyncGenerator[Any, None]:
        yield await self.complete(prompt, model=model, **params)


class Nothing:
    """A memory of nothing."""

    async def recall(self, speech: Speech, room: Room) -> Remembered:
        return Remembered()

    def remember(self, speech: Speech, room: Room, answer: str) -> None:
        """Do not."""


async def unreviewed(_text: str, _source: str, _speaker: str | None) -> None:
    return None


async def test_a_character_is_asked_with_its_lore_its_language_and_its_models_sampling() -> None:
    """The speaker's name stands in lore at the line; what is constant with what it is told at the beginning."""
    model, seen = Texts(), list[tuple[Prompt, Recalled]]()
    character = Character(PERSONA, model, Model("Tiny-1b", "chat"), memory=Nothing(), review=unreviewed)
    character.on_prompt = lambda prompt, recalled: seen.append((prompt, recalled))
    await character.answer(Speech("say", "Ann", "Have you wine?"), Room("Inn"))
    messages, params = model.asked[0]
    assert params["temperature"] == 0.1
    assert "- Chen owns the ferry." in messages[0]["content"]
    assert messages[-1]["content"].endswith("Ann: Have you wine?\n(Chen thinks: Wine is 5 coppers, Ann.)")
    assert [called.why for called in seen[0][1]] == ["constant", "key 'wine'"]
    answer = await character.answer(Speech("say", "安", "有酒吗？"), Room("Inn"))
    assert model.asked[1][0][0]["content"].endswith("请以Chen的身份回话，一两句口语，只说话，不写动作。")
    assert (answer.source, answer.text) == ("fallback", "啊？"), "an English answer to Chinese is refused"
