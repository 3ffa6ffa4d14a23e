"""The loaded model's vocabulary: a text's tokens and a token's text.  Blocks; runs in the worker process.

llama.cpp tells them only through its own HTTP port (``/tokenize``, ``/detokenize``: the README of its server), which
opens to the key that this process made up when it loaded the model.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from functools import cached_property
from typing import Any

_INFILL = ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>")
"""How Qwen's coder models mark the text before, the text after, and where what stands between begins."""
_BEGINNING = "<|endoftext|>"
"""Stands between documents in training: the prompt that begins a new one."""
_PATIENCE = 30.0
"""Seconds for a call of the port; it takes milliseconds."""


class Tokenizer:
    """Asks the port at *address* with its *key*."""

    def __init__(self, address: str, key: str) -> None:
        self._address, self._headers = address, {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        # It is this process's own port: the environment's proxies have no business here.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def __repr__(self) -> str:
        return f"<Tokenizer {self._address}>"

    def ids(self, text: str) -> list[int]:
        """The tokens of a prompt, with what the model wants before them; control tokens in it are text."""
        return self._tokens(text, parse_special=False, add_special=True)

    def text(self, tokens: Sequence[int]) -> str:
        """What the tokens say.  Raises ValueError for a number that is no token."""
        return str(self._ask("/detokenize", tokens=list(tokens))["content"])

    @cached_property
    def infill(self) -> tuple[int, int, int] | None:
        """The three tokens for writing between two texts; None where the model has none."""
        before, after, middle = map(self._control, _INFILL)
        return None if before is None or after is None or middle is None else (before, after, middle)

    @cached_property
    def beginning(self) -> str:
        """The prompt that begins a new document; empty where the model has none."""
        return _BEGINNING if self._control(_BEGINNING) is not None else ""

    @cached_property
    def letter(self) -> int:
        """A token that is a whole character."""
        return self._tokens("a", parse_special=False, add_special=False)[-1]

    def _control(self, name: str) -> int | None:
        tokens = self._tokens(name, parse_special=True, add_special=False)
        return tokens[0] if len(tokens) == 1 else None

    def _tokens(self, text: str, **options: bool) -> list[int]:
        tokens: list[int] = self._ask("/tokenize", content=text, **options)["tokens"]
        return tokens

    def _ask(self, path: str, **body: Any) -> dict[str, Any]:
        request = urllib.request.Request(self._address + path, json.dumps(body).encode(), self._headers)  # noqa: S310 -- our own address
        try:
            with self._opener.open(request, timeout=_PATIENCE) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as error:
            error.close()
            raise ValueError("the prompt holds numbers that are no tokens of this model: send text") from None
        return answer
