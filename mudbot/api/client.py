"""The Api: one OpenAI-compatible server, for every caller.  Usable without the rest of mudbot::

async with Api("http://127.0.0.1:8080/v1", limits=Limits(requests_per_minute=60)) as api:
    answer = await api.chat([{"role": "user", "content": "你好"}], model="qwen2.5")
    print(answer.text)
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

from mudbot.api.exchange import Exchange, Job
from mudbot.api.limit.limits import Cost, Limits
from mudbot.api.limit.scheduler import Scheduler
from mudbot.api.report import ApiCall
from mudbot.api.tokens import COMPLETION_REPLY, REPLY, chat_tokens, prompt_tokens, reply_tokens
from mudbot.api.types import (
    Answer,
    Chat,
    ChatChunk,
    Completion,
    CompletionChunk,
    Embeddings,
    Images,
    Models,
    Moderation,
    Piece,
)
from mudbot.api.wire.answers import read_answer, read_stream
from mudbot.api.wire.failures import Place
from mudbot.api.wire.safe import Redactor
from mudbot.api.wire.target import Target
from mudbot.clock import Clock, SystemClock
from mudbot.errors import ApiConnectionError, BadAnswerError, BadRequestError

if TYPE_CHECKING:
    from mudbot.api.wire.transport import Transport

_A = TypeVar("_A", bound=Answer)
_P = TypeVar("_P", bound=Piece)

_CHAT, _COMPLETIONS, _IMAGES = "/chat/completions", "/completions", "/images/generations"
_MODERATIONS, _EMBEDDINGS, _MODELS = "/moderations", "/embeddings", "/models"


class Api:
    """The shared adapter.  Every method may be called from many tasks of one event loop at once.

    *base_url* is the http(s) URL under which the endpoints live, with or without a slash at its end; *limits* hold over
    all calls; *on_call* is told of every finished call (it must not block).  Raises ConfigError for settings that can
    never work.  It connects when it is first used; close it in the end, or use it as ``async with``.

    All methods take *deadline*, seconds for the whole call with its waiting and retries (default:
    ``limits.deadline``), and any further parameter of their endpoint by its name; a parameter that is None is not sent.
    All raise ApiError: RateLimitError, QuotaError, QueueFullError, ApiTimeoutError, ApiConnectionError, ServerError,
    AuthenticationError, NotFoundError, BadRequestError, RefusedError or BadAnswerError, each saying what to do.
    """

    def __init__(  # noqa: PLR0913 - who, where, how much and whom to tell: each is one setting of the owner's
        self,
        base_url: str,
        *,
        api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        limits: Limits | None = None,
        clock: Clock | None = None,
        on_call: Callable[[ApiCall], None] | None = None,
    ) -> None:
        self._target = Target(base_url, api_key=api_key, organization=organization, project=project)
        self._limits = limits or Limits()
        self._on_call = on_call
        self._redact = Redactor(self._target.key)
        self._scheduler = Scheduler(self._limits, clock or SystemClock())
        self._transport: Transport | None = None
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self._scheduler.running} in flight, {self._scheduler.waiting} waiting"
        return f"<Api {self._target.shown}: {state}>"

    @property
    def running(self) -> int:
        """Calls in flight."""
        return self._scheduler.running

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return self._scheduler.waiting

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it: calls that wait fail at once, calls in flight lose their connection.  Twice does no harm."""
        if not self._closed:
            self._closed = True
            await self._scheduler.close()
            if self._transport is not None:
                await self._transport.close()

    # -- endpoints -------------------------------------------------------------------------------------------------

    async def chat(
        self, messages: Sequence[Mapping[str, Any]], *, model: str, deadline: float | None = None, **params: Any
    ) -> Chat:
        """``POST /chat/completions``: the reply to *messages*; ``.text`` is its text."""
        job = self._post(
            _CHAT, params | {"model": model, "messages": messages}, _chat_cost(messages, params, model), Chat
        )
        return await self._answer(job, deadline)

    def chat_stream(
        self, messages: Sequence[Mapping[str, Any]], *, model: str, deadline: float | None = None, **params: Any
    ) -> AsyncGenerator[ChatChunk, None]:
        """The same, piece by piece as it is written: ``async for chunk in api.chat_stream(...): chunk.text``.

        A stream that breaks off raises; what came until then has been yielded.  Whoever leaves the loop early should
        ``aclose`` the generator (``contextlib.aclosing``), so that its place in flight is free at once.
        """
        body = params | {"model": model, "messages": messages}
        return self._answers(self._stream(_CHAT, body, _chat_cost(messages, params, model), ChatChunk), deadline)

    async def complete(
        self, prompt: str | Sequence[Any], *, model: str, deadline: float | None = None, **params: Any
    ) -> Completion:
        """``POST /completions``: what follows *prompt*; ``.text`` is its text."""
        body = params | {"model": model, "prompt": prompt}
        return await self._answer(
            self._post(_COMPLETIONS, body, _complete_cost(prompt, params, model), Completion), deadline
        )

    def complete_stream(
        self, prompt: str | Sequence[Any], *, model: str, deadline: float | None = None, **params: Any
    ) -> AsyncGenerator[CompletionChunk, None]:
        """The same, piece by piece; see ``chat_stream``."""
        body = params | {"model": model, "prompt": prompt}
        return self._answers(
            self._stream(_COMPLETIONS, body, _complete_cost(prompt, params, model), CompletionChunk), deadline
        )

    async def image(
        self,
        prompt: str,
        *,
        model: str | None = None,
        n: int = 1,
        size: str | None = None,
        deadline: float | None = None,
        **params: Any,
    ) -> Images:
        """``POST /images/generations``: *n* pictures of *prompt*, each a short-lived URL or base64."""
        body = params | {"model": model, "prompt": prompt, "n": n, "size": size}
        return await self._answer(self._post(_IMAGES, body, Cost(images=n), Images), deadline)

    async def moderate(
        self,
        input: str | Sequence[Any],  # noqa: A002 - the endpoint's own name for it
        *,
        model: str | None = None,
        deadline: float | None = None,
        **params: Any,
    ) -> Moderation:
        """``POST /moderations``: whether *input* is fit; one result for each text in it."""
        tokens = prompt_tokens(input, model)
        body = params | {"model": model, "input": input}
        answer = await self._answer(
            self._post(_MODERATIONS, body, Cost(tokens=tokens, prompt=tokens), Moderation), deadline
        )
        wanted = 1 if isinstance(input, str) or not all(isinstance(part, str) for part in input) else len(input)
        if len(answer.results) < wanted:
            raise BadAnswerError(
                f"POST {_MODERATIONS}: {len(answer.results)} results for {wanted} texts: some of them were not judged; "
                "send them one by one, or use another moderation model",
                request_id=answer.request_id,
            )
        return answer

    async def embed(
        self,
        input: str | Sequence[Any],  # noqa: A002 - the endpoint's own name for it
        *,
        model: str,
        deadline: float | None = None,
        **params: Any,
    ) -> Embeddings:
        """``POST /embeddings``: a vector for each text of *input*; ``.vectors`` has them in order."""
        tokens = prompt_tokens(input, model)
        body = params | {"model": model, "input": input}
        return await self._answer(
            self._post(_EMBEDDINGS, body, Cost(tokens=tokens, prompt=tokens), Embeddings), deadline
        )

    async def models(self, *, deadline: float | None = None) -> Models:
        """``GET /models``: what the server offers."""
        read = partial(read_answer, kind=Models)
        return await self._answer(Job(self._place("GET", _MODELS, None), None, Cost(), read), deadline)

    # -- the way of every call -------------------------------------------------------------------------------------

    def _post(self, path: str, body: Mapping[str, Any], cost: Cost, kind: type[_A]) -> Job[_A]:
        if body.get("stream"):
            raise BadRequestError(f"POST {path}: stream=True has its own methods: call chat_stream or complete_stream")
        place = self._place("POST", path, body["model"])
        return Job(place, _serialised(body, place), cost, partial(read_answer, kind=kind))

    def _stream(self, path: str, body: Mapping[str, Any], cost: Cost, kind: type[_P]) -> Job[_P]:
        place = self._place("POST", path, body["model"])
        data = _serialised({**body, "stream": True}, place)
        return Job(place, data, cost, partial(read_stream, kind=kind), accept="text/event-stream")

    def _place(self, method: str, path: str, model: str | None) -> Place:
        return Place(method, path, self._target.shown, model, has_key=self._target.key is not None)

    async def _answer(self, job: Job[_A], deadline: float | None) -> _A:
        async with aclosing(self._answers(job, deadline)) as answers:
            answer = await anext(answers)
            async for _ in answers:  # lets the call come to its end: settled, reported, its connection free again
                pass
        return answer

    async def _answers(self, job: Job[_A], deadline: float | None) -> AsyncGenerator[_A, None]:
        transport = self._open()
        exchange = Exchange(
            job, self._scheduler, self._limits.deadline if deadline is None else deadline, self._on_call
        )
        async with aclosing(exchange.answers(transport)) as answers:
            async for answer in answers:
                yield answer

    def _open(self) -> Transport:
        if self._closed:
            raise ApiConnectionError("the Api is closed and takes no more calls: open a new one")
        if self._transport is None:
            from mudbot.api.wire.transport import Transport  # aiohttp takes a third of a second to import

            self._transport = Transport(self._target, self._redact)
        return self._transport


def _chat_cost(messages: Sequence[Mapping[str, Any]], params: Mapping[str, Any], model: str) -> Cost:
    prompt = chat_tokens(messages, params, model)
    return Cost(tokens=prompt + reply_tokens(params, REPLY), prompt=prompt)


def _complete_cost(prompt: str | Sequence[Any], params: Mapping[str, Any], model: str) -> Cost:
    tokens = prompt_tokens(prompt, model)
    prompts = len(prompt) if not isinstance(prompt, str) and prompt and not isinstance(prompt[0], int) else 1
    return Cost(tokens=tokens + prompts * reply_tokens(params, COMPLETION_REPLY), prompt=tokens)


def _serialised(body: Mapping[str, Any], place: Place) -> bytes:
    """The JSON of *body* without what is None.  Half a surrogate pair, as broken MUD text may hold, becomes ``?``."""
    try:
        text = json.dumps(
            {name: value for name, value in body.items() if value is not None}, ensure_ascii=False, allow_nan=False
        )
    except (TypeError, ValueError, RecursionError) as error:
        fault = str(error)
    else:
        return text.encode("utf-8", "replace")
    raise BadRequestError(
        f"{place}: its parameters cannot be written as JSON ({fault}): give text, numbers, lists and dicts"
    )
