"""Contract mode's text and pictures: one sentence, whatever is asked, and small paintings, whatever size is asked for.

Other people's tests of shapes need no model then, and do not wait for pictures at which nobody looks.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from mudbot.local.llm import Piece, Usage
from mudbot.local.server.parts import Paint, Painted

SENTENCE = ("This", " is", " contract", " mode", ".")


class ContractModel:
    """A TextModel that says the same to all."""

    name = "mudbot-contract"

    async def load(self) -> None:
        """There is nothing to load."""

    async def generate(self, body: Mapping[str, Any]) -> AsyncGenerator[Piece, None]:
        """The sentence, as far as ``max_tokens`` lets it go."""
        most = int(body.get("max_tokens") or len(SENTENCE))
        said = SENTENCE[:most]
        for word in said:
            entry = {"token": word, "bytes": list(word.encode()), "logprob": -0.1, "top_logprobs": []}
            yield Piece(text=word, logprobs=(entry,) if body.get("logprobs") is not None else ())
        yield Piece(
            finish="length" if len(said) < len(SENTENCE) else "stop", usage=Usage(prompt=5, completion=len(said))
        )

    async def close(self) -> None:
        """There is nothing to close."""


def small(paint: Paint) -> Paint:
    """*paint*, but never more than 256 pixels a side, which is done in a sixth of the time of 1024."""

    def sketch(prompt: str, *, size: tuple[int, int], seed: int | None) -> Painted:
        return paint(prompt, size=(min(size[0], 256), min(size[1], 256)), seed=seed)

    return sketch
