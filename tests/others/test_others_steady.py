"""Every request of our adapter, judged by a program that holds it against OpenAI's own description of its API.

Both years: 2023's document knows 22 of the 23 calls, today's those that are left and chat.  What steady answers is made
up and often nonsense, so the adapter may complain of the answer; what counts is its verdict on the request.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mudbot.api import Api, Moderation, Upload
from mudbot.api.calls import Call, Options
from mudbot.api.types import FineTuneEvents
from mudbot.errors import ApiError
from tests.others.programs import HttpProgram, steady

OLD, NEW = "openai-2023-02-07.yaml", "openai-2026.yaml"
SAY = [{"role": "user", "content": "你好"}]
PNG = Upload("a.png", b"\x89PNG\r\n\x1a\n a picture", "image/png")
LINES = Upload("a.jsonl", b'{"prompt": "a", "completion": "b"}\n')

Had = Callable[[Callable[[], HttpProgram]], HttpProgram]
Ask = Callable[[Api], Awaitable[Any] | AsyncGenerator[Any, None]]


OPERATIONS = {
    1: "GET /models",
    2: "GET /models/{}",
    3: "DELETE /models/{}",
    4: "POST /completions",
    5: "POST /chat/completions",
    6: "POST /edits",
    7: "POST /images/generations",
    8: "POST /images/edits",
    9: "POST /images/variations",
    10: "POST /embeddings",
    11: "GET /files",
    12: "POST /files",
    13: "DELETE /files/{}",
    14: "GET /files/{}",
    15: "GET /files/{}/content",
    16: "POST /fine-tunes",
    17: "GET /fine-tunes",
    18: "GET /fine-tunes/{}",
    19: "POST /fine-tunes/{}/cancel",
    20: "GET /fine-tunes/{}/events",
    21: "POST /moderations",
    22: "GET /engines",
    23: "GET /engines/{}",
}
"""The calls by their number, as 2023's document names them; today's has ``/fine_tuning/jobs`` for ``/fine-tunes``."""

NOTHING_TO_GET_WRONG = {1, 2, 3, 13, 14, 15, 18, 19, 22, 23}
"""Calls without a parameter but the id in their path, which may be any word."""


def content(api: Api) -> Awaitable[Path]:
    return api.file_content("file-1", Path("content.jsonl"))


def made_by_hand(method: str, path: str, kind: type[Any], **more: Any) -> Ask:
    """A request that no method of the adapter lets out."""
    return lambda api: api._one(Call(method, path, kind, **more), Options())


GOOD: dict[str, dict[str, Ask]] = {
    OLD: {
        "1 models": lambda api: api.models(),
        "2 model": lambda api: api.model("text-davinci-003"),
        "3 delete model": lambda api: api.delete_model("curie:ft-me-2023"),
        "4 completion": lambda api: api.complete("Once", model="text-davinci-003", max_tokens=5, stop=["."], n=2),
        "4 stream": lambda api: api.complete_stream("Once", model="text-davinci-003"),
        "6 edit": lambda api: api.edit("a dog", "make it a cat", model="text-davinci-edit-001", n=2),
        "7 image": lambda api: api.image("大漠孤烟直", n=10, size="256x256", response_format="url"),
        "8 edit image": lambda api: api.edit_image(PNG, "snow", mask=PNG, n=2, size="512x512"),
        "9 vary image": lambda api: api.vary_image(PNG, n=3, size="256x256", response_format="b64_json"),
        "10 embeddings": lambda api: api.embed(["a", "b"], model="text-embedding-ada-002"),
        "11 files": lambda api: api.files(),
        "12 upload": lambda api: api.upload_file(LINES, "fine-tune"),
        "13 delete file": lambda api: api.delete_file("file-1"),
        "14 file": lambda api: api.file("file-1"),
        "15 content": content,
        "16 tune": lambda api: api.create_fine_tune("file-1", model="curie", legacy=True, n_epochs=2, suffix="me"),
        "17 tunes": lambda api: api.fine_tunes(legacy=True),
        "18 one": lambda api: api.fine_tune("ft-1"),
        "19 cancel": lambda api: api.cancel_fine_tune("ft-1"),
        "20 events": lambda api: api.fine_tune_events("ft-1"),
        "21 moderation": lambda api: api.moderate(["a", "b"], model="text-moderation-latest"),
        "22 engines": lambda api: api.engines(),
        "23 engine": lambda api: api.engine("davinci"),
    },
    NEW: {
        "1 models": lambda api: api.models(),
        "2 model": lambda api: api.model("gpt-4o-mini"),
        "3 delete model": lambda api: api.delete_model("ft:gpt-4o-mini:me:x:1"),
        "4 completion": lambda api: api.complete("Once", model="gpt-3.5-turbo-instruct", max_tokens=5, stop=["."]),
        "5 chat": lambda api: api.chat(SAY, model="gpt-4o-mini", temperature=0.5, max_completion_tokens=9, n=1),
        "5 stream": lambda api: api.chat_stream(SAY, model="gpt-4o-mini", stream_options={"include_usage": True}),
        "7 image": lambda api: api.image("大漠孤烟直", model="gpt-image-1", n=2, size="1024x1024", quality="low"),
        "8 edit image": lambda api: api.edit_image(PNG, "snow", mask=PNG, model="gpt-image-1"),
        "9 vary image": lambda api: api.vary_image(PNG, n=3, size="256x256", response_format="b64_json"),
        "10 embeddings": lambda api: api.embed("a", model="text-embedding-3-small", dimensions=8),
        "11 files": lambda api: api.files(limit=2, order="asc", after="file-1"),
        "12 upload": lambda api: api.upload_file(LINES, "fine-tune"),
        "13 delete file": lambda api: api.delete_file("file-1"),
        "14 file": lambda api: api.file("file-1"),
        "15 content": content,
        "16 tune": lambda api: api.create_fine_tune("file-1", model="gpt-4o-mini", seed=3, suffix="me"),
        "17 tunes": lambda api: api.fine_tunes(limit=5, after="ftjob-0"),
        "18 one": lambda api: api.fine_tune("ftjob-1"),
        "19 cancel": lambda api: api.cancel_fine_tune("ftjob-1"),
        "20 events": lambda api: api.fine_tune_events("ftjob-1", limit=5),
        "21 moderation": lambda api: api.moderate("a", model="omni-moderation-latest"),
    },
}

WRONG: dict[str, dict[str, Ask]] = {
    OLD: {
        "4 completion": lambda api: api.complete("Once", model="m", max_tokens="five"),
        "4 stream": lambda api: api.complete_stream("Once", model="m", temperature="hot"),
        "6 edit": lambda api: api.edit("a dog", "x", model="m", n="two"),
        "7 image": lambda api: api.image("x", size="1x1"),
        "8 edit image": lambda api: api.edit_image(PNG, "snow", size="1x1"),
        "9 vary image": lambda api: api.vary_image(PNG, response_format="gif"),
        "10 embeddings": lambda api: api.embed([], model="m", user=["me"]),
        "12 upload": lambda api: api.upload_file(LINES, None),  # type: ignore[arg-type]
        "16 tune": lambda api: api.create_fine_tune("file-1", legacy=True, n_epochs="many"),
        "20 events": made_by_hand("GET", "/fine-tunes/ft-1/events", FineTuneEvents, query={"stream": "maybe"}),
        "21 moderation": made_by_hand("POST", "/moderations", Moderation, body={"model": "m"}),
    },
    NEW: {
        "4 completion": lambda api: api.complete("Once", model="m", max_tokens="five"),
        "5 chat": lambda api: api.chat(SAY, model="m", n="two"),
        "5 stream": lambda api: api.chat_stream(SAY, model="m", temperature="hot"),
        "7 image": lambda api: api.image("x", model="gpt-image-1", n="two"),  # type: ignore[arg-type]
        "8 edit image": lambda api: api.edit_image(PNG, None),  # type: ignore[arg-type]
        "9 vary image": lambda api: api.vary_image(PNG, response_format="gif"),
        "10 embeddings": lambda api: api.embed("a", model="m", dimensions="eight"),
        "11 files": lambda api: api.files(order="sideways"),
        "12 upload": lambda api: api.upload_file(LINES, "decoration"),
        "16 tune": lambda api: api.create_fine_tune("file-1", model="m", seed="three"),
        "17 tunes": lambda api: api.fine_tunes(limit="some"),
        "20 events": lambda api: api.fine_tune_events("ftjob-1", limit="some"),
        "21 moderation": made_by_hand("POST", "/moderations", Moderation, body={"model": "m"}),
    },
}
"""A wrong type or word for a call that has any parameter to get wrong."""


@pytest.fixture(scope="module", params=[OLD, NEW])
def judge(request: pytest.FixtureRequest, had: Had, specs: Path) -> Iterator[tuple[str, HttpProgram]]:
    program = had(lambda: steady(str(specs / request.param)))
    with program:
        yield request.param, program


async def verdicts(program: HttpProgram, how: Ask) -> list[dict[str, Any]]:
    """What steady says of the requests of one call: method, path and status of each, and its complaints."""
    seen = len(entries(program))
    async with Api(program.url, api_key="sk-x") as api:
        try:
            asked = how(api)
            if isinstance(asked, AsyncGenerator):
                async for _ in asked:
                    pass
            else:
                await asked
        except ApiError:
            pass  # of an answer that was made up
    for _ in range(200):
        if len(entries(program)) > seen:
            break
        await asyncio.sleep(0.02)
    return entries(program)[seen:]


def entries(program: HttpProgram) -> list[dict[str, Any]]:
    lines = (line for line in program.printed.splitlines() if line.startswith('{"type":"request"'))
    found = [json.loads(line) for line in lines]
    return [entry for entry in found if not entry["request"]["path"].startswith("/_x-steady")]


async def test_every_request_is_accepted(
    judge: tuple[str, HttpProgram], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call sends one request, which the document knows as that call and finds nothing wrong with."""
    monkeypatch.chdir(tmp_path)
    document, program = judge
    for name, how in GOOD[document].items():
        (verdict,) = await verdicts(program, how)
        complaints = [each["message"] for each in verdict["diagnostics"]]
        assert (verdict["response"]["status"], complaints) == (200, []), f"{name} in {document}: {verdict}"
        assert operation(verdict) == OPERATIONS[number(name)], f"{name} in {document}: {verdict}"


async def test_wrong_requests_are_refused(judge: tuple[str, HttpProgram]) -> None:
    """The control: the same calls with one thing wrong."""
    document, program = judge
    for name, how in WRONG[document].items():
        found = await verdicts(program, how)
        assert found, f"{name} in {document}: nothing was sent"
        assert all(entry["response"]["status"] == 400 for entry in found), f"{name} in {document}: {found}"


def test_together_they_are_the_whole_table() -> None:
    """All 23 calls, 22 of them in 2023's document; and wherever something can be wrong, it is in the control."""
    numbers = {document: set(map(number, calls)) for document, calls in GOOD.items()}
    assert numbers[OLD] | numbers[NEW] == set(OPERATIONS) == set(range(1, 24))
    assert len(numbers[OLD]) == 22
    wrong = {number(name) for calls in WRONG.values() for name in calls}
    assert wrong == set(OPERATIONS) - NOTHING_TO_GET_WRONG


def number(name: str) -> int:
    return int(name.split(maxsplit=1)[0])


def operation(verdict: dict[str, Any]) -> str:
    """The call that steady took a request for, in 2023's words."""
    request = verdict["request"]
    path = re.sub(r"\{[^}]*\}", "{}", request["pathPattern"]).replace("/fine_tuning/jobs", "/fine-tunes")
    return f"{request['method']} {path}"
