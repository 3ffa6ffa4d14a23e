"""The local filter at hand without a server: loaded once, beside the loop; what it cannot do it says."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from mudbot.errors import LocalError
from mudbot.local import embed
from mudbot.local import filter as filters
from mudbot.local.judge import LocalJudge, Verdict, WrittenJudge


async def test_the_filter_is_made_once_and_asked_in_a_thread_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []
    threads: set[str] = set()

    class Filter:
        def __init__(self, embedder: Any) -> None:
            made.append(embedder)

        def classify(self, texts: list[str]) -> list[Verdict]:
            threads.add(threading.current_thread().name)
            return [Verdict(flagged=text == "bad") for text in texts]

    monkeypatch.setattr(embed, "Embedder", object)
    monkeypatch.setattr(filters, "Filter", Filter)
    judge = LocalJudge()
    assert repr(judge) == "<LocalJudge not loaded yet>"
    assert (await judge("bad")).flagged
    assert not (await judge("good")).flagged
    assert len(made) == 1
    assert threads == {"judge_0"}
    assert repr(judge) == "<LocalJudge ready>"
    await judge.close()


async def test_what_is_not_installed_is_named_with_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "mudbot.local.embed", None)
    judge = LocalJudge()
    with pytest.raises(LocalError, match=r"pip install 'mudbot\[local\]'"):
        await judge("hello")
    await judge.close()


async def test_a_judge_that_was_never_asked_closes() -> None:
    await LocalJudge().close()


async def test_a_written_judge_finds_everything_fit_unless_told() -> None:
    assert await WrittenJudge()("anything") == Verdict()
    assert (await WrittenJudge(lambda text: Verdict(flagged="x" in text))("xyz")).flagged
