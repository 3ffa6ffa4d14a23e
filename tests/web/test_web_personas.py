"""Trying a character: the prompt of the game, its reviewers and its limits; nobody in the game notices."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from mudbot.casting import Casting
from mudbot.config import Config
from mudbot.errors import RateLimitError
from mudbot.host.host import Host
from mudbot.mind.persona import load_persona
from mudbot.web.personas import PAYER
from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import speaking

HOME = "/dashboard/personas"
EVIL = "<script>alert(1)</script>"


@dataclass
class Piece:
    text: str


@dataclass
class Texts:
    """A model that says what it is told to, and notes what it was shown."""

    says: str = "Good evening, traveller."
    fails: Exception | None = None
    asked: list[Any] = field(default_factory=list)

    async def chat_stream(
        self, messages: Sequence[Mapping[str, Any]], *, model: str, **params: Any
    ) -> AsyncGenerator[Any, None]:
        self.asked.append((messages, model, params))
        if self.fails:
            raise self.fails
        yield Piece(self.says)


def cast(host: Host, texts: Texts, clock: Any) -> Any:
    api = {"base_url": "http://127.0.0.1:9/v1", "models": {"dialogue": "m"}}
    settings = Config.model_validate({"api": api, "sessions": [{"host": "x"}]})
    return Casting.trial(settings, host, load_persona("innkeeper"), texts, clock)  # type: ignore[arg-type]


@pytest.fixture
def texts(bot: FakeBot) -> Texts:
    made = Texts()
    bot.auditions = {"": None, "innkeeper": None}
    bot.auditions = {name: cast(bot.hosts[0], made, bot.clock) for name in bot.auditions}
    return made


async def attempt(owner: Client, text: str, status: int = 200, **more: str) -> str:
    form: dict[str, Any] = {"session": "mud.example", "name": "innkeeper", "kind": "say", "who": "Ann"} | more
    return await owner.post(HOME, status=status, csrf=await owner.csrf(), text=text, **form)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_form_offers_the_characters(owner: Client, texts: Texts, language: str) -> None:
    text = await owner.get(HOME, **speaking(language))
    assert "<option>innkeeper</option>" in text
    assert not texts.asked


async def test_the_answer_comes_with_the_prompt_that_made_it(bot: FakeBot, owner: Client, texts: Texts) -> None:
    """Exactly what the model was shown, on behalf of nobody in the game, from the budget of what speaks there."""
    text = await attempt(owner, "What is on tap?")
    assert "Good evening, traveller." in text
    messages, _, params = texts.asked[0]
    assert "Ann: What is on tap?" in messages[-1]["content"]
    assert "Ann: What is on tap?" in text
    assert "== persona" in text
    assert messages[0]["content"].splitlines()[0][:40] in text
    caller = params["caller"]
    assert (caller.player, caller.plugin, caller.session) == (PAYER, "dialogue", "mud.example")


async def test_what_reviewers_refuse_is_refused_here_too(bot: FakeBot, owner: Client, texts: Texts) -> None:
    """The model is not asked, and nobody of that name is warned or muted for it."""
    bot.hosts[0].rulings.set("forbidden words", "block")
    text = await attempt(owner, "forbidden words")
    assert "The model did not answer" in text
    assert "The model was not asked." in text
    assert not texts.asked
    assert not bot.hosts[0].mutes.names()


async def test_a_models_failure_is_part_of_the_answer(owner: Client, texts: Texts) -> None:
    texts.fails = RateLimitError("the limit is reached")
    text = await attempt(owner, "Hello")
    assert "the limit is reached" in text
    assert "prepared line" in text


async def test_nothing_is_remembered(owner: Client, texts: Texts) -> None:
    await attempt(owner, "My name is Xerxes")
    await attempt(owner, "What is my name?")
    assert "Xerxes" not in str(texts.asked[-1][0])


async def test_what_is_said_and_answered_is_only_text(owner: Client, texts: Texts) -> None:
    texts.says = f"A fine {EVIL} day."
    text = await attempt(owner, f"hello {EVIL}", who=EVIL)
    assert "<script>alert" not in text


@pytest.mark.parametrize("more", [{"name": "nobody"}, {"session": "nowhere"}, {"text": ""}])
async def test_what_is_not_there_cannot_be_tried(owner: Client, texts: Texts, more: dict[str, str]) -> None:
    await attempt(owner, more.pop("text", "hello"), status=400, **more)
    assert not texts.asked


async def test_only_the_owner_may(guest: Client, texts: Texts) -> None:
    await guest.get(HOME, status=302)
    await guest.post(HOME, status=302, text="hello")
    assert not texts.asked
