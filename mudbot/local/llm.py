"""The language model: llama.cpp in a process of its own, one generation at a time.

Why its own process: the library holds Python's lock while it loads, which stopped an event loop in the same process for
2.3 s (1.5B); and what a native library may do at its worst, or the kernel when memory runs out, then ends the model and
not the bot.

Why one at a time: on the few cores that a small host has, two generations side by side together make fewer tokens a
second than one after the other (1.5B on one thread: 12.6 against 18), and a long prompt of one stalls the other.
Several *slots* still pay: each keeps the prompt it saw last, so that as many personas stay warm.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from mudbot.errors import ApiError, BadRequestError, LocalError, ModelMissingError, QueueFullError, ServerError
from mudbot.local.models import ModelSpec, choose, ensure_verified, path_of
from mudbot.local.native import Chunk, Settings
from mudbot.local.process import ModelProcess


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one generation."""

    prompt: int
    completion: int
    cached: int = 0
    """How many of the prompt's were remembered from before."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer as it comes."""

    text: str = ""
    logprobs: tuple[dict[str, Any], ...] = ()
    """A token each: ``token``, ``bytes``, ``logprob``, ``top_logprobs``, as in OpenAI's chat answers."""
    tool_calls: tuple[dict[str, Any], ...] = ()
    """Deltas as in OpenAI's streams."""
    finish: str | None = None
    """Why it ended (``stop``, ``length``, ``tool_calls``), in the last piece of text."""
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt as the model reads it."""

    text: str
    tokens: tuple[int, ...]


class TextModel(Protocol):
    """What the server wants of a language model."""

    @property
    def name(self) -> str:
        """What answers call it."""

    async def load(self) -> None:
        """Be ready to generate.  Raises LocalError if it never will be."""

    def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """One answer to *body*: a chat if it has ``messages``, else the continuation of its ``prompt`` (a string)."""

    async def close(self) -> None:
        """Stop what runs and give the memory back."""


@runtime_checkable
class ReadingModel(TextModel, Protocol):
    """A model that also tells what it makes of a prompt, and takes one as the numbers of its tokens."""

    async def read(self, prompt: str | Sequence[int]) -> Reading:
        """Text and tokens of *prompt*.  Raises BadRequestError for numbers that are no tokens of its."""

    def score(self, tokens: Sequence[int], top: int) -> AsyncGenerator[dict[str, Any], None]:
        """How likely each token but the first is after those before it, as ``Piece.logprobs``, with the *top* best."""

    @property
    def infills(self) -> bool:
        """Whether it writes what stands between a ``prompt`` and a ``suffix``; known once it is loaded."""


def open_model(name: str = "auto") -> LanguageModel:
    """The model called *name* (see ``models.choose``), not loaded yet.

    Looks only whether the file is there, which takes no time.  Raises ModelMissingError, LocalError.
    """
    spec = choose(name)
    path = path_of(spec)
    if not path.is_file():
        ensure_verified(path, spec)
    return LanguageModel(path, spec=spec)


def usual_threads() -> int:
    """One core less than there are: with a thread on every busy core generation collapses (from 15 to 1 a second)."""
    try:
        cores = len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        cores = os.cpu_count() or 1
    return max(1, cores - 1)


class LanguageModel:
    """One GGUF file, loaded at the first use and shared by all callers of one event loop.

    *spec* makes it check the file's checksum first.  *context* bounds the tokens of one prompt and its answer together;
    *slots* is how many prompts stay warm; more than *queue* waiting requests are refused.
    """

    def __init__(
        self,
        path: Path,
        *,
        spec: ModelSpec | None = None,
        threads: int | None = None,
        context: int = 4096,
        slots: int = 2,
        queue: int = 32,
    ) -> None:
        self.path, self.spec = path, spec
        self.settings = Settings(str(path), threads or usual_threads(), context, slots)
        self._queue = queue
        self._loading: asyncio.Task[ModelProcess] | None = None
        self._closed = False

    def __repr__(self) -> str:
        return f"<LanguageModel {self.name}: {self._state()}>"

    def _state(self) -> str:
        if self._closed:
            return "closed"
        if self._loading is None:
            return "not loaded"
        if not self._loading.done():
            return "loading"
        if self._loading.cancelled() or self._loading.exception() or self._loading.result().ended:
            return "failed"
        return f"{self._loading.result().waiting} asked"

    @property
    def name(self) -> str:
        """What answers call it."""
        return self.spec.id if self.spec else self.path.stem

    async def load(self) -> None:
        """Load it once, in its own process; all callers wait for the same load, and for ever share its failure.

        Raises ModelMissingError, or LocalError when the file is damaged, does not fit into memory, or when the
        process ended since.
        """
        await self._loaded()

    async def _loaded(self) -> ModelProcess:
        if self._closed:
            raise LocalError(f"the language model {self.name} is closed: the server is stopping")
        if self._loading is None:
            self._loading = asyncio.create_task(self._load(), name="mudbot-llm-load")
        try:
            process = await asyncio.shield(self._loading)
        except LocalError as error:
            raise type(error)(str(error)) from None  # a fresh one: a shared one would collect every caller's traceback
        if process.ended:
            raise LocalError(str(process.ended))
        return process

    async def _load(self) -> ModelProcess:
        if self.spec is not None:
            await asyncio.to_thread(ensure_verified, self.path, self.spec)
        elif not await asyncio.to_thread(self.path.is_file):
            raise ModelMissingError(
                f"there is no model file {self.path}: correct the path, or run `mudbot models fetch`"
            )
        return await ModelProcess.start(self.settings)

    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """One answer, piece by piece; ending the iteration early (or cancelling it) stops the generation.

        Requests wait in order.  Raises LocalError (see ``load``), QueueFullError, and BadRequestError for a prompt
        that is longer than the context, a grammar that cannot be read and the like.
        """
        async with aclosing(self._run({**body, "task": "generate"})) as chunks:
            async for chunk in chunks:
                piece = _piece(chunk)
                if piece is not None:
                    yield piece

    async def read(self, prompt: str | Sequence[int]) -> Reading:
        """The tokens of *prompt*; waits its turn as ``generate`` does, and raises the same."""
        said = prompt if isinstance(prompt, str) else list(prompt)
        async with aclosing(self._run({"task": "read", "prompt": said})) as chunks:
            async for chunk in chunks:
                return Reading(chunk["read"]["text"], tuple(chunk["read"]["tokens"]))
        raise ServerError("the language model failed: it did not tell the tokens of a prompt", status=500)

    async def score(self, tokens: Sequence[int], top: int) -> AsyncGenerator[dict[str, Any], None]:
        """An entry of log probabilities for each token but the first; takes as long as generating them would.

        A token that is a part of a character takes half a second and more: it is looked for among all there are.
        """
        async with aclosing(self._run({"task": "score", "tokens": list(tokens), "top": top})) as chunks:
            async for chunk in chunks:
                yield _entry(chunk["score"])

    @property
    def infills(self) -> bool:
        """Whether it writes what stands between two texts; False until it is loaded."""
        loading = self._loading
        if loading is None or not loading.done() or loading.cancelled() or loading.exception():
            return False
        return loading.result().loaded.infills

    async def _run(self, body: Mapping[str, Any]) -> AsyncGenerator[Chunk, None]:
        process = await self._loaded()
        if process.waiting > self._queue:
            raise QueueFullError(f"{self._queue} requests wait for the language model: try again later", status=503)
        async with aclosing(process.run(body)) as chunks:
            async for chunk in chunks:
                if "error" in chunk:
                    raise _failure(chunk["error"])
                yield chunk

    async def close(self) -> None:
        """Stop all generations, end the process.  May be called twice."""
        self._closed = True
        loading, self._loading = self._loading, None
        if loading is None:
            return
        loading.cancel()
        await asyncio.wait([loading])
        if not loading.cancelled() and not loading.exception():
            await loading.result().close()


def _piece(chunk: Chunk) -> Piece | None:
    """What a chunk of llama.cpp says; None if it only tells of progress."""
    usage = _usage(chunk.get("usage"))
    if not chunk.get("choices"):
        return Piece(usage=usage) if usage else None
    choice = chunk["choices"][0]
    delta = choice.get("delta") or {}
    piece = Piece(
        text=choice.get("text") or delta.get("content") or "",
        logprobs=tuple(map(_entry, (choice.get("logprobs") or {}).get("content") or ())),
        tool_calls=tuple(delta.get("tool_calls") or ()),
        finish=choice.get("finish_reason"),
        usage=usage,
    )
    return None if piece == Piece() else piece


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    """A token's log probabilities with OpenAI's fields, nothing of llama.cpp's own."""

    def told(token: Mapping[str, Any]) -> dict[str, Any]:
        return {"token": token["token"], "bytes": token["bytes"], "logprob": token["logprob"]}

    return {**told(entry), "top_logprobs": [told(other) for other in entry["top_logprobs"]]}


def _usage(said: Mapping[str, Any] | None) -> Usage | None:
    if not said:
        return None
    cached = (said.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    return Usage(said.get("prompt_tokens", 0), said.get("completion_tokens", 0), cached)


def _failure(error: Mapping[str, Any]) -> ApiError:
    message, status = str(error.get("message", "")), error.get("code", 500)
    if error.get("type") == "exceed_context_size_error":
        return BadRequestError(
            f"the prompt has {error.get('n_prompt_tokens')} tokens, the model's context holds {error.get('n_ctx')}: "
            "shorten the messages",
            status=400,
            code="context_length_exceeded",
        )
    if isinstance(status, int) and 400 <= status < 500:
        return BadRequestError(message, status=status, code="invalid_value")
    return ServerError(f"the language model failed: {message}", status=500)
