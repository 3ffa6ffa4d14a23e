"""Answers as values: what servers really send is read, what matters is checked, nothing is lost."""

from __future__ import annotations

import base64
import copy
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mudbot.api import types
from mudbot.api.types import (
    Answer,
    Chat,
    ChatChunk,
    Completion,
    Deleted,
    Edit,
    Embeddings,
    Engines,
    File,
    Files,
    FineTune,
    FineTuneEvent,
    FineTuneEvents,
    FineTunes,
    ImageChunk,
    Images,
    Model,
    Models,
    Moderation,
    Usage,
)
from mudbot.errors import BadAnswerError

USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 10,
    "total_tokens": 29,
    "prompt_tokens_details": {"cached_tokens": 16, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
CHAT = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1741570283,
    "model": "gpt-4o",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "客官好", "refusal": None, "annotations": [], "mood": "warm"},
            "logprobs": None,
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
    "service_tier": "default",
    "x_groq": {"id": "req"},
}
FILE = {"id": "file-1", "object": "file", "bytes": 120, "created_at": 1, "filename": "a.jsonl", "purpose": "fine-tune"}
OLD_EVENT = {"object": "fine-tune-event", "created_at": 1614807352, "level": "info", "message": "Job enqueued."}
OLD_JOB = {
    "id": "ft-1",
    "object": "fine-tune",
    "model": "curie",
    "created_at": 1,
    "updated_at": 2,
    "status": "pending",
    "fine_tuned_model": None,
    "hyperparams": {"batch_size": 4, "n_epochs": 4},
    "organization_id": "org-1",
    "training_files": [FILE],
    "validation_files": [],
    "result_files": [FILE],
    "events": [OLD_EVENT],
}
JOB = {
    "id": "ftjob-1",
    "object": "fine_tuning.job",
    "model": "gpt-4o-mini",
    "created_at": 1,
    "finished_at": 2,
    "status": "failed",
    "fine_tuned_model": None,
    "hyperparameters": {"n_epochs": "auto"},
    "training_file": "file-1",
    "validation_file": None,
    "result_files": ["file-2"],
    "trained_tokens": None,
    "error": {"code": "invalid_training_file", "message": "line 3 is no JSON", "param": "training_file"},
    "seed": 7,
}
EVENT = {"id": "ftevent-1", "object": "fine_tuning.job.event", "created_at": 1, "level": "info", "message": "step 1"}
EVENT |= {"type": "metrics", "data": {"train_loss": 0.5}}
CATEGORIES = {"categories": {"hate": False}, "category_scores": {"hate": 0.01}}
EXAMPLES: list[tuple[type[Answer], dict[str, Any]]] = [
    (Chat, CHAT),
    (
        Completion,
        {"id": "cmpl-1", "choices": [{"index": 0, "text": "This", "logprobs": None, "finish_reason": "length"}]},
    ),
    (Edit, {"object": "edit", "created": 1, "choices": [{"text": "What day", "index": 0}], "usage": USAGE}),
    (Images, {"created": 1, "data": [{"url": "http://x/1"}, {"b64_json": "AAAA", "revised_prompt": "ink"}]}),
    (
        Embeddings,
        {"object": "list", "data": [{"object": "embedding", "index": 0, "embedding": [0.5, -1.0]}], "model": "e"},
    ),
    (Moderation, {"id": "m", "model": "mod", "results": [{"flagged": True, **CATEGORIES}]}),
    (Model, {"id": "m", "object": "model", "created": 1, "owned_by": "me", "permission": [{"allow_view": True}]}),
    (Models, {"object": "list", "data": [{"id": "a"}, {"id": "b", "shutdown_date": None}]}),
    (Deleted, {"id": "m", "object": "model", "deleted": True}),
    (File, FILE | {"status": "error", "status_details": {"why": "bad"}, "expires_at": 5}),
    (Files, {"object": "list", "data": [FILE], "has_more": True, "first_id": "file-1", "last_id": "file-1"}),
    (FineTune, OLD_JOB),
    (FineTune, JOB),
    (FineTunes, {"object": "list", "data": [JOB], "has_more": False}),
    (FineTuneEvent, EVENT),
    (FineTuneEvents, {"object": "list", "data": [OLD_EVENT]}),
    (Engines, {"object": "list", "data": [{"id": "ada", "object": "engine", "owner": "openai", "ready": True}]}),
]


def read(kind: type[Answer], body: object) -> Any:
    return kind.model_validate_json(json.dumps(body))


@pytest.mark.parametrize(("kind", "body"), EXAMPLES, ids=[kind.__name__ for kind, _ in EXAMPLES])
def test_all_that_was_sent_comes_out_again_and_nothing_else(kind: type[Answer], body: dict[str, Any]) -> None:
    answer = read(kind, body)
    assert answer.model_dump(exclude_unset=True) == body
    assert json.loads(answer.model_dump_json(exclude_unset=True)) == body
    assert kind.model_validate(body) == answer


@pytest.mark.parametrize("kind", sorted({kind for kind, _ in EXAMPLES} | {ImageChunk, ChatChunk}, key=str))
@pytest.mark.parametrize("body", [{}, {"error": {"message": "no"}}, [], "x", None])
def test_what_is_no_answer_is_not_taken_for_one(kind: type[Answer], body: object) -> None:
    with pytest.raises(ValidationError):
        read(kind, body)


def test_a_refused_answer_is_not_quoted_by_its_error() -> None:
    with pytest.raises(ValidationError) as caught:
        read(Chat, {"choices": [{"message": {"content": {"secret": "canary"}}}]})
    assert "canary" not in str(caught.value)


NULLS: list[tuple[type[Answer], dict[str, Any]]] = [
    (Chat, {"id": None, "object": None, "created": None, "model": None, "choices": [], "usage": None}),
    (Chat, {"choices": [{"index": None, "message": {"role": None, "content": None, "tool_calls": None}}]}),
    (Chat, {"choices": [], "usage": {"prompt_tokens": None, "total_tokens": None, "prompt_tokens_details": None}}),
    (Completion, {"choices": [{"index": None, "text": None, "finish_reason": None}]}),
    (Images, {"created": None, "data": [{"url": None}], "usage": {"input_tokens": None}}),
    (Files, {"data": None, "has_more": None, "first_id": None}),
    (Models, {"data": [{"id": "m", "owned_by": None, "created": None, "object": None}]}),
    (FineTune, {"id": "j", "status": None, "model": None, "training_files": None, "error": None, "events": None}),
    (FineTuneEvents, {"data": [{"id": None, "message": "x", "created_at": None, "level": None}]}),
    (Moderation, {"id": None, "results": [{"flagged": False, "categories": {"hate": None}}]}),
]


@pytest.mark.parametrize(("kind", "body"), NULLS)
def test_null_where_the_api_promises_more_is_forgiven(kind: type[Answer], body: dict[str, Any]) -> None:
    answer = read(kind, body)
    assert kind.model_validate(body) == answer
    assert kind.model_validate_json(answer.model_dump_json()) == answer


def test_null_stands_for_nothing_of_its_kind_and_each_list_is_a_new_one() -> None:
    usage = Usage.model_validate_json('{"prompt_tokens": null}')
    assert (usage.prompt_tokens, usage.cached_tokens) == (0, 0)
    first, second = read(Files, {"data": None}), read(Files, {"data": None})
    first.data.append(File(id="x"))
    assert (first.ids, second.ids) == (["x"], [])


@pytest.mark.parametrize(
    "odd",
    [
        {"created": 1700000000.25},
        {"created": "2023-11-14"},
        {"usage": {"prompt_tokens": 1, "prompt_tokens_details": [1]}},
        {"choices": [{"message": {"content": "客官好", "refusal": {"a": 1}}}]},
        {"choices": [{"message": {"content": "客官好", "audio": "x"}}]},
        {"choices": [{"message": {"content": "客官好"}, "logprobs": [1]}]},
    ],
)
def test_something_odd_beside_the_matter_does_not_lose_the_answer(odd: dict[str, Any]) -> None:
    assert read(Chat, CHAT | odd).text == "客官好"


@pytest.mark.parametrize(
    "wrong",
    [
        {"choices": None},
        {"choices": [{"message": None}]},
        {"choices": [{"message": {"content": 5}}]},
        {"id": {"a": 1}},
        {"usage": {"prompt_tokens": "many"}},
    ],
)
def test_what_matters_must_be_right(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(Chat, CHAT | wrong)


def test_a_copy_keeps_the_servers_name_for_the_call() -> None:
    chat = read(Chat, CHAT)
    assert chat.request_id is None
    chat._request_id = "req-1"
    copies = [chat.model_copy(), chat.model_copy(deep=True), copy.copy(chat), copy.deepcopy(chat)]
    assert [one.request_id for one in copies] == ["req-1"] * 4
    assert all(one == chat for one in copies)
    copies[1].choices[0].message.content = "changed"
    assert chat.text == "客官好"
    assert "request_id" not in str(chat.model_dump())


def test_the_tokens_of_a_cache_are_told_where_the_server_tells_them() -> None:
    assert Usage.model_validate(USAGE).cached_tokens == 16
    assert Usage.model_validate({"prompt_tokens_details": {"cached_tokens": "x"}}).cached_tokens == 0


# -- text ----------------------------------------------------------------------------------------------------------


def test_tools_that_the_model_wants_used_are_told_with_their_arguments() -> None:
    calls = [
        {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": '{"at": "河"}'}},
        {"id": "call_2", "type": "function", "function": {"name": "look", "arguments": {"at": "sky"}}},
        {"id": "call_3", "type": "function", "function": {"name": "wait", "arguments": ""}},
        {"id": "call_4", "type": "custom", "custom": {"name": "x", "input": "y"}},
    ]
    chat = read(Chat, {"choices": [{"message": {"content": None, "tool_calls": calls}, "finish_reason": "tool_calls"}]})
    assert chat.text == ""
    assert [call.arguments for call in chat.tool_calls] == [{"at": "河"}, {"at": "sky"}, {}, {}]
    assert chat.tool_calls[3].model_dump()["custom"] == {"name": "x", "input": "y"}
    assert read(Chat, CHAT).tool_calls == read(Chat, {"choices": []}).tool_calls == []


@pytest.mark.parametrize("written", ["{oops", "[1]", "5"])
def test_arguments_that_are_no_json_object_are_a_bad_answer(written: str) -> None:
    call = types.ToolCall.model_validate({"function": {"name": "look", "arguments": written}})
    with pytest.raises(BadAnswerError, match="no JSON object"):
        _ = call.arguments


def test_a_piece_of_a_tool_call_is_read() -> None:
    delta = {"tool_calls": [{"index": 1, "function": {"arguments": '{"a'}}]}
    chunk = read(ChatChunk, {"choices": [{"index": 0, "delta": delta}]})
    (call,) = chunk.choices[0].delta.tool_calls
    assert (call.index, call.function.arguments) == (1, '{"a')
    assert not chunk.finished


def test_logprobs_of_both_endpoints_are_typed() -> None:
    token = {"token": "客", "logprob": -0.5, "bytes": [229], "top_logprobs": []}
    chat = read(Chat, {"choices": [{"message": {"content": "客"}, "logprobs": {"content": [token], "refusal": None}}]})
    assert chat.choices[0].logprobs.content[0].logprob == -0.5
    told = {"tokens": ["a"], "token_logprobs": [None], "top_logprobs": [None], "text_offset": [0]}
    made = read(Completion, {"choices": [{"text": "a", "logprobs": told}]})
    assert made.choices[0].logprobs.token_logprobs == [None]


def test_the_text_of_an_edit_is_its_first_choice() -> None:
    assert read(Edit, {"choices": [{"index": 0, "text": "a cat"}, {"index": 1, "text": "b"}]}).text == "a cat"
    assert read(Edit, {"choices": []}).text == ""


# -- readings ------------------------------------------------------------------------------------------------------


@given(st.lists(st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False)), max_size=4))
def test_base64_and_lists_are_the_same_vectors(vectors: list[list[float]]) -> None:
    packed = [base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode() for vector in vectors]
    for form in (vectors, packed):
        data = [{"index": i, "embedding": form[i]} for i in reversed(range(len(form)))]
        answer = read(Embeddings, {"data": data})
        assert answer.vectors == vectors
        assert json.loads(answer.model_dump_json())["data"] == [
            {"index": i, "object": "", "embedding": vectors[i]} for i in reversed(range(len(form)))
        ]


@pytest.mark.parametrize("bad", ["###", "AAA=", "AAAAAAA=", [1, "x"], [None], None, {"a": 1}])
def test_what_is_no_vector_is_refused(bad: object) -> None:
    with pytest.raises(ValidationError, match="embedding"):
        read(Embeddings, {"data": [{"index": 0, "embedding": bad}]})


def test_the_kinds_of_input_that_were_judged_are_told() -> None:
    result = {"flagged": True, "category_applied_input_types": {"hate": ["text"], "sexual": []}}
    assert read(Moderation, {"results": [result]}).results[0].category_applied_input_types["hate"] == ["text"]


# -- pictures ------------------------------------------------------------------------------------------------------


def test_tokens_of_pictures_are_counted_under_the_usual_names_too() -> None:
    usage = {"input_tokens": 50, "output_tokens": 100, "total_tokens": 150, "input_tokens_details": {"text_tokens": 10}}
    made = read(Images, {"data": [{"b64_json": "AAAA"}], "usage": usage, "quality": "high"})
    assert (made.usage.prompt_tokens, made.usage.completion_tokens, made.usage.total_tokens) == (50, 100, 150)
    assert made.model_dump(exclude_unset=True)["usage"] == usage


@pytest.mark.parametrize("prefix", ["image_generation", "image_edit"])
def test_a_streamed_picture_is_finished_when_it_says_so(prefix: str) -> None:
    body = {"b64_json": base64.b64encode(b"png").decode(), "created_at": 1, "size": "1024x1024", "quality": "high"}
    blurred = read(ImageChunk, body | {"type": f"{prefix}.partial_image", "partial_image_index": 0})
    done = read(ImageChunk, body | {"type": f"{prefix}.completed", "usage": {"input_tokens": 1, "output_tokens": 2}})
    assert [(one.finished, one.content) for one in (blurred, done)] == [(False, b"png"), (True, b"png")]
    assert done.usage.completion_tokens == 2
    assert blurred.text == ""


# -- fine-tunes ----------------------------------------------------------------------------------------------------


def test_both_shapes_of_a_job_are_read() -> None:
    old, new = read(FineTune, OLD_JOB), read(FineTune, JOB)
    assert [one.ended for one in (old, new)] == [False, True]
    assert old.training_files[0].filename == old.result_files[0].filename == "a.jsonl"
    assert old.events[0].text == "Job enqueued."
    assert (new.result_files, new.reason, old.reason) == (["file-2"], "line 3 is no JSON", "")
    assert read(FineTune, {"id": "j", "error": {}}).reason == ""
    assert read(FineTune, {"id": "j", "error": "out of memory"}).reason == "out of memory"


@pytest.mark.parametrize("status", ["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_says_so(status: str) -> None:
    assert read(FineTune, {"id": "j", "status": status}).ended
    assert not read(FineTune, {"id": "j", "status": "running"}).ended


@pytest.mark.parametrize("last", ["Fine-tune succeeded", "Fine-tune failed. Out of memory", "Fine-tune cancelled"])
def test_the_last_event_of_an_old_job_ends_its_stream(last: str) -> None:
    assert read(FineTuneEvent, OLD_EVENT | {"message": last}).finished
    assert not read(FineTuneEvent, OLD_EVENT).finished


def test_a_page_tells_its_ids_and_whether_there_are_more() -> None:
    files = read(Files, {"data": [FILE, FILE | {"id": "file-2"}], "has_more": True, "last_id": "file-2"})
    assert (files.ids, files.has_more, files.last_id, files.first_id) == (["file-1", "file-2"], True, "file-2", None)


def test_every_public_type_is_listed_once() -> None:
    assert sorted(types.__all__) == sorted(set(types.__all__))
    assert all(hasattr(types, name) for name in types.__all__)
