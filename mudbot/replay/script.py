"""The model of a replay: it says what a file or the recording says, or ``…``, and asks nobody."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from mudbot.api import Api
from mudbot.api.calls import Call, Options
from mudbot.api.types import Answer, Piece
from mudbot.clock import Clock
from mudbot.errors import BadRequestError, ConfigError, Problem
from mudbot.mud.transcript import Told, key_of, question

UNKNOWN = "…"
"""What the model says where no answer was given."""
LONGEST = 60.0
"""Seconds that an answer of the recording may lie ahead: one further on was to the same question, asked again."""
VECTOR = [1.0, *[0.0] * 7]
"""What every text means: there is nobody to ask."""
# 1 x 1, white.
_PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg=="

_A = TypeVar("_A", bound=Answer)
_P = TypeVar("_P", bound=Piece)


@dataclass(slots=True)
class Answers:
    """What the model says: answers in their order, and those that stand for a pattern, as often as it fits."""

    queue: deque[str] = field(default_factory=deque)
    rules: list[tuple[re.Pattern[str], str]] = field(default_factory=list)
    told: dict[str, deque[Told]] = field(default_factory=dict)
    """What was answered when it was recorded, by what was asked; where nothing tells that, under an empty key."""

    @classmethod
    def of(cls, told: Iterable[Told]) -> Answers:
        """The answers of a recording."""
        found = cls()
        for each in told:
            found.told.setdefault(each.key, deque()).append(each)
        return found

    @classmethod
    def read(cls, path: Path) -> Answers:
        """Answers, one a line: plain, or ``{"answer": text}``, with ``"match": regex`` for what it answers.

        Raises ConfigError with every line that is neither.
        """
        found, problems = cls(), []
        try:
            lines = path.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as exc:
            raise ConfigError(Problem(str(path), f"cannot be read: {exc}")) from None
        for number, line in enumerate(lines, 1):
            try:
                found._add(line.strip())
            except ValueError as exc:
                problems.append(Problem(f"{path}:{number}", str(exc)))
        if problems:
            raise ConfigError(*problems)
        return found

    def _add(self, line: str) -> None:
        if not line.startswith("{"):
            self.queue.extend([line] if line else [])
            return
        try:
            entry = json.loads(line)
        except ValueError:
            raise ValueError('begins with { and is no JSON: write {"match": regex, "answer": text}') from None
        answer, match = entry.get("answer"), entry.get("match")
        if not isinstance(answer, str) or not isinstance(match, str | None) or entry.keys() - {"answer", "match"}:
            raise ValueError('must be {"answer": text} or {"match": regex, "answer": text}')
        if match is None:
            self.queue.append(answer)
            return
        try:
            self.rules.append((re.compile(match), answer))
        except re.error as exc:
            raise ValueError(f"match is no regular expression: {exc}") from None

    def to(self, asked: str) -> str | None:
        """The answer to *asked*: that of the first pattern that is found in it, else the next one."""
        for pattern, answer in self.rules:
            if pattern.search(asked):
                return answer
        return self.queue.popleft() if self.queue else None

    def recalled(self, asked: str, now: float) -> Told | None:
        """What was answered to *asked*, or to something, at the time of the recording, of which it is *now*."""
        for key in (key_of(asked), ""):
            left = self.told.get(key)
            if left and left[0].at <= now + LONGEST:
                return left.popleft()
        return None


class ScriptedApi(Api):
    """An Api that answers from *answers*.  *unanswered* is told what was asked where they say nothing.

    Answers of a recording come when they came then; *moment* says how many seconds of it are over, and *mask* puts
    stars for what it does not hold.
    """

    def __init__(
        self,
        answers: Answers,
        unanswered: Callable[[str], None],
        clock: Clock,
        *,
        moment: Callable[[], float] = lambda: 0.0,
        mask: Callable[[str], str] = str,
    ) -> None:
        super().__init__("http://replay.invalid", clock=clock)
        self._answers, self._unanswered, self._moment, self._mask = answers, unanswered, moment, mask

    async def _one(self, call: Call[_A], options: Options) -> _A:  # noqa: ARG002 - the base class's
        return call.kind.model_validate(await self._body(call.path, call.body or {}))

    async def _pieces(self, call: Call[_P], options: Options) -> AsyncGenerator[_P, None]:  # noqa: ARG002
        body = await self._body(call.path, call.body or {})
        for choice in body.get("choices", ()):
            if "message" in choice:
                choice["delta"] = choice.pop("message")
        yield call.kind.model_validate(body)

    async def _body(self, path: str, asked: Mapping[str, Any]) -> dict[str, Any]:
        match path:
            case "/chat/completions":
                message = {"role": "assistant", "content": await self._says(asked)}
                return {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
            case "/completions" | "/edits":
                return {"choices": [{"index": 0, "text": await self._says(asked), "finish_reason": "stop"}]}
            case "/moderations":
                verdict = {"flagged": False, "categories": {}, "category_scores": {}}
                return {"results": [verdict] * _count(asked.get("input"))}
            case "/embeddings":
                inputs = range(_count(asked.get("input")))
                return {"data": [{"index": i, "embedding": VECTOR} for i in inputs]}
            case "/images/generations" | "/images/edits" | "/images/variations":
                return {"data": [{"b64_json": _PICTURE}] * int(asked.get("n") or 1)}
            case _:
                raise BadRequestError(f"{path}: a replay has no answer to that; --live asks the configured API")

    async def _says(self, body: Mapping[str, Any]) -> str:
        asked = question(body)
        answer = self._answers.to(asked)
        if answer is not None:
            return answer
        told = self._answers.recalled(self._mask(asked), self._moment())
        if told is None:
            self._unanswered(asked)
            return UNKNOWN
        if (ahead := told.at - self._moment()) > 0:
            await self._clock.sleep(ahead)
        return told.text


def _count(value: Any) -> int:
    return len(value) if isinstance(value, list) and not all(isinstance(each, int) for each in value) else 1
