"""Text in, text or judgement out: chat, completions, edits, embeddings, moderation."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Any

from mudbot.api.calls import NOBODY, Call, Caller
from mudbot.api.endpoints.base import Calls, how, whole
from mudbot.api.limit.limits import Cost
from mudbot.api.tokens import COMPLETION_REPLY, REPLY, chat_tokens, prompt_tokens, reply_tokens
from mudbot.api.types import Chat, ChatChunk, Completion, CompletionChunk, Edit, Embeddings, Moderation
from mudbot.errors import BadAnswerError

_CHAT, _COMPLETIONS, _EDITS = "/chat/completions", "/completions", "/edits"
_EMBEDDINGS, _MODERATIONS = "/embeddings", "/moderations"

LONGEST_KEPT = 64 * 1024
"""Bytes of an input that is no text (token numbers, pictures as data URLs) whose answer may still be kept: a picture
is seldom judged twice, and the key of the answer is as long as the picture."""


class TextCalls(Calls):
    """The calls whose cost is counted in tokens."""

    async def chat(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        model: str,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Chat:
        """``POST /chat/completions``: the reply to *messages*; ``.text`` is its text."""
        whole(_CHAT, params, "chat_stream")
        body = params | {"model": model, "messages": messages}
        cost = _chat_cost(messages, params, model)
        call = Call("POST", _CHAT, Chat, model, body, cost=cost, shared=_certain(params))
        return await self._one(call, how(deadline, caller, organization))

    def chat_stream(
        self,
        messages: Sequence[Mapping[str, Any]],
        *,
        model: str,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> AsyncGenerator[ChatChunk, None]:
        """The same, piece by piece as it is written: ``async for chunk in api.chat_stream(...): chunk.text``.

        A stream that breaks off raises; what came until then has been yielded.  Whoever leaves the loop early should
        ``aclose`` the generator (``contextlib.aclosing``), so that its place in flight is free at once.
        """
        body = params | {"model": model, "messages": messages, "stream": True}
        cost = _chat_cost(messages, params, model)
        call = Call("POST", _CHAT, ChatChunk, model, body, cost=cost, stream=True)
        return self._pieces(call, how(deadline, caller, organization))

    async def complete(
        self,
        prompt: str | Sequence[Any],
        *,
        model: str,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Completion:
        """``POST /completions``: what follows *prompt*; ``.text`` is its text."""
        whole(_COMPLETIONS, params, "complete_stream")
        body = params | {"model": model, "prompt": prompt}
        cost = _complete_cost(prompt, params, model)
        call = Call("POST", _COMPLETIONS, Completion, model, body, cost=cost, shared=_certain(params))
        return await self._one(call, how(deadline, caller, organization))

    def complete_stream(
        self,
        prompt: str | Sequence[Any],
        *,
        model: str,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> AsyncGenerator[CompletionChunk, None]:
        """The same, piece by piece; see ``chat_stream``."""
        body = params | {"model": model, "prompt": prompt, "stream": True}
        cost = _complete_cost(prompt, params, model)
        call = Call("POST", _COMPLETIONS, CompletionChunk, model, body, cost=cost, stream=True)
        return self._pieces(call, how(deadline, caller, organization))

    async def edit(
        self,
        input: str,  # noqa: A002 - the endpoint's own name for it
        instruction: str,
        *,
        model: str,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Edit:
        """``POST /edits``: *input* changed as *instruction* says; ``.text`` is the new text.

        OpenAI itself closed this endpoint in 2024; ``chat`` with the instruction as its system message replaces it.
        """
        whole(_EDITS, params)
        body = params | {"model": model, "input": input, "instruction": instruction}
        call = Call("POST", _EDITS, Edit, model, body, cost=_edit_cost(input, instruction, params, model))
        return await self._one(call, how(deadline, caller, organization))

    async def embed(
        self,
        input: str | Sequence[Any],  # noqa: A002 - the endpoint's own name for it
        *,
        model: str,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Embeddings:
        """``POST /embeddings``: a vector for each text of *input*; ``.vectors`` has them in order."""
        whole(_EMBEDDINGS, params)
        body = params | {"model": model, "input": input}
        call = Call(
            "POST", _EMBEDDINGS, Embeddings, model, body, cost=_read_cost(input, model), shared=True, kept=_small(input)
        )
        wanted = len(input) if not isinstance(input, str) and _texts(input) else 1
        call.fits = lambda answer: len(answer.data) >= wanted
        return await self._one(call, how(deadline, caller, organization))

    async def moderate(
        self,
        input: str | Sequence[Any],  # noqa: A002 - the endpoint's own name for it
        *,
        model: str | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Moderation:
        """``POST /moderations``: whether *input* is fit; one result for each text in it.

        Raises BadAnswerError when fewer results come than there are texts: one that was not judged is not clean.
        """
        whole(_MODERATIONS, params)
        body = params | {"model": model, "input": input}
        cost = _read_cost(input, model)
        wanted = 1 if isinstance(input, str) or not _texts(input) else len(input)
        call = Call("POST", _MODERATIONS, Moderation, model, body, cost=cost, shared=True, kept=_small(input))
        call.fits = lambda answer: len(answer.results) >= wanted
        answer = await self._one(call, how(deadline, caller, organization))
        if len(answer.results) < wanted:
            raise BadAnswerError(
                f"POST {_MODERATIONS}: {len(answer.results)} results for {wanted} texts: some of them were not judged; "
                "send them one by one, or use another moderation model",
                request_id=answer.request_id,
            )
        return answer


def _chat_cost(messages: Sequence[Mapping[str, Any]], params: Mapping[str, Any], model: str) -> Cost:
    prompt = chat_tokens(messages, params, model)
    return Cost(tokens=prompt + reply_tokens(params, REPLY), prompt=prompt)


def _complete_cost(prompt: str | Sequence[Any], params: Mapping[str, Any], model: str) -> Cost:
    tokens = prompt_tokens(prompt, model)
    prompts = len(prompt) if not isinstance(prompt, str) and prompt and not isinstance(prompt[0], int) else 1
    return Cost(tokens=tokens + prompts * reply_tokens(params, COMPLETION_REPLY), prompt=tokens)


def _edit_cost(text: str, instruction: str, params: Mapping[str, Any], model: str) -> Cost:
    """The endpoint has no ``max_tokens``: an edited text is about as long as it was."""
    long = prompt_tokens(text, model)
    prompt = long + prompt_tokens(instruction, model)
    return Cost(tokens=prompt + reply_tokens({"n": params.get("n")}, max(COMPLETION_REPLY, round(long))), prompt=prompt)


def _read_cost(text: str | Sequence[Any], model: str | None) -> Cost:
    tokens = prompt_tokens(text, model)
    return Cost(tokens=tokens, prompt=tokens)


def _certain(params: Mapping[str, Any]) -> bool:
    """Whether the answer does not depend on chance."""
    return params.get("temperature") == 0 and params.get("n") in (None, 1)


def _texts(value: Sequence[Any]) -> bool:
    return all(isinstance(part, str) for part in value)


def _small(value: object) -> bool:
    """Whether *value* is text, or no more than LONGEST_KEPT of anything else."""
    return isinstance(value, str) or (isinstance(value, Sequence) and _texts(value)) or _size(value) <= LONGEST_KEPT


def _size(value: object) -> int:
    """About as many characters as its JSON has."""
    if isinstance(value, str):
        return len(value) + 2
    if isinstance(value, Mapping):
        return sum(_size(key) + _size(item) for key, item in value.items())
    if isinstance(value, Sequence):
        return sum(map(_size, value))
    return 7  # a token number and its comma
