"""All calls of the API as a table: how each is asked, and the request that it must be."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from mudbot.api import Upload
from mudbot.api.endpoints import Endpoints
from mudbot.api.types import (
    Answer,
    Chat,
    ChatChunk,
    Completion,
    CompletionChunk,
    Deleted,
    Edit,
    Embeddings,
    Engine,
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
)

if TYPE_CHECKING:
    from mudbot.api.calls import Call, Options

HELLO = [{"role": "user", "content": "你好"}]
PNG = Upload("a.png", b"\x89PNG a", "image/png")
MASK = Upload("m.png", b"\x89PNG m", "image/png")
JSONL = Upload("a.jsonl", b"{}\n")
OUT = Path("out.jsonl")
JUDGED = Moderation.model_validate({"results": [{"flagged": False}, {"flagged": False}]})


class Recorder(Endpoints):
    """Endpoints without a server: remembers calls, and answers what it was given."""

    def __init__(self, *answers: Answer | BaseException) -> None:
        self.answers = list(answers)
        self.calls: list[tuple[Call[Any], Options]] = []
        self.slept: list[float] = []

    async def _one(self, call: Call[Any], options: Options) -> Any:
        self.calls.append((call, options))
        answer: Any = self.answers.pop(0) if self.answers else call.kind.model_construct()
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _pieces(self, call: Call[Any], options: Options) -> AsyncGenerator[Any, None]:
        self.calls.append((call, options))
        while self.answers:
            answer = self.answers.pop(0)
            if isinstance(answer, BaseException):
                raise answer
            if not isinstance(answer, FineTuneEvent):
                self.answers.insert(0, answer)
                return
            yield answer

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    @property
    def call(self) -> Call[Any]:
        return self.calls[-1][0]


Ask = Callable[[Endpoints], Awaitable[Any] | AsyncGenerator[Any, None]]


async def ask(endpoints: Endpoints, how: Ask) -> list[Any]:
    """What it answers, as a list of one or of all pieces."""
    asked = how(endpoints)
    return [piece async for piece in asked] if isinstance(asked, AsyncGenerator) else [await asked]


class Row(NamedTuple):
    """A call, and its request."""

    name: str
    """The number of the call, and which form of it."""
    how: Ask
    method: str
    path: str
    kind: type[Answer]
    query: dict[str, Any] | None = None
    body: dict[str, Any] | None = None
    files: dict[str, Any] | None = None

    def recorder(self) -> Recorder:
        """One that has the answer which the call insists on."""
        return Recorder(*([JUDGED] if self.kind is Moderation else []))


ROWS = [
    Row("1", lambda api: api.models(), "GET", "/models", Models),
    Row("2", lambda api: api.model("m"), "GET", "/models/m", Model),
    Row("3", lambda api: api.delete_model("ft:m:me"), "DELETE", "/models/ft%3Am%3Ame", Deleted),
    Row(
        "4",
        lambda api: api.complete("Once", model="m", max_tokens=5, stop=["."], best_of=None),
        "POST",
        "/completions",
        Completion,
        body={"model": "m", "prompt": "Once", "max_tokens": 5, "stop": ["."]},
    ),
    Row(
        "4 stream",
        lambda api: api.complete_stream(["Once"], model="m"),
        "POST",
        "/completions",
        CompletionChunk,
        body={"model": "m", "prompt": ["Once"], "stream": True},
    ),
    Row(
        "5",
        lambda api: api.chat(HELLO, model="m", temperature=0.5, tools=[]),
        "POST",
        "/chat/completions",
        Chat,
        body={"model": "m", "messages": HELLO, "temperature": 0.5, "tools": []},
    ),
    Row(
        "5 stream",
        lambda api: api.chat_stream(HELLO, model="m", stream_options={"include_usage": True}),
        "POST",
        "/chat/completions",
        ChatChunk,
        body={"model": "m", "messages": HELLO, "stream": True, "stream_options": {"include_usage": True}},
    ),
    Row(
        "6",
        lambda api: api.edit("a dog", "make it a cat", model="m", n=2),
        "POST",
        "/edits",
        Edit,
        body={"model": "m", "input": "a dog", "instruction": "make it a cat", "n": 2},
    ),
    Row(
        "7",
        lambda api: api.image("大漠孤烟直", n=10, size="512x512", response_format="url"),
        "POST",
        "/images/generations",
        Images,
        body={"prompt": "大漠孤烟直", "n": 10, "size": "512x512", "response_format": "url"},
    ),
    Row(
        "7 stream",
        lambda api: api.image_stream("a river", model="gpt-image-1", partial_images=1),
        "POST",
        "/images/generations",
        ImageChunk,
        body={"prompt": "a river", "model": "gpt-image-1", "n": 1, "stream": True, "partial_images": 1},
    ),
    Row(
        "8",
        lambda api: api.edit_image(PNG, "snow", mask=MASK, size="256x256", user="me"),
        "POST",
        "/images/edits",
        Images,
        body={"prompt": "snow", "n": 1, "size": "256x256", "user": "me"},
        files={"image": PNG, "mask": MASK},
    ),
    Row(
        "8 several",
        lambda api: api.edit_image([PNG, MASK], "both", model="gpt-image-1"),
        "POST",
        "/images/edits",
        Images,
        body={"prompt": "both", "n": 1, "model": "gpt-image-1"},
        files={"image": [PNG, MASK]},
    ),
    Row(
        "8 stream",
        lambda api: api.edit_image_stream(PNG, "snow", model="gpt-image-1"),
        "POST",
        "/images/edits",
        ImageChunk,
        body={"prompt": "snow", "n": 1, "model": "gpt-image-1", "stream": True},
        files={"image": PNG},
    ),
    Row(
        "9",
        lambda api: api.vary_image(PNG, n=3, size="256x256"),
        "POST",
        "/images/variations",
        Images,
        body={"n": 3, "size": "256x256"},
        files={"image": PNG},
    ),
    Row(
        "10",
        lambda api: api.embed(["a", "b"], model="e", dimensions=2),
        "POST",
        "/embeddings",
        Embeddings,
        body={"model": "e", "input": ["a", "b"], "dimensions": 2},
    ),
    Row("11", lambda api: api.files(), "GET", "/files", Files),
    Row(
        "11 page",
        lambda api: api.files(limit=2, after="file-1"),
        "GET",
        "/files",
        Files,
        query={"limit": 2, "after": "file-1"},
    ),
    Row(
        "12",
        lambda api: api.upload_file(JSONL, "fine-tune"),
        "POST",
        "/files",
        File,
        body={"purpose": "fine-tune"},
        files={"file": JSONL},
    ),
    Row("13", lambda api: api.delete_file("file-1"), "DELETE", "/files/file-1", Deleted),
    Row("14", lambda api: api.file("file-1"), "GET", "/files/file-1", File),
    Row("15", lambda api: api.file_content("file-1", OUT), "GET", "/files/file-1/content", Answer),
    Row(
        "16",
        lambda api: api.create_fine_tune("file-1", model="m", suffix="me"),
        "POST",
        "/fine_tuning/jobs",
        FineTune,
        body={"training_file": "file-1", "model": "m", "suffix": "me"},
    ),
    Row(
        "16 old",
        lambda api: api.create_fine_tune("file-1", legacy=True, n_epochs=4),
        "POST",
        "/fine-tunes",
        FineTune,
        body={"training_file": "file-1", "n_epochs": 4},
    ),
    Row("17", lambda api: api.fine_tunes(limit=3), "GET", "/fine_tuning/jobs", FineTunes, query={"limit": 3}),
    Row("17 old", lambda api: api.fine_tunes(legacy=True), "GET", "/fine-tunes", FineTunes),
    Row("18", lambda api: api.fine_tune("ftjob-1"), "GET", "/fine_tuning/jobs/ftjob-1", FineTune),
    Row("18 old", lambda api: api.fine_tune("ft-1"), "GET", "/fine-tunes/ft-1", FineTune),
    Row("18 said", lambda api: api.fine_tune("ft-1", legacy=False), "GET", "/fine_tuning/jobs/ft-1", FineTune),
    Row("19", lambda api: api.cancel_fine_tune("ftjob-1"), "POST", "/fine_tuning/jobs/ftjob-1/cancel", FineTune),
    Row("19 old", lambda api: api.cancel_fine_tune("ft-1"), "POST", "/fine-tunes/ft-1/cancel", FineTune),
    Row(
        "20",
        lambda api: api.fine_tune_events("ftjob-1", limit=2),
        "GET",
        "/fine_tuning/jobs/ftjob-1/events",
        FineTuneEvents,
        query={"limit": 2},
    ),
    Row("20 old", lambda api: api.fine_tune_events("x", legacy=True), "GET", "/fine-tunes/x/events", FineTuneEvents),
    Row(
        "20 stream",
        lambda api: api.follow_fine_tune("ft-1"),
        "GET",
        "/fine-tunes/ft-1/events",
        FineTuneEvent,
        query={"stream": "true"},
    ),
    Row(
        "21",
        lambda api: api.moderate(["a", "b"], model="mod"),
        "POST",
        "/moderations",
        Moderation,
        body={"model": "mod", "input": ["a", "b"]},
    ),
    Row("22", lambda api: api.engines(), "GET", "/engines", Engines),
    Row("23", lambda api: api.engine("ada"), "GET", "/engines/ada", Engine),
]

NAMES = [row.name for row in ROWS]
