"""The completions endpoint's answers: prompts of text or tokens, echo, log probabilities, the best of several, streams.

The shape is the API reference's ``text_completion`` (https://platform.openai.com/docs/api-reference/completions).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from mudbot.errors import BadRequestError
from mudbot.local.generating import Aligned, Answer, Generating, Token, Total, wants_usage
from mudbot.local.llm import ReadingModel

Prompt = str | Sequence[int]


@dataclass(frozen=True, slots=True)
class _Before:
    """A prompt, and what an answer tells of it."""

    prompt: Prompt
    """As the model is asked."""
    echo: str = ""
    tokens: tuple[Token, ...] = ()
    """For an echo with log probabilities."""
    count: int = 0
    """How many tokens it has, where no generation tells that."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A piece of one choice."""

    text: str = ""
    tokens: Sequence[Token] = ()
    finish: str | None = None


@dataclass(slots=True)
class _Choice:
    text: list[str] = field(default_factory=list)
    tokens: list[Token] = field(default_factory=list)
    finish: str = "stop"

    @property
    def likelihood(self) -> float:
        """The mean log probability of its tokens."""
        return sum(token.entry["logprob"] for token in self.tokens) / len(self.tokens) if self.tokens else float("-inf")


class Completions(Generating):
    """POST /completions over one model."""

    async def complete(self, body: Mapping[str, Any]) -> Answer:
        """``text_completion``; a list of prompts gives the choices of the first prompt first.

        With ``best_of`` the likeliest ``n`` of that many answers are chosen, by the mean log probability of their
        tokens; all of them are counted in the usage.  Raises what ``TextModel.generate`` raises, and BadRequestError
        for a prompt that this model cannot take.
        """
        total, choices, wanted = Total(), list[_Choice](), body.get("n") or 1
        tries = max(wanted, body.get("best_of") or 1)
        asked = {**body, "logprobs": body.get("logprobs") or 1} if tries > wanted else body
        befores = []
        for at, prompt in enumerate(_prompts(body)):
            before = await self._before(body, prompt)
            tried = [
                await self._choice(asked, before, at * tries + i, total, first=i == 0)
                for i in range(1 if _nothing(body) else tries)
            ]
            if tries > wanted:
                tried.sort(key=lambda choice: -choice.likelihood)  # equally likely ones stay as they came
            choices += (tried * wanted)[:wanted]
            befores += [before] * wanted
        told = [_told(body, index, *pair) for index, pair in enumerate(zip(befores, choices, strict=True))]
        return {**self._head("cmpl", "text_completion"), "choices": told, "usage": total.json()}

    async def stream_complete(self, body: Mapping[str, Any]) -> AsyncGenerator[Answer, None]:
        """``text_completion`` chunks; with ``echo`` the prompt comes first."""
        head, total, wanted = self._stream_head(body, "cmpl", "text_completion"), Total(), body.get("n") or 1
        for at, prompt in enumerate(_prompts(body)):
            before = await self._before(body, prompt)
            for i in range(wanted):
                index = at * wanted + i
                async with aclosing(self._pieces(body, before, index, total, first=i == 0)) as pieces:
                    begun = not body.get("echo")
                    async for said in pieces:
                        if not begun:  # not before the first piece: a request that the model refuses must not begin
                            begun = True
                            yield {**head, "choices": [_chunk(body, index, _Said(before.echo, before.tokens))]}
                        yield {**head, "choices": [_chunk(body, index, said)]}
        if wants_usage(body):
            yield {**head, "choices": [], "usage": total.json()}

    async def _before(self, body: Mapping[str, Any], prompt: Prompt) -> _Before:
        """*prompt*, read with the model as far as the answer needs it."""
        echo, model = bool(body.get("echo")), self.model
        scoring = echo and body.get("logprobs") is not None
        if isinstance(prompt, str) and not _nothing(body) and not (scoring and isinstance(model, ReadingModel)):
            return _Before(prompt, prompt if echo else "")
        if not isinstance(model, ReadingModel):
            raise BadRequestError("prompt: this model does not tell its tokens: send text, and max_tokens of 1 or more")
        reading = await model.read(prompt)
        tokens: tuple[Token, ...] = ()
        if scoring and reading.tokens:
            async with aclosing(model.score(reading.tokens, body["logprobs"])) as scores:
                tokens = _of_prompt(reading.text, [entry async for entry in scores])
        return _Before(reading.tokens, reading.text if echo else "", tokens, len(reading.tokens))

    async def _choice(
        self, body: Mapping[str, Any], before: _Before, index: int, total: Total, *, first: bool
    ) -> _Choice:
        choice = _Choice()
        async with aclosing(self._pieces(body, before, index, total, first=first)) as pieces:
            async for said in pieces:
                choice.text.append(said.text)
                choice.tokens.extend(said.tokens)
                choice.finish = said.finish or choice.finish
        return choice

    async def _pieces(
        self, body: Mapping[str, Any], before: _Before, index: int, total: Total, *, first: bool
    ) -> AsyncGenerator[_Said, None]:
        """What one choice says after the prompt, in the end the reason of its end."""
        if _nothing(body):
            total.prompt += before.count if first else 0
            yield _Said(finish="length")
            return
        aligned, finish, moved = Aligned(), "stop", len(before.echo)
        asked = {**body, "prompt": before.prompt if isinstance(before.prompt, str) else list(before.prompt)}
        async with aclosing(self._generate(asked, index, total, first=first)) as pieces:
            async for piece in pieces:
                finish = piece.finish or finish
                tokens = [replace(token, offset=token.offset + moved) for token in aligned.add(piece)]
                if piece.text:
                    yield _Said(piece.text, tokens)
        yield _Said(finish=finish)


def _nothing(body: Mapping[str, Any]) -> bool:
    """Whether nothing is to be written: an echo alone, or a count of the prompt's tokens."""
    return body.get("max_tokens") == 0


def _prompts(body: Mapping[str, Any]) -> list[Prompt]:
    return [body["prompt"]] if isinstance(body["prompt"], str) else body["prompt"]


def _of_prompt(text: str, scored: Sequence[Answer]) -> tuple[Token, ...]:
    """The tokens of a prompt, of which all but the first were scored."""
    content = text.encode("utf-8", "replace")
    at = max(0, len(content) - sum(len(entry["bytes"]) for entry in scored))
    begin = content[:at]
    first = {"token": begin.decode("utf-8", "replace"), "bytes": list(begin), "logprob": None, "top_logprobs": None}
    tokens = [Token(first, 0)]
    for entry in scored:
        tokens.append(Token(entry, len(content[:at].decode("utf-8", "ignore"))))
        at += len(entry["bytes"])
    return tuple(tokens)


def _told(body: Mapping[str, Any], index: int, before: _Before, choice: _Choice) -> Answer:
    said = _Said(before.echo + "".join(choice.text), (*before.tokens, *choice.tokens), choice.finish)
    answer = _chunk(body, index, said)
    if body.get("logprobs") is not None:  # a whole answer has the field's lists even where it says nothing
        answer["logprobs"] = legacy_logprobs(said.tokens, body["logprobs"])
    return answer


def _chunk(body: Mapping[str, Any], index: int, said: _Said) -> Answer:
    wanted = body.get("logprobs")
    logprobs = legacy_logprobs(said.tokens, wanted) if said.tokens and wanted is not None else None
    return {"text": said.text, "index": index, "logprobs": logprobs, "finish_reason": said.finish}


def legacy_logprobs(tokens: Sequence[Token], top: int) -> Answer:
    """The completions endpoint's own shape of log probabilities: four lists, and the best tokens by name."""
    answer: Answer = {"tokens": [], "token_logprobs": [], "top_logprobs": [], "text_offset": []}
    for token in tokens:
        answer["tokens"].append(_name(token.entry))
        answer["token_logprobs"].append(token.entry["logprob"])
        answer["top_logprobs"].append(_best(token.entry, top))
        answer["text_offset"].append(token.offset)
    return answer


def _best(entry: Mapping[str, Any], top: int) -> dict[str, float] | None:
    """The *top* best tokens, and the chosen one even where it is none of them (API reference, ``logprobs``)."""
    if entry.get("top_logprobs", ()) is None:
        return None
    best = {_name(other): other["logprob"] for other in entry.get("top_logprobs", ())[:top]}
    if top:
        best.setdefault(_name(entry), entry["logprob"])
    return best


def _name(token: Mapping[str, Any]) -> str:
    """A token's text; a part of a character by its bytes, as ``bytes:\\xe4\\xbd``: two parts must not look alike."""
    content = bytes(token.get("bytes") or ())
    try:
        content.decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in content)
    return str(token["token"])
