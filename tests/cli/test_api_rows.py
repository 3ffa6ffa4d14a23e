"""``mudbot api``: every row of the API by its old name and its new one, what it asks and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mudbot.cli.api.catalogue import ACTIONS, GROUPS
from tests.cli.api_stage import KEY, PNG, Outcome, Reply, Stage, call, completion, staged, stream

CHAT = {"id": "c", "choices": [{"index": 0, "message": {"role": "assistant", "content": "Good evening."}}]}
MODEL = {"id": "gpt-9", "object": "model", "owned_by": "mudbot", "created": 1700000000, "colour": "blue"}
JOB = {"id": "ftjob-1", "status": "running", "model": "ada", "training_file": "file-1"}
EVENTS = [
    {"id": "e2", "created_at": 1700000002, "level": "warn", "message": "slow"},
    {"id": "e1", "created_at": 1700000001, "level": "info", "message": "begun"},
]
FILE = {"id": "file-1", "filename": "a.jsonl", "bytes": 12, "purpose": "fine-tune", "created_at": 1700000000}
GONE = {"id": "x", "deleted": True}
LINK = "https://pictures.example.org/1.png"
EMBEDDED = {"object": "list", "data": [{"index": 1, "embedding": [0.5]}, {"index": 0, "embedding": [1.0, 2.5]}]}
FIT = {"results": [{"flagged": False}, {"flagged": True, "categories": {"violence": True, "hate": False},
                                        "category_scores": {"violence": 0.875}}]}  # fmt: skip

TEXT = ("-m", "m", "-p", "x")
ROWS: list[tuple[str, tuple[str, ...], str, Any, str]] = [
    ("completions.create", TEXT, "POST /completions", completion("and so on"), "and so on\n"),
    ("chat.completions.create", ("-m", "m", "-g", "user", "x"), "POST /chat/completions", CHAT, "Good evening.\n"),
    ("chat_completions.create", ("-m", "m", "-g", "user", "x"), "POST /chat/completions", CHAT, "Good evening.\n"),
    ("edits.create", ("-m", "m", "-i", "x", "--instruction", "y"), "POST /edits", completion("X"), "X\n"),
    ("embeddings.create", ("-m", "m", "-i", "a", "-i", "b"), "POST /embeddings", EMBEDDED, "[1.0, 2.5]\n[0.5]\n"),
    ("moderations.create", ("-i", "a", "-i", "b"), "POST /moderations", FIT, "fit\nunfit: violence 0.88\n"),
    (
        "image.create",
        ("-p", "x"),
        "POST /images/generations",
        {"data": [{"url": LINK}, {"url": LINK}]},
        f"{LINK}\n" * 2,
    ),
    ("images.create", ("-p", "x"), "POST /images/generations", {"data": [{"url": LINK}]}, f"{LINK}\n"),
    ("image.create_edit", ("-p", "x", "-I", "in.png"), "POST /images/edits", {"data": [{"url": LINK}]}, f"{LINK}\n"),
    ("image.create_variation", ("-I", "in.png"), "POST /images/variations", {"data": [{"url": LINK}]}, f"{LINK}\n"),
    ("models.list", (), "GET /models", {"data": [MODEL]}, "gpt-9  mudbot  "),
    ("models.get", ("-i", "gpt-9"), "GET /models/gpt-9", MODEL, "id: gpt-9\nobject: model\n"),
    ("models.retrieve", ("-i", "gpt-9"), "GET /models/gpt-9", MODEL, "id: gpt-9\n"),
    ("models.delete", ("-i", "x"), "DELETE /models/x", GONE, "deleted x\n"),
    ("engines.list", (), "GET /engines", {"data": [{"id": "ada", "ready": True}]}, "ada  -  ready\n"),
    ("engines.get", ("-i", "ada"), "GET /engines/ada", {"id": "ada", "ready": True}, "id: ada\nready: true\n"),
    ("files.list", (), "GET /files", {"data": [FILE]}, "file-1  a.jsonl  12  fine-tune  -  2023-11-1"),
    ("files.create", ("-f", "in.png", "-p", "vision"), "POST /files", FILE, "id: file-1\n"),
    ("files.get", ("-i", "file-1"), "GET /files/file-1", FILE, "id: file-1\n"),
    ("files.delete", ("-i", "x"), "DELETE /files/x", GONE, "deleted x\n"),
    ("files.content", ("-i", "x"), "GET /files/x/content", Reply(b"a\nb\n", "text/plain"), "a\nb\n"),
]
for _prefix, _path in (("fine_tuning.jobs", "/fine_tuning/jobs"), ("fine_tunes", "/fine-tunes")):
    ROWS += [
        (f"{_prefix}.create", ("-t", "file-1", "-m", "ada"), f"POST {_path}", JOB, "id: ftjob-1\nstatus: running\n"),
        (f"{_prefix}.list", (), f"GET {_path}", {"data": [JOB]}, "ftjob-1  running  ada  -  -\n"),
        (f"{_prefix}.get", ("-i", "ftjob-1"), f"GET {_path}/ftjob-1", JOB, "id: ftjob-1\n"),
        (f"{_prefix}.cancel", ("-i", "ftjob-1"), f"POST {_path}/ftjob-1/cancel", JOB, "ftjob-1 running\n"),
        (f"{_prefix}.events", ("-i", "ftjob-1"), f"GET {_path}/ftjob-1/events", {"data": EVENTS}, "2023-11-1"),
    ]
IDS = [row[0] for row in ROWS]


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in.png").write_bytes(PNG)
    with staged() as stage:
        yield stage


def ask(stage: Stage, *arguments: str, **more: Any) -> Outcome:
    return call(*arguments, "-b", stage.base, "-k", KEY, **more)


@pytest.mark.parametrize(("name", "options", "request_line", "answer", "shown"), ROWS, ids=IDS)
def test_every_row(
    stage: Stage, name: str, options: tuple[str, ...], request_line: str, answer: Any, shown: str
) -> None:
    """It asks the right path, with the key, and says the answer for people."""
    stage.plays[request_line] = answer
    outcome = ask(stage, name, *options)
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith(shown)
    assert [f"{one.method} {one.path.removeprefix('/v1')}" for one in stage.seen] == [request_line]
    assert stage.seen[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize(
    ("name", "options", "request_line", "answer"), [row[:4] for row in ROWS if isinstance(row[3], dict)]
)
def test_every_row_as_json(stage: Stage, name: str, options: tuple[str, ...], request_line: str, answer: Any) -> None:
    """``--json`` is what the server sent, unknown fields too, and nothing that it did not say."""
    answer = answer | {"of_tomorrow": {"deep": [1, "二"]}}
    stage.plays[request_line] = answer
    outcome = ask(stage, name, *options, "--json")
    assert outcome.status == 0, outcome.err
    assert json.loads(outcome.out) == answer


def test_every_action_of_the_help_exists_and_has_a_help_of_its_own() -> None:
    """No name of the list is a promise only."""
    listed = call("--help")
    for name, action in ACTIONS.items():
        assert name in listed.out
        outcome = call(name, "--help")
        assert outcome.status == 0, outcome.err
        assert "--json" in outcome.out
        assert "--api-base" in outcome.out
        assert action.line in listed.out.replace("\n" + " " * 27, " ")
    assert set(IDS) <= set(ACTIONS)
    assert {name for name, action in ACTIONS.items() if action.name == name} - set(IDS) == {
        "fine_tuning.jobs.follow", "fine_tunes.follow",
    }  # fmt: skip
    assert all(f"{title}:" in listed.out for title in GROUPS)


def test_what_a_completion_asks(stage: Stage) -> None:
    """Each of the old options arrives under its name in the API, and what was not given is not sent."""
    stage.plays["POST /completions"] = completion("x")
    ask(stage, "completions.create", "-m", "davinci", "-p", "a b", "-M", "7", "-t", "0.5", "-P", "0.25", "-n", "2",
        "--logprobs", "0", "--stop", "。", "--param", 'logit_bias={"50256": -100}', "--param", "tag=a=b")  # fmt: skip
    assert stage.seen[0].json == {
        "model": "davinci", "prompt": "a b", "max_tokens": 7, "temperature": 0.5, "top_p": 0.25, "n": 2, "logprobs": 0,
        "stop": "。", "logit_bias": {"50256": -100}, "tag": "a=b",
    }  # fmt: skip
    ask(stage, "completions.create", "-e", "davinci", "-p", "x", "--top_p", "1", "--max-tokens", "1", "--echo")
    expected = {"model": "davinci", "prompt": "x", "max_tokens": 1, "top_p": 1.0, "echo": True}
    assert stage.seen[1].json == expected


def test_what_a_chat_asks(stage: Stage) -> None:
    """The messages in their order, one of them from standard input."""
    stage.plays["POST /chat/completions"] = CHAT
    ask(stage, "chat.completions.create", "-m", "m", "-g", "system", "Keep an inn.", "-g", "user", "-",
        "--stop", "a", "--stop", "b", "--response-format", "json_object", stdin="房间?\n".encode())  # fmt: skip
    assert stage.seen[0].json == {
        "model": "m",
        "messages": [{"role": "system", "content": "Keep an inn."}, {"role": "user", "content": "房间?"}],
        "stop": ["a", "b"],
        "response_format": {"type": "json_object"},
    }


def test_what_a_picture_edit_sends(stage: Stage) -> None:
    """Picture and mask as files, the rest as fields."""
    stage.plays["POST /images/edits"] = {"data": [{"url": LINK}]}
    assert (
        ask(stage, "image.create_edit", "-p", "龙", "-I", "in.png", "-M", "in.png", "-n", "2", "-s", "256x256").status
        == 0
    )
    form = stage.seen[0].form
    assert form["image"] == [("in.png", PNG)]
    assert form["mask"] == [("in.png", PNG)]
    assert (form["prompt"][0][1].decode(), form["n"][0][1], form["size"][0][1]) == ("龙", b"2", b"256x256")


def test_a_training_file_of_ones_own_is_uploaded_first(stage: Stage, tmp_path: Path) -> None:
    """And the job is made of the id that it got; today's path has its hyperparameters in an object."""
    (tmp_path / "train.jsonl").write_text('{"prompt": "a", "completion": "b"}\n')
    stage.plays |= {"POST /files": FILE, "POST /fine_tuning/jobs": JOB, "POST /fine-tunes": JOB}
    outcome = ask(
        stage, "fine_tuning.jobs.create", "-t", "train.jsonl", "-m", "ada", "--n_epochs", "3", "-H", '{"x": 1}'
    )
    assert "uploaded train.jsonl: file-1" in outcome.err
    assert stage.seen[0].form["purpose"] == [(None, b"fine-tune")]
    assert stage.seen[1].json == {"training_file": "file-1", "model": "ada", "hyperparameters": {"x": 1, "n_epochs": 3}}
    ask(stage, "fine_tunes.create", "-t", "file-7", "--n_epochs", "3", "--suffix", "inn", "--no_follow")
    assert stage.seen[2].json == {"training_file": "file-7", "n_epochs": 3, "suffix": "inn"}


def test_several_texts_are_told_apart(stage: Stage) -> None:
    """As the old command line does, in their order, whatever that of the answer is."""
    answer = completion("one", "two")
    answer["choices"].reverse()
    stage.plays["POST /completions"] = answer
    shown = "===== Completion 0 =====\none\n===== Completion 1 =====\ntwo\n"
    assert ask(stage, "completions.create", *TEXT, "-n", "2").out == shown


def test_streams(stage: Stage) -> None:
    """A text piece by piece; as JSON an object a line; several at once only as JSON."""
    stage.plays["POST /completions"] = stream(completion("and "), completion("so on"), completion(""))
    outcome = ask(stage, "completions.create", *TEXT, "--stream")
    assert (outcome.status, outcome.out) == (0, "and so on\n")
    assert stage.seen[0].json["stream"] is True
    lines = ask(stage, "--stream", "completions.create", *TEXT, "--json").out.splitlines()
    assert [json.loads(line)["choices"][0]["text"] for line in lines] == ["and ", "so on", ""]
    refused = ask(stage, "completions.create", *TEXT, "--stream", "-n", "2")
    assert (refused.status, len(stage.seen)) == (2, 2)
    assert "leave out -n" in refused.err
    chunks = [{"choices": [{"index": 0, "delta": {"content": text}}]} for text in ("Good ", "evening.")]
    stage.plays["POST /chat/completions"] = stream(*chunks)
    assert ask(stage, "chat.completions.create", "-m", "m", "-g", "user", "x", "--stream").out == "Good evening.\n"
    assert ask(stage, "models.list", "--stream").status == 2


@pytest.mark.parametrize("action", ["fine_tunes.events --follow", "fine_tunes.follow", "fine_tunes.events --stream"])
def test_following_a_job(stage: Stage, action: str) -> None:
    """Each event on a line until the job has ended, and then how it ended."""
    last = {"id": "e3", "created_at": 1700000003, "level": "info", "message": "Fine-tune failed. No GPU."}
    stage.plays["GET /fine-tunes/ft-1/events"] = stream(EVENTS[1], EVENTS[0], last)
    stage.plays["GET /fine-tunes/ft-1"] = JOB | {"id": "ft-1", "status": "failed", "error": {"message": "no GPU"}}
    outcome = ask(stage, *action.split(), "-i", "ft-1")
    assert [line[20:] for line in outcome.out.splitlines()] == ["begun", "warn: slow", last["message"]]
    assert outcome.err == "ft-1 failed: no GPU\n"


def test_what_cannot_be_deleted_is_an_error(stage: Stage) -> None:
    """A server that answers ``deleted: false`` did not do it."""
    stage.plays["DELETE /files/x"] = GONE | {"deleted": False}
    outcome = ask(stage, "files.delete", "-i", "x")
    assert (outcome.status, outcome.out) == (1, "")
    assert "did not delete x" in outcome.err
