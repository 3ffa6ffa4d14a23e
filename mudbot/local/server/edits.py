"""POST /edits (2021 to 2024): a text, an instruction, and the language model's edited text."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web
from pydantic import Field

from mudbot.local.server.bodies import Body, read
from mudbot.local.server.wire import json_answer
from mudbot.local.server.workshop import Workshop

_SYSTEM = (
    "You edit texts. The user gives a text and an instruction. Answer with the whole edited text and nothing else: no "
    "comment, no quotes, no explanation. Keep the language of the text unless a translation is asked for, and keep all "
    "that the instruction does not concern."
)
_ENGLISH = (
    ("Replace 'friend' with 'stranger'.", "Good evening, friend. How are you?", "Good evening, stranger. How are you?"),
    ("Sort the lines.", "bread\nsalt\nfish", "bread\nfish\nsalt"),
    ("Say it in a friendly way.", "Open the gate, I am here.", "Could you open the gate, please? I am here."),
    ("Fix the spelling mistakes.", "The dor of the inn is opne.", "The door of the inn is open."),
)
_CHINESE = (
    ("把“朋友”换成“客官”。", "晚上好，朋友。", "晚上好，客官。"),
    ("把它改成疑问句。", "客栈今天开门。", "客栈今天开门吗？"),
    ("说得客气一些。", "快让开！", "劳驾，请让一让。"),
    ("改正错别字。", "他在门囗等我门。", "他在门口等我们。"),
)
"""Examples of the instruction's own language, none a translation: after one into French, edits came back in French."""
_HAN = re.compile(r"[\u3400-\u9fff]")
_QUOTES = (('"', '"'), ("“", "”"), ("「", "」"))
_MOST = 2048
"""Tokens of one edited text."""


class EditBody(Body):
    """POST /edits."""

    input: str = Field("", max_length=100_000)
    instruction: str = Field(min_length=1, max_length=32_000)
    n: int = Field(1, ge=1, le=16)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = None


class EditRows:
    """POST /edits, also at the old engines' address."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [web.post("/v1/edits", self.edit), web.post("/v1/engines/{engine}/edits", self.edit)]

    async def edit(self, request: web.Request) -> web.Response:
        """POST /edits: a chat with the local model, told by examples to answer with the text alone."""
        body = await read(request, EditBody, lenient=self._shop.contract)
        answers = await self._shop.engine.answers()
        asked: dict[str, Any] = {
            "messages": _messages(body),
            "n": body.n,
            "temperature": 0.2 if body.temperature is None else body.temperature,
            "max_tokens": min(_MOST, 96 + len(body.input)),
        }
        asked |= {name: value for name, value in (("top_p", body.top_p), ("seed", body.seed)) if value is not None}
        said = await answers.chat(asked)
        choices = [
            {
                "text": _tidy(choice["message"]["content"] or "", body.input),
                "index": choice["index"],
                "finish_reason": choice["finish_reason"],
            }
            for choice in said["choices"]
        ]
        answer = {"object": "edit", "created": said["created"], "choices": choices, "usage": said["usage"]}
        return json_answer(request, answer)


def _messages(body: EditBody) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": _SYSTEM}]
    for instruction, text, edited in _CHINESE if _HAN.search(body.instruction) else _ENGLISH:
        messages += [{"role": "user", "content": _asked(instruction, text)}, {"role": "assistant", "content": edited}]
    return [*messages, {"role": "user", "content": _asked(body.instruction, body.input)}]


def _asked(instruction: str, text: str) -> str:
    # The instruction last: small models follow what they read last.
    return f"Text:\n{text or '(empty: write one)'}\n\nInstruction: {instruction}"


def _tidy(text: str, given: str) -> str:
    """Without the quotes and the label that small models put around it, and with the line end that the text had."""
    text = text.strip().removeprefix("Text:").strip()
    for first, last in _QUOTES:
        around = len(text) > 1 and text.startswith(first) and text.endswith(last)
        if around and not given.strip().startswith(first) and not {first, last} & set(text[1:-1]):
            text = text[1:-1]
    return text + ("\n" if given.endswith("\n") else "")
