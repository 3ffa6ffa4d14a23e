"""Stop sequences.  Pure; runs in the worker process.

llama.cpp knows them too, but what it holds back, because it may begin one, is lost when the answer ends at its bound,
and the tokens of held back text get the names of others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

Chunk = dict[str, Any]


class Stopping:
    """Takes a generation's chunks and gives them on: the text up to the first of *stops*, then the end.

    Needs chunks with ``timings``, which tell how many tokens there have been: the end has the usage like any other.
    """

    def __init__(self, stops: Sequence[str], take: Callable[[Chunk], bool]) -> None:
        self._stops, self._take = tuple(stops), take
        self._held = ""

    def __repr__(self) -> str:
        return f"<Stopping at {self._stops}, holds {self._held!r}>"

    def __call__(self, chunk: Chunk) -> bool:
        """Give *chunk* on; True ends the generation."""
        if not chunk.get("choices"):
            return self._take(chunk)
        choice = chunk["choices"][0]
        place, key = (choice["delta"], "content") if "delta" in choice else (choice, "text")
        text = self._held + (place.get(key) or "")
        found = [at for at in map(text.find, self._stops) if at >= 0]
        if found:
            place[key], choice["finish_reason"] = text[: min(found)], "stop"
            self._take(chunk)
            self._take({"choices": [], "usage": _usage(chunk["timings"])})
            return True
        keep = 0 if choice.get("finish_reason") else self._begun(text)
        self._held = text[len(text) - keep :]
        if text:
            place[key] = text[: len(text) - keep]
        return self._take(chunk)

    def _begun(self, text: str) -> int:
        """How many characters at the end of *text* may begin a stop sequence."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        for length in range(min(longest, len(text)), 0, -1):
            if any(stop.startswith(text[-length:]) for stop in self._stops):
                return length
        return 0


def _usage(timings: Mapping[str, int]) -> Chunk:
    cached = timings["cache_n"]
    prompt, completion = cached + timings["prompt_n"], timings["predicted_n"]
    details = {"cached_tokens": cached}
    return {"prompt_tokens": prompt, "completion_tokens": completion, "prompt_tokens_details": details}
