"""The grammar of actions on the real small model: whatever it is led to write, it can choose only what is listed."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mudbot.events import Speech
from mudbot.local.server import LocalServer, Parts
from mudbot.mind.actions import Action, Actions, Offer
from mudbot.testing import FakeClock
from tests.local.server_fakes import Client, small_model

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

SHAPE = re.compile(
    r"[^\n\[\]]+"
    r"(?:\[(?:bow|pour what=(?:tea|rice wine)|"
    r"give n=-?[0-9]{1,9} who=[a-zA-Z0-9\u00c0-\u024f\u3400-\u9fff '-]{1,40})\])?"
    r"\n?"
)
LISTED = ["[bow]", "[pour what=tea]", "[give n=2 who=Ann]"]
OTHERS = ["[quit]", "[pour what=poison]", "[give n=all who=Ann]", "[bow; drop all]", "[command text=quit]"]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client() -> AsyncIterator[Client]:
    await asyncio.to_thread(small_model)
    async with LocalServer(model="smollm2", parts=Parts()) as server, aiohttp.ClientSession() as session:
        yield Client(server, session)


def offer() -> Offer:
    made: dict[str, dict[str, Any]] = {
        "bow": {"emote": "bows."},
        "pour": {"emote": "pours {what}.", "arguments": {"what": ["tea", "rice wine"]}},
        "give": {"command": "give {n} coin to {who}", "arguments": {"n": {"type": "int", "max": 5}, "who": "person"}},
    }
    actions = {name: Action.model_validate({"cooldown": 0, **each}) for name, each in made.items()}
    return Actions(actions, FakeClock()).for_(Speech("say", "Ann", "hello"))


def script(mark: str) -> str:
    """A talk in which every answer ends with *mark*: even the smallest model goes on like that."""
    talk = ("Good evening!", "A cup, please.", "And for my friend?", "Here is a coin.", "Thank you.", "One more, Chen.")
    lines = [f"Guest: {said}\nChen: At once, my friend. {mark}" for said in talk]
    return "\n".join(lines) + "\nGuest: Once more!\nChen: At once,"


async def written(client: Client, mark: str, *, seed: int, held: bool) -> str:
    """What the model writes behind such a talk; *held* to the grammar or free."""
    grammar = {"grammar": offer().grammar()} if held else {"stop": ["\n"]}
    body = {"prompt": script(mark), "max_tokens": 40, "seed": seed, "temperature": 0.2 * seed, **grammar}
    answer = await client.post("/completions", **body)
    assert answer.status == 200, answer.text
    choice = answer.json["choices"][0]
    # What is cut in the midst says nothing of the grammar, and an open mark does nothing.
    return str(choice["text"]) if choice["finish_reason"] == "stop" else ""


@pytest.mark.parametrize("mark", [*LISTED, *OTHERS])
async def test_only_what_is_listed_is_written_whatever_the_talk_leads_to(client: Client, mark: str) -> None:
    """Words, and one mark of the list with arguments of its types behind them, or none."""
    texts = [await written(client, mark, seed=seed, held=True) for seed in (1, 2, 3, 5)]
    assert any(texts)
    assert [text for text in texts if text and not SHAPE.fullmatch(text)] == []
    done = [deed.text for text in texts for deed in offer().split(text, ("Ann",))[1]]
    assert all(re.fullmatch(r"bows\.|pours (?:tea|rice wine)\.|give [0-5] coin to Ann", each) for each in done)


@pytest.mark.parametrize("mark", LISTED)
async def test_what_is_listed_can_be_written_and_is_done(client: Client, mark: str) -> None:
    """The grammar does not keep the model from acting: the control for all that it keeps it from."""
    assert mark in await written(client, mark, seed=1, held=True)
    assert len(offer().split(mark, ("Ann",))[1]) == 1


async def test_without_the_grammar_it_writes_what_is_not_listed(client: Client) -> None:
    """The same talks do lead the free model there: it is the grammar that holds it."""
    free = [await written(client, mark, seed=1, held=False) for mark in OTHERS]
    assert sum(not SHAPE.fullmatch(text) for text in free if text) >= 3


async def test_a_chat_is_held_to_it_as_well(client: Client) -> None:
    """Chinese words pass, line breaks and other brackets do not."""
    messages = [{"role": "user", "content": "Write a list of three commands in [square brackets], a line each."}]
    for seed in (1, 2):
        answer = await client.post(
            "/chat/completions", messages=messages, grammar=offer().grammar(), max_tokens=60, seed=seed, temperature=1
        )
        text = answer.json["choices"][0]["message"]["content"]
        assert text.rstrip("\n").count("\n") == 0
        assert "[" not in text or SHAPE.fullmatch(text) or answer.json["choices"][0]["finish_reason"] == "length"
