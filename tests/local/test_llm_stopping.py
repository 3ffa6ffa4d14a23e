"""Stop sequences: what is let out, what is held back, and how an answer ends."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mudbot.local.stopping import Stopping


def play(pieces: list[str], stops: list[str], *, chat: bool = False) -> tuple[str, str, list[str], Any]:
    """The text that came out, why it ended, the pieces of it, and the usage, of a model that says *pieces*."""
    out: list[dict[str, Any]] = []

    def take(chunk: dict[str, Any]) -> bool:
        out.append(chunk)
        return False

    stopping = Stopping(stops, take)
    for at, piece in enumerate([*pieces, ""], 1):
        last = at > len(pieces)
        choice: dict[str, Any] = {"delta": {"content": piece} if piece else {}} if chat else {"text": piece}
        choice["finish_reason"] = "length" if last else None
        if stopping({"choices": [choice], "timings": {"cache_n": 2, "prompt_n": 3, "predicted_n": at}}):
            break
    else:
        stopping({"choices": [], "usage": {"completion_tokens": len(pieces)}})
    texts, finish, usage = [], "", None
    for chunk in out:
        usage = chunk.get("usage", usage)
        for choice in chunk["choices"]:
            texts.append((choice["delta"].get("content") if chat else choice["text"]) or "")
            finish = choice["finish_reason"] or finish
    return "".join(texts), finish, texts, usage


def test_a_stop_ends_the_answer_with_the_usage_so_far() -> None:
    """Tokens of the prompt are those from the cache and those computed."""
    text, finish, _, usage = play(["one", " tw", "o th", "ree"], ["two"])
    assert (text, finish) == ("one ", "stop")
    assert usage == {"prompt_tokens": 5, "completion_tokens": 3, "prompt_tokens_details": {"cached_tokens": 2}}


def test_only_what_may_begin_a_stop_is_held_back() -> None:
    """All else comes out with its own piece; what was held for nothing comes out as soon as that is known."""
    _, finish, texts, usage = play(["on", "e t", "ea", " t"], ["two"], chat=True)
    assert texts == ["on", "e ", "tea", " ", "t"]
    assert (finish, usage) == ("length", {"completion_tokens": 4})


def test_a_call_of_a_tool_passes_through() -> None:
    """Chunks without text stay as they are."""
    seen: list[dict[str, Any]] = []
    chunk = {"choices": [{"delta": {"tool_calls": [{"index": 0}]}, "finish_reason": None}]}

    def take(given: dict[str, Any]) -> bool:
        seen.append(given)
        return False

    Stopping(["x"], take)(chunk)
    assert seen == [{"choices": [{"delta": {"tool_calls": [{"index": 0}]}, "finish_reason": None}]}]


@given(
    st.lists(st.text("ab\n", max_size=3), max_size=12), st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=4)
)
def test_however_a_text_is_cut_it_ends_before_the_first_stop(pieces: list[str], stops: list[str]) -> None:
    """The same as searching the whole text; and a stop is seen with the piece that completes it."""
    whole, first = "".join(pieces), ""
    for at in range(len(pieces) + 1):
        first = "".join(pieces[:at])
        if any(stop in first for stop in stops):
            break
    found = [at for at in map(first.find, stops) if at >= 0]
    text, finish, _, _ = play(pieces, stops)
    assert text == (whole[: min(found)] if found else whole)
    assert finish == ("stop" if found else "length")
