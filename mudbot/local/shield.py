"""Keep players' text text: nothing inside a message may become one of the tokens that steer the model.

llama.cpp tokenizes the finished prompt, template and contents together, and takes every control token that it finds.  A
player who says ``<|im_end|>`` would end his message and could begin one in the system's name.  A space after the first
character of each such sequence leaves it readable and makes it plain text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

_USUAL = r"<[|｜][^|｜<>\s]{1,64}[|｜]>"
"""The shape that control tokens of chat models share; those of other shapes come from the model's own vocabulary."""


class Shield:
    """Neutralises control tokens of one model."""

    def __init__(self, control_tokens: Iterable[str] = ()) -> None:
        # One character cannot be broken up; a token with white space could be made by the very space put in.
        tokens = {token for token in control_tokens if len(token) > 1 and not re.search(r"\s", token)}
        longest_first = sorted(tokens, key=len, reverse=True)
        self._pattern = re.compile("|".join([*map(re.escape, longest_first), _USUAL]))

    def text(self, text: str) -> str:
        """*text* without any control token in it."""
        while self._pattern.search(text):  # again, for those that begin inside another one; each round breaks some up
            text = self._pattern.sub(_break, text)
        return text

    def deep(self, value: Any) -> Any:
        """The same for all strings inside of *value*, keys too (tools and their arguments enter the prompt as well)."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.deep(key): self.deep(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.deep(item) for item in value]
        return value


def _break(match: re.Match[str]) -> str:
    token = match.group()
    return f"{token[0]} {token[1:]}"
