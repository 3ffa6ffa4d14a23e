"""How likely the model finds a text that it did not write.  Blocks; runs in the worker process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mudbot.local.tokens import Tokenizer

_FORCE = 1e9
"""A logit bias that leaves no other token a chance; the log probabilities told are those without any bias."""
_WIDER, _ALL = 1000, 1_000_000
"""How many of the best tokens to ask for where a token's own probability is not told."""

Entry = dict[str, Any]


class Scorer:
    """Tells how likely the model finds a given text: llama.cpp does so only for what it generates.

    So it is made to generate the text, a token a call: each call's prompt is one token longer, which its cache makes as
    cheap as generating that token.
    """

    def __init__(self, server: Any, tokenizer: Tokenizer) -> None:
        self._server, self._tokenizer = server, tokenizer

    def scores(self, tokens: Sequence[int], top: int) -> Iterator[Entry]:
        """``{"score": entry}`` for each token but the first; an ``{"error": ...}`` of the library is the last."""
        for at in range(1, len(tokens)):
            found = self._score(tokens[:at], tokens[at], top)
            yield found
            if "error" in found:
                return

    def _score(self, before: Sequence[int], token: int, top: int) -> Entry:
        # A token that is a whole character is generated itself; a part of one is looked for among the others.
        letter = self._tokenizer.letter
        for generated, among in ((token, max(1, top)), (letter, _WIDER), (letter, _ALL)):
            answer = self._server.handle_completions(
                {
                    "prompt": list(before),
                    "max_tokens": 1,
                    "temperature": 0,
                    "logprobs": among,
                    "logit_bias": [[generated, _FORCE]],
                    "cache_prompt": True,
                }
            )
            if "error" in answer:
                return {"error": answer["error"]}
            for said in (answer["choices"][0]["logprobs"] or {}).get("content") or ():
                best = said["top_logprobs"]
                for entry in (said, *best):
                    if entry["id"] == token:
                        return {"score": {**entry, "top_logprobs": best[:top]}}
        raise ValueError(f"the model does not tell how likely its token {token} is: leave logprobs or echo out")
