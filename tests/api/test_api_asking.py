"""What all endpoints have in common: who asks, what it costs, what may be shared, what is refused."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.api import NOBODY, Caller
from mudbot.api.endpoints import Endpoints
from mudbot.api.endpoints.base import at
from mudbot.api.types import Chat, Completion, Embeddings, Moderation
from mudbot.errors import BadAnswerError, BadRequestError
from tests.api.rows import HELLO, JSONL, JUDGED, NAMES, OUT, PNG, ROWS, Ask, Recorder, Row, ask

# -- who asks ------------------------------------------------------------------------------------------------------


def test_every_method_takes_deadline_caller_and_organization() -> None:
    for name, method in inspect.getmembers(Endpoints, inspect.isfunction):
        if not name.startswith("_"):
            given_ = inspect.signature(method).parameters
            assert {"deadline", "caller", "organization"} <= set(given_), name
            assert given_["caller"].default is NOBODY
            assert all(given_[each].kind is inspect.Parameter.KEYWORD_ONLY for each in ("deadline", "caller")), name


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
async def test_who_asks_and_how_long_it_may_take_is_handed_on(row: Row) -> None:
    def asking(api: Endpoints) -> Any:
        class Given:
            def __getattr__(self, name: str) -> Any:
                method = getattr(api, name)
                return lambda *args, **more: method(
                    *args, **more, deadline=7.0, caller=Caller(player="阿福", organization="a"), organization="b"
                )

        return row.how(Given())  # type: ignore[arg-type]

    api = row.recorder()
    await ask(api, asking)
    options = api.calls[0][1]
    assert options.deadline == 7.0
    assert options.caller == Caller(player="阿福", organization="b")


async def test_the_callers_own_organisation_stays_where_none_is_given() -> None:
    api = Recorder()
    await api.models(caller=Caller(organization="a"))
    await api.models()
    assert [options.caller.organization for _, options in api.calls] == ["a", None]


# -- what it costs -------------------------------------------------------------------------------------------------


async def test_pictures_cost_as_many_as_may_come() -> None:
    api = Recorder()
    await api.image("a", n=3)
    await api.edit_image(PNG, "a", n=2)
    await api.vary_image(PNG)
    await api.image("a", n=0)
    await ask(api, lambda api: api.image_stream("a", n=4))
    assert [call.cost.images for call, _ in api.calls] == [3, 2, 1, 1, 4]


async def test_what_has_neither_tokens_nor_pictures_costs_a_request() -> None:
    for name, how, *_ in ROWS:
        if int(name.partition(" ")[0]) in (1, 2, 3, *range(11, 21), 22, 23):
            api = Recorder()
            await ask(api, how)
            assert (api.call.cost.requests, api.call.cost.tokens, api.call.cost.images) == (1, 0, 0), name


async def test_texts_cost_their_prompt_and_the_longest_reply() -> None:
    api = Recorder(*[Chat.model_construct()] * 2, *[Completion.model_construct()] * 2)
    await api.chat(HELLO, model="m", max_tokens=100)
    await api.chat(HELLO, model="m", max_tokens=100, n=2)
    await api.complete("a" * 36, model="m")
    await api.complete(["a" * 36, "b"], model="m", max_tokens=5)
    costs = [call.cost for call, _ in api.calls]
    assert [cost.tokens - cost.prompt for cost in costs] == [100, 200, 16, 10]
    assert costs[2].prompt == 10


async def test_an_edit_costs_about_its_input_again() -> None:
    api = Recorder()
    await api.edit("a" * 360, "b" * 36, model="m", n=2)
    assert api.call.cost.prompt == 110
    assert api.call.cost.tokens == 110 + 200


async def test_what_is_only_read_costs_no_reply() -> None:
    api = Recorder(Embeddings.model_construct(), JUDGED)
    await api.embed("a" * 36, model="e")
    await api.moderate("a" * 36)
    assert [(call.cost.tokens, call.cost.prompt) for call, _ in api.calls] == [(10, 10), (10, 10)]


# -- what may be shared --------------------------------------------------------------------------------------------

SHARED = {"1", "2", "10", "21", "22", "23"}


async def test_what_does_not_depend_on_chance_is_shared_and_only_readings_of_text_are_kept() -> None:
    for row in ROWS:
        api = row.recorder()
        await ask(api, row.how)
        assert api.call.shared == (row.name in SHARED), row.name
        assert api.call.kept == (row.name in ("10", "21")), row.name


@pytest.mark.parametrize(
    ("params", "shared"),
    [
        ({"temperature": 0}, True),
        ({"temperature": 0.0, "n": 1}, True),
        ({"temperature": 0, "n": 2}, False),
        ({"temperature": 0.1}, False),
        ({"temperature": None}, False),
        ({}, False),
    ],
)
async def test_a_chat_is_shared_where_nothing_is_left_to_chance(params: dict[str, Any], *, shared: bool) -> None:
    api = Recorder()
    await api.chat(HELLO, model="m", **params)
    await api.complete("a", model="m", **params)
    assert [(call.shared, call.kept) for call, _ in api.calls] == [(shared, False)] * 2
    await ask(api, lambda api: api.chat_stream(HELLO, model="m", **params))
    assert not api.call.shared


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("a" * 100_000, True),
        (["a" * 100_000, "b"], True),
        ([1, 2, 3], True),
        ([1] * 20_000, False),
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1000}}], True),
        ([{"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 70_000}}], False),
        ([], True),
    ],
    ids=["text", "texts", "tokens", "many tokens", "small picture", "picture", "nothing"],
)
async def test_what_is_large_and_no_text_is_not_kept(value: Any, *, kept: bool) -> None:
    api = Recorder(Embeddings.model_construct(), JUDGED)
    await api.embed(value, model="e")
    await api.moderate(value)
    assert [(call.shared, call.kept) for call, _ in api.calls] == [(True, kept)] * 2


# -- what is refused -----------------------------------------------------------------------------------------------

BAD_IDS: list[Any] = [
    "",
    " ",
    ".",
    "..",
    "a/../b",
    "a/..",
    "/a",
    "a/",
    "a//b",
    "..\\a",
    "a?b",
    "a#b",
    "a\nb",
    "a\0",
    "\x7f",
    "\ud83d",
]
BAD_IDS += [None, 5]

BY_ID: list[Callable[[Endpoints, Any], Any]] = [
    lambda api, name: api.model(name),
    lambda api, name: api.delete_model(name),
    lambda api, name: api.engine(name),
    lambda api, name: api.file(name),
    lambda api, name: api.delete_file(name),
    lambda api, name: api.file_content(name, OUT),
    lambda api, name: api.fine_tune(name),
    lambda api, name: api.cancel_fine_tune(name),
    lambda api, name: api.fine_tune_events(name),
    lambda api, name: anext(api.follow_fine_tune(name)),
]


@pytest.mark.parametrize("name", BAD_IDS, ids=ascii)
async def test_an_id_that_could_lead_elsewhere_is_refused_with_the_remedy(name: Any) -> None:
    api = Recorder()
    for how in BY_ID:
        with pytest.raises(BadRequestError, match=r"is no id: .* give one as the server's list shows it"):
            await how(api, name)
    assert api.calls == []


@given(st.text(min_size=1))
def test_an_id_is_one_segment_that_says_exactly_it_or_is_refused(name: str) -> None:
    try:
        path = at("/models", name)
    except BadRequestError:
        assert not name.strip() or not name.isprintable() or set("?#/\\.") & set(name)
        return
    head, _, segment = path.rpartition("/")
    assert head == "/models"
    assert unquote(segment) == name
    assert segment.isascii()
    assert not set(segment) & set("?#/ ;")
    assert segment not in ("", ".", "..")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        (lambda api: api.chat(HELLO, model="m", stream=True), "call chat_stream"),
        (lambda api: api.complete("a", model="m", stream=True), "call complete_stream"),
        (lambda api: api.image("a", stream=True), "call image_stream"),
        (lambda api: api.edit_image(PNG, "a", stream=True), "call edit_image_stream"),
        (lambda api: api.fine_tune_events("ft-1", stream=True), "call follow_fine_tune"),
        (lambda api: api.edit("a", "b", model="m", stream=True), "leave it out"),
        (lambda api: api.embed("a", model="m", stream=True), "leave it out"),
        (lambda api: api.moderate("a", stream=True), "leave it out"),
        (lambda api: api.vary_image(PNG, stream=True), "leave it out"),
        (lambda api: api.upload_file(JSONL, "batch", stream=True), "leave it out"),
        (lambda api: api.create_fine_tune("file-1", stream=True), "leave it out"),
    ],
)
async def test_stream_true_is_refused_where_one_answer_is_promised(how: Ask, words: str) -> None:
    api = Recorder()
    with pytest.raises(BadRequestError, match=words):
        await ask(api, how)
    assert api.calls == []


async def test_fewer_judgements_than_texts_are_an_error() -> None:
    one = Moderation.model_validate({"results": [{"flagged": False}]})
    parts = [{"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": "http://x"}}]
    assert await Recorder(one).moderate("a") is one
    assert await Recorder(one).moderate(parts) is one
    with pytest.raises(BadAnswerError, match="1 results for 2 texts"):
        await Recorder(one).moderate(["a", "b"])
