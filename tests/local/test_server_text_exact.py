"""The text endpoints against the real small model: what they promise of tokens, stops, echoes and streams, exactly."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio

from mudbot.local.models import choose, path_of
from mudbot.local.server import LocalServer, Parts
from tests.local.server_fakes import Client, small_model

pytestmark = [pytest.mark.real, pytest.mark.asyncio(loop_scope="module")]

ONCE = {"prompt": "Once upon a time", "temperature": 0}
HELLO = {"messages": [{"role": "user", "content": "Hello!"}], "temperature": 0}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def client() -> AsyncIterator[Client]:
    await asyncio.to_thread(small_model)
    async with LocalServer(model="smollm2", parts=Parts()) as server, aiohttp.ClientSession() as session:
        yield Client(server, session)


async def complete(client: Client, **body: Any) -> Any:
    """A whole answer, and the same streamed: both must say the same."""
    whole = await client.post("/completions", **body)
    assert whole.status == 200, whole.text
    if (body.get("best_of") or 1) <= body.get("n", 1):
        streamed = await client.post("/completions", **body, stream=True, stream_options={"include_usage": True})
        *chunks, last, done = streamed.events
        assert (last["choices"], done) == ([], "[DONE]")
        assert all(chunk["usage"] is None for chunk in chunks)
        same = ("prompt_tokens", "completion_tokens", "total_tokens")
        assert [last["usage"][name] for name in same] == [whole.json["usage"][name] for name in same]
        for choice in whole.json["choices"]:
            own = [chunk["choices"][0] for chunk in chunks if chunk["choices"][0]["index"] == choice["index"]]
            assert "".join(piece["text"] for piece in own) == choice["text"]
            assert [piece["finish_reason"] for piece in own if piece["finish_reason"]] == [choice["finish_reason"]]
            for name, told in (choice["logprobs"] or {}).items():
                pieces = [item for piece in own for item in (piece["logprobs"] or {}).get(name, [])]
                if name == "token_logprobs":  # a prompt that comes from the cache is computed in another order
                    assert [round(p, 1) for p in pieces if p] == [round(p, 1) for p in told if p]
                elif name != "top_logprobs":
                    assert pieces == told
    return whole.json


async def refused(client: Client, path: str = "/completions", **body: Any) -> Any:
    """The error of a request that must be the client's fault."""
    answer = await client.post(path, **body)
    assert answer.status == 400, answer.text
    return answer.error


# -- stop and finish -----------------------------------------------------------------------------------------------


async def test_a_stop_sequence_works_across_tokens_and_is_never_said(client: Client) -> None:
    """It may begin in the middle of one token and end in another; nothing of it, and nothing after it, comes out."""
    free = (await complete(client, **ONCE, max_tokens=12))["choices"][0]["text"]
    assert len(free) > 12
    for at in range(1, 9):
        stop = free[at : at + 4]
        choice = (await complete(client, **ONCE, max_tokens=12, stop=[stop, "\x00"]))["choices"][0]
        assert choice["text"] == free[: free.index(stop)]
        assert choice["finish_reason"] == "stop"


async def test_what_only_looks_like_a_stop_is_said(client: Client) -> None:
    """Text held back for a stop that did not come is let out at the end."""
    free = (await complete(client, **ONCE, max_tokens=6))["choices"][0]["text"]
    choice = (await complete(client, **ONCE, max_tokens=6, stop=[free[-3:] + "\x00"]))["choices"][0]
    assert (choice["text"], choice["finish_reason"]) == (free, "length")


async def test_the_reason_of_the_end_and_the_usage_are_exact(client: Client) -> None:
    """Length where the bound was met, with as many tokens as the bound; stop where the model ended."""
    bound = await complete(client, **ONCE, max_tokens=5)
    assert (bound["choices"][0]["finish_reason"], bound["usage"]["completion_tokens"]) == ("length", 5)
    assert bound["usage"]["prompt_tokens"] == 4  # Once| upon| a| time
    chat = (await client.post("/chat/completions", **HELLO, max_tokens=200)).json
    assert chat["choices"][0]["finish_reason"] == "stop"
    assert chat["usage"]["completion_tokens"] < 200


async def test_the_same_seed_says_the_same_and_another_something_else(client: Client) -> None:
    """Also with several answers, which differ from one another."""
    body = {"prompt": "The old", "max_tokens": 8, "temperature": 1.5, "n": 3, "seed": 11}
    first, again = await complete(client, **body), await complete(client, **body)
    other = await complete(client, **{**body, "seed": 99})
    texts = [[choice["text"] for choice in answer["choices"]] for answer in (first, again, other)]
    assert texts[0] == texts[1]
    assert texts[0] != texts[2]
    assert len(set(texts[0])) == 3
    assert first["usage"]["prompt_tokens"] == 2


async def test_a_bias_forbids_and_forces_tokens(client: Client) -> None:
    """By the model's own token numbers."""
    forced = await complete(client, **ONCE, max_tokens=3, logit_bias={"253": 100})
    assert forced["choices"][0]["text"] == " a a a"
    plain = (await complete(client, **ONCE, max_tokens=1))["choices"][0]["text"]
    assert plain == ","
    forbidden = (await complete(client, **ONCE, max_tokens=1, logit_bias={"28": -100}))["choices"][0]["text"]
    assert forbidden != ","


# -- log probabilities ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("top", [0, 1, 5])
async def test_log_probabilities_name_every_token_of_the_text(client: Client, top: int) -> None:
    """Each with its place in the text, and the best alternatives that were asked for."""
    choice = (await complete(client, **ONCE, max_tokens=6, logprobs=top))["choices"][0]
    told = choice["logprobs"]
    assert "".join(told["tokens"]) == choice["text"]
    assert told["text_offset"] == [len("".join(told["tokens"][:at])) for at in range(len(told["tokens"]))]
    assert all(len(best) == top for best in told["top_logprobs"])
    assert all(value <= 0 for value in told["token_logprobs"])


async def test_log_probabilities_end_with_the_text_that_a_stop_cuts(client: Client) -> None:
    """Tokens keep their own names while text is held back; those behind the cut are not told."""
    free = (await complete(client, **ONCE, max_tokens=10, logprobs=1))["choices"][0]
    third = free["logprobs"]["tokens"][3]
    stop = third[2:] + free["logprobs"]["tokens"][4][:2]  # begins inside of the fourth token
    cut = (await complete(client, **ONCE, max_tokens=10, logprobs=1, stop=stop))["choices"][0]
    assert cut["text"] == free["text"][: free["text"].index(stop)]
    assert cut["logprobs"]["tokens"] == free["logprobs"]["tokens"][:4]
    assert cut["logprobs"]["text_offset"] == free["logprobs"]["text_offset"][:4]


async def test_characters_of_several_tokens_are_whole(client: Client) -> None:
    """No half of a character is ever sent, and the names still make up the text."""
    body = {"prompt": "Say:", "temperature": 0, "max_tokens": 20, "grammar": 'root ::= "😀你好😃"', "logprobs": 1}
    choice = (await complete(client, **body))["choices"][0]
    assert choice["text"] == "😀你好😃"
    assert "".join(choice["logprobs"]["tokens"]) == "😀你好😃"
    assert choice["logprobs"]["text_offset"] == [0, 1, 2, 3]


@pytest.mark.parametrize("top", [None, 0, 3])
async def test_a_chat_tells_log_probabilities_as_asked(client: Client, top: int | None) -> None:
    """The chosen tokens always, as many others as asked for, with bytes, whole and streamed."""
    body = {**HELLO, "max_tokens": 4, "logprobs": True, **({} if top is None else {"top_logprobs": top})}
    choice = (await client.post("/chat/completions", **body)).json["choices"][0]
    entries = choice["logprobs"]["content"]
    assert "".join(entry["token"] for entry in entries) == choice["message"]["content"]
    assert all(bytes(entry["bytes"]).decode() == entry["token"] for entry in entries)
    assert [len(entry["top_logprobs"]) for entry in entries] == [top or 0] * 4
    assert set(entries[0]) == {"token", "bytes", "logprob", "top_logprobs"}
    chunks = (await client.post("/chat/completions", **body, stream=True)).events[:-1]
    streamed = [entry for chunk in chunks for entry in (chunk["choices"][0]["logprobs"] or {}).get("content", [])]
    assert [entry["token"] for entry in streamed] == [entry["token"] for entry in entries]


# -- echo, and prompts as the model reads them ---------------------------------------------------------------------


async def test_an_echo_tells_how_likely_the_prompt_is(client: Client) -> None:
    """As the model itself says when it writes the same words; nothing stands before the first token."""
    written = (await complete(client, **ONCE, max_tokens=4, logprobs=2))["choices"][0]
    said = ONCE["prompt"] + written["text"]
    echoed = await complete(client, prompt=said, max_tokens=0, echo=True, logprobs=2)
    told = echoed["choices"][0]["logprobs"]
    assert echoed["choices"][0]["text"] == said
    assert (told["token_logprobs"][0], told["top_logprobs"][0]) == (None, None)
    assert told["tokens"][4:] == written["logprobs"]["tokens"]
    assert told["token_logprobs"][4:] == pytest.approx(written["logprobs"]["token_logprobs"], abs=0.1)
    assert told["text_offset"] == [0, 4, 9, 11, *(16 + at for at in written["logprobs"]["text_offset"])]
    assert (echoed["usage"]["prompt_tokens"], echoed["usage"]["completion_tokens"]) == (8, 0)
    assert echoed["choices"][0]["finish_reason"] == "length"


async def test_an_echo_goes_on_into_the_answer(client: Client) -> None:
    """Prompt and answer are one text with one row of tokens."""
    choice = (await complete(client, **ONCE, max_tokens=3, echo=True, logprobs=1))["choices"][0]
    told = choice["logprobs"]
    assert choice["text"].startswith(ONCE["prompt"])
    assert "".join(told["tokens"]) == choice["text"]
    assert told["text_offset"] == [len("".join(told["tokens"][:at])) for at in range(7)]


async def test_a_prompt_of_characters_in_parts_is_told_byte_by_byte(client: Client) -> None:
    """A token that is a part of a character is named by its bytes, as OpenAI does, and has its own probability."""
    echoed = await complete(client, prompt="a 你", max_tokens=0, echo=True, logprobs=1)
    told = echoed["choices"][0]["logprobs"]
    assert echoed["choices"][0]["text"] == "a 你"
    assert told["tokens"][-2:] == ["bytes:\\xe4\\xbd", "bytes:\\xa0"]
    assert all(value < 0 for value in told["token_logprobs"][1:])
    assert told["text_offset"] == [0, 1, 2, 2]


async def test_a_prompt_may_be_numbers(client: Client) -> None:
    """The model's own tokens: one list, or several, count as the text that they are."""
    numbers = [6403, 1980, 253, 655]
    text = await complete(client, **ONCE, max_tokens=4, echo=True)
    one = await complete(client, prompt=numbers, temperature=0, max_tokens=4, echo=True)
    two = await complete(client, prompt=[numbers, numbers], temperature=0, max_tokens=4)
    assert one["choices"][0]["text"] == text["choices"][0]["text"]
    assert one["usage"]["prompt_tokens"] == 4
    assert [choice["index"] for choice in two["choices"]] == [0, 1]
    assert two["usage"]["prompt_tokens"] == 8


async def test_numbers_that_are_no_text_are_refused(client: Client) -> None:
    """Beyond the vocabulary, or tokens that steer the model, which no player's text may hold either."""
    assert "no tokens of this model" in (await refused(client, prompt=[10**7]))["message"]
    assert "control tokens" in (await refused(client, prompt=[6403, 2, 1]))["message"]
    assert "control tokens" in (await refused(client, prompt=[6403, 2, 1], echo=True, max_tokens=0))["message"]


async def test_nothing_at_all_begins_a_new_text(client: Client) -> None:
    """As at OpenAI: an empty prompt is the beginning of a document."""
    answer = await complete(client, prompt="", max_tokens=5, temperature=0)
    assert answer["choices"][0]["text"].strip()
    assert answer["usage"]["completion_tokens"] == 5


# -- the best of several, texts between texts, shapes --------------------------------------------------------------


async def test_the_best_of_several_is_the_likeliest(client: Client) -> None:
    """By the mean of its tokens; all that was written is counted."""
    body = {"prompt": "The old", "max_tokens": 6, "temperature": 1.8, "seed": 4, "logprobs": 1}
    every = await complete(client, **body, n=6)
    best = await complete(client, **body, n=2, best_of=6)

    def mean(choice: Any) -> float:
        return float(sum(choice["logprobs"]["token_logprobs"]) / len(choice["logprobs"]["token_logprobs"]))

    ranked = sorted(every["choices"], key=mean, reverse=True)
    assert [choice["text"] for choice in best["choices"]] == [choice["text"] for choice in ranked[:2]]
    assert [choice["index"] for choice in best["choices"]] == [0, 1]
    assert best["usage"]["completion_tokens"] == every["usage"]["completion_tokens"]
    silent = await complete(client, **{**body, "logprobs": None}, best_of=6)
    assert silent["choices"][0]["text"] == ranked[0]["text"]
    assert silent["choices"][0]["logprobs"] is None


async def test_a_model_that_cannot_fill_in_says_so(client: Client) -> None:
    """The small model was not trained for it; the error names the field and the model."""
    error = await refused(client, prompt="def f(", suffix="return 1")
    assert error["param"] == "suffix"
    assert "smollm2" in error["message"]


@pytest.mark.skipif(not path_of(choose("0.5b")).is_file(), reason="the 0.5B model is not there: mudbot models fetch")
async def test_a_model_of_code_writes_between_two_texts() -> None:
    """The suffix is read, not repeated as a prompt: what stands between fits it; the answer has neither of the two."""
    async with LocalServer(model="0.5b", parts=Parts()) as server, aiohttp.ClientSession() as session:
        answer = await Client(server, session).post(
            "/completions", suffix="\n\nprint(add(1, 2))\n", prompt="", max_tokens=24, temperature=0
        )
    choice = answer.json["choices"][0]
    assert choice["text"].startswith("def add(a, b):")
    assert answer.json["usage"]["prompt_tokens"] == 12


async def test_an_answer_may_have_to_be_json(client: Client) -> None:
    """Any object, or one of a shape."""
    messages = [{"role": "user", "content": "Describe a sword as JSON with its name."}]
    free = await client.post(
        "/chat/completions", messages=messages, max_tokens=120, temperature=0, response_format={"type": "json_object"}
    )
    choice = free.json["choices"][0]
    if choice["finish_reason"] == "stop":
        assert isinstance(json.loads(choice["message"]["content"]), dict)
    assert choice["message"]["content"].lstrip().startswith("{")
    schema = {"type": "object", "properties": {"sharp": {"type": "boolean"}}, "required": ["sharp"]}
    shaped = {"type": "json_schema", "json_schema": {"name": "s", "schema": {**schema, "additionalProperties": False}}}
    answer = await client.post("/chat/completions", messages=messages, max_tokens=40, response_format=shaped)
    assert set(json.loads(answer.json["choices"][0]["message"]["content"])) == {"sharp"}


async def test_several_prompts_keep_their_order(client: Client) -> None:
    """Choices of the first prompt come first, with indexes through all."""
    answer = await complete(client, prompt=["One, two,", "Red, green,"], n=2, max_tokens=2, echo=True, seed=1)
    assert [choice["text"].split(",")[0] for choice in answer["choices"]] == ["One", "One", "Red", "Red"]
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
