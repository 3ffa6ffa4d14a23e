"""The model of a test: it says what the test lets it say, notes what it was asked, and what that would have cost."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import zlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from mudbot.api import ApiCall, Caller
from mudbot.api.calls import Call, Options
from mudbot.api.office import tell
from mudbot.api.tokens import text_tokens
from mudbot.api.types import Answer, Piece, Usage
from mudbot.clock import Clock
from mudbot.errors import (
    ApiError,
    AuthenticationError,
    BadRequestError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from mudbot.local.judge import Verdict
from mudbot.mud.transcript import question
from mudbot.replay.script import Answers, ScriptedApi
from mudbot.testing.till import Till

Kind = Literal["chat", "complete", "edit", "image", "embed", "moderate"]

SERVER = "https://api.openai.com/v1"
"""By whose prices a call is reckoned."""
DIMENSIONS = 256
"""Of an embedding that the test did not give."""

_KINDS: dict[str, Kind] = {
    "/chat/completions": "chat",
    "/completions": "complete",
    "/edits": "edit",
    "/embeddings": "embed",
    "/moderations": "moderate",
    "/images/generations": "image",
    "/images/edits": "image",
    "/images/variations": "image",
}
_WORD = re.compile(r"[^\W\d_]+|\d+")
_WIDE = re.compile("[\u2e80-\u9fff]")
_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    429: RateLimitError,
}

_A = TypeVar("_A", bound=Answer)
_P = TypeVar("_P", bound=Piece)


class NotScriptedError(AssertionError):
    """The model was asked something, and the test did not say what it answers."""


@dataclasses.dataclass(frozen=True, slots=True)
class Asked:
    """One call of the model."""

    kind: Kind
    text: str
    """What was asked: the last message, the prompt, the texts a line each."""
    system: str
    """The system message; empty where there is none."""
    messages: tuple[Mapping[str, Any], ...]
    model: str
    params: Mapping[str, Any] = dataclasses.field(repr=False)
    """All that would have been sent."""
    caller: Caller = dataclasses.field(repr=False)
    """Whose turn and whose budget it is: ``player``, ``channel``, ``plugin``, ``priority``."""
    at: float = 0.0
    """Seconds of the test's clock since its beginning."""

    def __str__(self) -> str:
        return self.text


@dataclasses.dataclass(slots=True)
class _Cue:
    """What comes next."""

    text: str = ""
    pieces: tuple[str, ...] = ()
    error: ApiError | None = None
    data: bytes = b""
    after: float = 0.0


class Script:
    """What the model says in a test: ``bot.ai``."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        """Every call, in order."""
        self.on_failure: Callable[[BaseException], None] = lambda _failure: None
        self._said: deque[_Cue] = deque()
        self._rules: list[tuple[re.Pattern[str], _Cue]] = []
        self._drawn: deque[_Cue] = deque()
        self._failing: dict[str, deque[_Cue]] = {"embed": deque(), "moderate": deque()}
        self._vectors: dict[str, Sequence[float]] = {}
        self._flags: list[tuple[re.Pattern[str], str]] = []
        self._bills: list[tuple[Call[Any], Usage, int | None]] = []

    def __repr__(self) -> str:
        return f"<Script {len(self.asked)} asked, {len(self._said)} answers left>"

    # -- what it will do -------------------------------------------------------------------------------------------

    def will_say(self, *answers: Any, to: str | None = None, after: float = 0.0) -> None:
        """Answer the next questions with *answers*, one each, *after* so many seconds.

        With *to*, a regular expression, every question that it is found in is answered so, as often as it is asked:
        by the only answer.  A list of texts comes in these pieces where the plugin streams; a mapping, a dataclass or
        a pydantic model is said as JSON.
        """
        cues = [_cue(answer, after) for answer in answers]
        if to is None:
            self._said.extend(cues)
            return
        if len(cues) != 1:
            raise ValueError("will_say: with to= there is one answer, for every time it is asked")
        self._rules.append((re.compile(to), cues[0]))

    def will_fail(
        self,
        error: ApiError | str | int = 503,
        *,
        times: int = 1,
        what: Literal["text", "image", "embed", "moderate"] = "text",
        after: float = 0.0,
    ) -> None:
        """Fail the next *times* calls: with *error*, an ApiError, an HTTP status, or words of a server that fails.

        Texts and pictures keep their order with what ``will_say`` and ``will_draw`` have queued.
        """
        for _ in range(times):
            cue = _Cue(error=_error(error), after=after)
            {"text": self._said, "image": self._drawn, **self._failing}[what].append(cue)

    def will_draw(self, *pictures: bytes | Path, after: float = 0.0) -> None:
        """Answer the next requests for a picture with these PNG files.  Unless told, it is one white point."""
        for each in pictures:
            self._drawn.append(_Cue(data=each.read_bytes() if isinstance(each, Path) else each, after=after))

    def will_embed(self, vectors: Mapping[str, Sequence[float]]) -> None:
        """Give these texts these vectors.  All others get one by their words: texts that share words are near."""
        self._vectors.update(vectors)

    def will_flag(self, *patterns: str, category: str = "harassment") -> None:
        """Find texts unfit in which a pattern is found.  Unless told, every text is fit."""
        self._flags += [(re.compile(pattern), category) for pattern in patterns]

    # -- what it did -----------------------------------------------------------------------------------------------

    @property
    def unsaid(self) -> int:
        """Answers that nobody has asked for yet."""
        return len(self._said) + len(self._drawn)

    @property
    def cost(self) -> float:
        """What all calls would have cost, in USD, by the prices of OpenAI's models and an estimate of the tokens.

        A model whose price nobody knows costs nothing.
        """
        from mudbot.api.money.prices import Prices

        prices = Prices()
        nano = [
            prices.cost(SERVER, call.model, call, usage, pictures=pictures) for call, usage, pictures in self._bills
        ]
        return sum(filter(None, nano)) / 1e9

    def forget(self) -> None:
        """Begin ``asked`` and ``cost`` anew."""
        self.asked.clear()
        self._bills.clear()

    # -- for the Api -----------------------------------------------------------------------------------------------

    async def answer(self, asked: Asked, call: Call[Any], clock: Clock) -> tuple[dict[str, Any], Usage, list[str]]:
        """The body of the answer, its usage, and the pieces that it streams in.  Raises ApiError."""
        self.asked.append(asked)
        cue = self._next(asked)
        if cue.after:
            await clock.sleep(cue.after)
        if cue.error is not None:
            raise cue.error
        body = self._body(asked, cue)
        reply = text_tokens(cue.text, asked.model) if asked.kind in ("chat", "complete", "edit") else 0.0
        prompt = round(call.cost.prompt or call.cost.tokens)
        usage = Usage(prompt_tokens=prompt, completion_tokens=round(reply), total_tokens=prompt + round(reply))
        self._bills.append((call, usage, len(body["data"]) if asked.kind == "image" else None))
        return body, usage, list(cue.pieces or (cue.text,))

    def _next(self, asked: Asked) -> _Cue:
        if asked.kind in self._failing:
            failing = self._failing[asked.kind]
            return failing.popleft() if failing else _Cue()
        if asked.kind == "image":
            return self._drawn.popleft() if self._drawn else _Cue()
        for pattern, cue in self._rules:
            if pattern.search(asked.text):
                return cue
        if self._said:
            return self._said.popleft()
        error = NotScriptedError(
            f"the model was asked {asked.text!r} (by plugin {asked.caller.plugin or 'none'}), and the test did not say "
            "what it answers: bot.ai.will_say(...)"
        )
        self.on_failure(error)
        return _Cue(error=ServerError("the test has no answer to that"))

    def _body(self, asked: Asked, cue: _Cue) -> dict[str, Any]:
        texts = asked.text.split("\n") if asked.kind in ("embed", "moderate") else []
        given = asked.params.get("input")
        if isinstance(given, list) and all(isinstance(each, str) for each in given):
            texts = given
        elif isinstance(given, str):
            texts = [given]
        match asked.kind:
            case "chat":
                message = {"role": "assistant", "content": cue.text}
                return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            case "complete" | "edit":
                return {"choices": [{"index": 0, "text": cue.text, "finish_reason": "stop"}]}
            case "moderate":
                return {"results": [self._verdict(text) for text in texts]}
            case "embed":
                return {"data": [{"index": i, "embedding": list(self._vector(text))} for i, text in enumerate(texts)]}
            case "image":
                data = base64.b64encode(cue.data or point()).decode()
                return {"data": [{"b64_json": data}] * int(asked.params.get("n") or 1)}

    def judge(self, text: str) -> Verdict:
        """What ``will_flag`` said of *text*, for who asks the local filter."""
        return Verdict(**self._verdict(text))

    def _verdict(self, text: str) -> dict[str, Any]:
        found = {category: True for pattern, category in self._flags if pattern.search(text)}
        return {"flagged": bool(found), "categories": found, "category_scores": dict.fromkeys(found, 0.99)}

    def _vector(self, text: str) -> Sequence[float]:
        if (given := self._vectors.get(text)) is not None:
            return given
        words = _WORD.findall(_WIDE.sub(lambda wide: f" {wide[0]} ", text.casefold()))
        vector = [0.0] * DIMENSIONS
        for word in words or [""]:
            vector[zlib.crc32(word.encode()) % DIMENSIONS] += 1.0
        length = sum(each * each for each in vector) ** 0.5
        return [each / length for each in vector]


def point() -> bytes:
    """A picture: one white point."""
    from mudbot.replay import script

    return base64.b64decode(script._PICTURE)  # noqa: SLF001 - the same picture as in a replay


def _cue(answer: Any, after: float) -> _Cue:
    if isinstance(answer, str):
        return _Cue(answer, after=after)
    if isinstance(answer, list | tuple) and all(isinstance(each, str) for each in answer):
        return _Cue("".join(answer), tuple(answer), after=after)
    if hasattr(answer, "model_dump_json"):
        return _Cue(str(answer.model_dump_json()), after=after)
    if dataclasses.is_dataclass(answer) and not isinstance(answer, type):
        answer = dataclasses.asdict(answer)
    return _Cue(json.dumps(answer, ensure_ascii=False, default=str), after=after)


def _error(error: ApiError | str | int) -> ApiError:
    if isinstance(error, ApiError):
        return error
    if isinstance(error, str):
        return ServerError(error, status=500)
    kind = _BY_STATUS.get(error, BadRequestError if 400 <= error < 500 else ServerError)
    return kind(f"the server answered {error}, as the test wants it", status=error)


class StagedApi(ScriptedApi):
    """The Api of a test: asks *script*, and nobody else; *bounds* are what plugins may spend a day."""

    def __init__(
        self,
        script: Script,
        clock: Clock,
        began: float,
        on_call: Callable[[ApiCall], None],
        bounds: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        super().__init__(Answers(), lambda _asked: None, clock)
        self._script, self._began, self._told = script, began, on_call
        self._till = Till(SERVER, clock, bounds)

    async def _one(self, call: Call[_A], options: Options) -> _A:
        body, usage, _ = await self._asking(call, options)
        return call.kind.model_validate(body | {"usage": usage.model_dump()})

    async def _pieces(self, call: Call[_P], options: Options) -> AsyncGenerator[_P, None]:
        _, usage, pieces = await self._asking(call, options)
        chat = call.path == "/chat/completions"
        for number, piece in enumerate(pieces, 1):
            last = number == len(pieces)
            choice: dict[str, Any] = {"index": 0, "finish_reason": "stop" if last else None}
            choice |= {"delta": {"content": piece}} if chat else {"text": piece}
            yield call.kind.model_validate({"choices": [choice]} | ({"usage": usage.model_dump()} if last else {}))

    async def _asking(self, call: Call[Any], options: Options) -> tuple[dict[str, Any], Usage, list[str]]:
        began, outcome, usage, pictures = self._clock.now(), "cancelled", None, None
        reserved = self._till.reserve(call, options.caller)
        try:
            found = await self._script.answer(self._asked(call, options.caller), call, self._clock)
            outcome, usage, pictures = "ok", found[1], len(found[0]["data"]) if "/images/" in call.path else None
        except ApiError as error:
            outcome = type(error).__name__
            raise
        finally:
            self._till.settle(reserved, call, usage, pictures)
            told = ApiCall(
                f"{call.method} {call.path}",
                call.model,
                outcome,
                200 if outcome == "ok" else None,
                1,
                0.0,
                self._clock.now() - began,
                prompt_tokens=usage.prompt_tokens if usage else None,
                completion_tokens=usage.completion_tokens if usage else None,
                server=SERVER,
                caller=options.caller,
            )
            tell(self._told, told)
        return found

    def _asked(self, call: Call[Any], caller: Caller) -> Asked:
        kind = _KINDS.get(call.path)
        if kind is None:
            raise BadRequestError(f"{call.path}: the model of a test has no answer to that")
        body = dict(call.body or {})
        messages = tuple(body.get("messages") or ())
        system = "\n".join(str(each.get("content") or "") for each in messages if each.get("role") == "system")
        given = body.get("input")
        text = "\n".join(map(str, given)) if isinstance(given, list) else question(body)
        at = self._clock.now() - self._began
        return Asked(kind, text, system, messages, call.model or "", body, caller, at)
