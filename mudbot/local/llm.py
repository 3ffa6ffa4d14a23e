"""The language model in this process: llama.cpp through xllamacpp, one generation at a time, in a thread of its own.

Why one at a time: on the few cores that a small host has, two generations side by side together make fewer tokens a
second than one after the other (1.5B on one thread: 12.6 against 18), and a long prompt of one stalls the other.
Several *slots* still pay: each keeps the prompt it saw last, so that as many personas stay warm.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
from collections.abc import AsyncGenerator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from mudbot.errors import ApiError, BadRequestError, LocalError, ModelMissingError, QueueFullError, ServerError
from mudbot.local.gguf import read_header
from mudbot.local.models import ModelSpec, choose, ensure_verified, path_of
from mudbot.local.shield import Shield

Chunk = dict[str, Any]

DEFAULTS: Mapping[str, Any] = {"min_p": 0.05, "top_k": 40, "repeat_penalty": 1.05}
"""Sampling where a request does not say; OpenAI's API has no names for these, so its clients never send them."""

_OPENAI = {"temperature", "top_p", "max_tokens", "stop", "presence_penalty", "frequency_penalty", "logit_bias", "seed"}
_OPENAI |= {"response_format", "tools", "tool_choice", "logprobs", "top_logprobs"}
PASSED = frozenset({"grammar", "json_schema", "min_p", "top_k", "repeat_penalty", "repeat_last_n", *_OPENAI})
"""The parameters that reach llama.cpp; it knows more, some of which (slots, files, adapters) are not a client's."""

_PLAIN_SYSTEM = "You are a helpful assistant."
"""Said where a chat has no system message: the templates would put in one that names the model's maker."""

_BATCH = 64
"""Prompt tokens computed at once: as fast as 512 on a CPU, and a cancelled request ends within one (about 2 s)."""
_CACHE_MIB = 256
"""Memory for prompts that lost their slot: about ten personas of the 1.5B model."""


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
        self.context, self.slots, self.threads = context, slots, threads or usual_threads()
        self._queue = queue
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="mudbot-llm")
        self._native: Any = None
        self._shield = Shield()
        self._loading: asyncio.Future[None] | None = None
        self._runs: set[_Run] = set()
        self._closed = False

    def __repr__(self) -> str:
        loading, failed = self._loading, "not loaded"
        if self._closed:
            failed = "closed"
        elif loading is not None:
            failed = (
                "loading" if not loading.done() else "failed" if loading.exception() else f"{len(self._runs)} asked"
            )
        return f"<LanguageModel {self.name}: {failed}>"

    @property
    def name(self) -> str:
        """What answers call it."""
        return self.spec.id if self.spec else self.path.stem

    async def load(self) -> None:
        """Load it once, in the worker thread; all callers wait for the same load, and for ever share its failure.

        Raises ModelMissingError, or LocalError when the file is damaged or does not fit into memory.
        """
        if self._closed:
            raise LocalError(f"the language model {self.name} is closed: the server is stopping")
        if self._loading is None:
            self._loading = asyncio.get_running_loop().run_in_executor(self._worker, self._load)
            self._loading.add_done_callback(lambda future: future.cancelled() or future.exception())
        try:
            await asyncio.shield(self._loading)
        except LocalError as error:
            raise type(error)(str(error)) from None  # a fresh one: a shared one would collect every caller's traceback

    def _load(self) -> None:
        if self.spec is not None:
            ensure_verified(self.path, self.spec)
        elif not self.path.is_file():
            raise ModelMissingError(
                f"there is no model file {self.path}: correct the path, or run `mudbot models fetch`"
            )
        header = read_header(self.path)
        if header.context:
            self.context = min(self.context, header.context)
        self._shield = Shield(header.control_tokens)
        self._native = self._start_native()

    def _start_native(self) -> Any:
        # Threads that wait for work must sleep, not spin: spinning ones take the core from the event loop.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        try:
            import xllamacpp
        except ImportError as error:
            raise LocalError(
                f"the local language model needs the package xllamacpp ({error}): pip install 'mudbot[local]'"
            ) from error
        params = xllamacpp.CommonParams()
        params.model.path = str(self.path)
        params.n_ctx, params.n_parallel = self.context * self.slots, self.slots
        params.n_batch = params.n_ubatch = _BATCH
        params.cpuparams.n_threads = params.cpuparams_batch.n_threads = self.threads
        params.cache_ram_mib, params.cache_idle_slots, params.n_ctx_checkpoints = _CACHE_MIB, False, 0
        params.verbosity = -1
        # The library opens an HTTP port of its own on the loopback; a key that nobody knows closes it.
        params.api_keys = [secrets.token_hex(32)]
        params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = params.ui = False
        try:
            return xllamacpp.Server(params)
        except (RuntimeError, ValueError, MemoryError) as error:
            raise LocalError(
                f"the language model {self.path} cannot be loaded ({error}): it may need more memory than is free "
                "(choose a smaller model: `mudbot models list`), or its format is too new for the installed xllamacpp"
            ) from None

    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """One answer, piece by piece; ending the iteration early (or cancelling it) stops the generation.

        Requests wait in order.  Raises LocalError (see ``load``), QueueFullError, and BadRequestError for a prompt
        that is longer than the context, a grammar that cannot be read and the like.
        """
        await self.load()
        if len(self._runs) > self._queue:
            raise QueueFullError(f"{self._queue} requests wait for the language model: try again later", status=503)
        chat = "messages" in body
        handler = self._native.handle_chat_completions if chat else self._native.handle_completions
        run = _Run(handler, self._payload(body, chat=chat), asyncio.get_running_loop())
        future = asyncio.get_running_loop().run_in_executor(self._worker, run.work)
        self._runs.add(run)
        try:
            while (chunk := await run.next()) is not None:
                piece = _piece(chunk)
                if piece is not None:
                    yield piece
        finally:
            run.stopped.set()
            future.cancel()  # takes it out of the queue if it has not begun
            self._runs.discard(run)

    def _payload(self, body: Mapping[str, Any], *, chat: bool) -> Chunk:
        payload = {**DEFAULTS, **{k: v for k, v in body.items() if k in PASSED and v is not None}}
        payload |= {"stream": True, "stream_options": {"include_usage": True}, "cache_prompt": True}
        payload["return_progress"] = True  # a call-back for each batch of the prompt: the chance to cancel there
        if isinstance(payload.get("seed"), int):
            payload["seed"] %= 2**32 - 1  # the one value left out means "random" to llama.cpp
        if not chat:
            return {**payload, "prompt": self._shield.text(str(body.get("prompt", "")))}
        messages = [_message(self._shield.deep(message)) for message in body["messages"]]
        if not any(message["role"] == "system" for message in messages):
            messages.insert(0, {"role": "system", "content": _PLAIN_SYSTEM})
        if "tools" in payload:
            payload["tools"] = self._shield.deep(payload["tools"])
        return {**payload, "messages": messages}

    async def close(self) -> None:
        """Stop all generations (within one batch of prompt), unload.  May be called twice."""
        if self._closed:
            return
        self._closed = True
        for run in tuple(self._runs):
            run.stopped.set()
            run.post(LocalError("the server is stopping"))
        await asyncio.get_running_loop().run_in_executor(None, self._unload)

    def _unload(self) -> None:
        self._worker.shutdown(wait=True, cancel_futures=True)
        self._native = None


class _Run:
    """One generation: the worker thread's side and the event loop's side of it."""

    def __init__(self, handler: Callable[..., Any], payload: Chunk, loop: asyncio.AbstractEventLoop) -> None:
        self._handler, self._payload, self._loop = handler, payload, loop
        self._chunks: asyncio.Queue[Chunk | Exception | None] = asyncio.Queue()
        self.stopped = threading.Event()

    def work(self) -> None:
        """Generate, in the worker thread."""
        end: Exception | None = None
        if not self.stopped.is_set():
            try:
                self._handler(self._payload, self._take)
            except (ValueError, TypeError) as error:  # llama.cpp's word for a request that it does not understand
                end = BadRequestError(str(error), status=400, code="invalid_value")
            except Exception as error:  # noqa: BLE001 -- whatever the native library throws must reach the caller
                end = ServerError(f"the language model failed: {error}", status=500)
        self.post(end)

    def _take(self, chunk: Chunk) -> bool:
        self.post(chunk)
        return self.stopped.is_set()  # True ends the generation

    def post(self, item: Chunk | Exception | None) -> None:
        """Hand *item* to the loop's side; from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._chunks.put_nowait, item)
        except RuntimeError:  # the loop is closed: nobody listens any more
            self.stopped.set()

    async def next(self) -> Chunk | None:
        """The next chunk; None at the end."""
        item = await self._chunks.get()
        if isinstance(item, Exception):
            raise item
        return item


def _message(message: Mapping[str, Any]) -> Chunk:
    role = "system" if message["role"] == "developer" else message["role"]
    return {**message, "role": role, "content": message.get("content") or ""}


def _piece(chunk: Chunk) -> Piece | None:
    """What a chunk of llama.cpp says; None if it only tells of progress.  Raises ApiError if it is an error."""
    if "error" in chunk:
        raise _failure(chunk["error"])
    usage = _usage(chunk.get("usage"))
    if not chunk.get("choices"):
        return Piece(usage=usage) if usage else None
    choice = chunk["choices"][0]
    delta = choice.get("delta") or {}
    piece = Piece(
        text=choice.get("text") or delta.get("content") or "",
        logprobs=tuple((choice.get("logprobs") or {}).get("content") or ()),
        tool_calls=tuple(delta.get("tool_calls") or ()),
        finish=choice.get("finish_reason"),
        usage=usage,
    )
    return None if piece == Piece() else piece


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
