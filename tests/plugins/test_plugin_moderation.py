"""What is unfit is neither sent nor said, and noted for the owner."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mudbot.errors import ApiTimeoutError, BadAnswerError
from mudbot.host import loader
from mudbot.host.bot import Notes
from mudbot.store.store import Store
from mudbot.store.tables import decisions
from tests.plugins.conftest import Bench

RUDE = {"flagged": True, "categories": {"harassment": True, "hate": True, "violence": False, "sexual": None}}


@pytest.fixture
async def store(tmp_path: Path, bench: Bench) -> AsyncIterator[Store]:
    store = Store(tmp_path / "data", bench.clock)
    yield store
    await store.close()


async def moderated(bench: Bench, store: Store, **settings: Any) -> None:
    """The plugin with these settings; its notes go to a real store."""
    kind = loader.load("moderation", [loader.shipped()])
    config_type = kind.config_type()
    assert config_type is not None
    await bench.add("moderation", config=config_type(**settings), notes=Notes(store, "s1"))


async def noted(store: Store) -> list[tuple[str, ...]]:
    columns = decisions.c
    query = select(columns.session, columns.source, columns.speaker, columns.reason, columns.text)
    return await store.read(lambda connection: [tuple(row) for row in connection.execute(query)])


async def test_what_is_fit_passes_and_is_not_noted(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    assert await bench.host.review("hello", "player", "Ann") is None
    assert bench.ai.asked == ["hello"]
    assert await noted(store) == []


@pytest.mark.parametrize("source", ["player", "model"])
async def test_what_is_flagged_is_refused_and_noted(bench: Bench, store: Store, source: Any) -> None:
    """With the categories as the reason, who spoke, and the words."""
    await moderated(bench, store)
    bench.ai.moderates = RUDE
    assert await bench.host.review("rude words", source, "Ann") == "harassment, hate"
    assert await noted(store) == [("s1", source, "Ann", "harassment, hate", "rude words")]


async def test_a_model_that_speaks_to_nobody_is_noted_too(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    bench.ai.moderates = RUDE
    assert await bench.host.review("rude words", "model") is not None
    assert (await noted(store))[0][2] == ""


@pytest.mark.parametrize(
    ("allow", "answer", "reason"),
    [
        (["violence"], {"flagged": True, "categories": {"violence": True, "hate": False}}, None),
        (["violence"], {"flagged": True, "categories": {"violence": True, "hate": True}}, "hate"),
        (["violence", "hate"], {"flagged": True, "categories": {"violence": True, "hate": True}}, None),
        (["hate"], {"flagged": True, "categories": {"violence": True}}, "violence"),
        # A server that flags without saying why, as some of those that imitate the API do.
        (["violence"], {"flagged": True}, "flagged"),
        (["violence"], {"flagged": True, "categories": {"violence": False}}, "flagged"),
        ([], {"flagged": True, "categories": {"violence": None}}, "flagged"),
        # The server's own threshold decides what is flagged.
        ([], {"flagged": False, "categories": {"violence": True}}, None),
    ],
)
async def test_only_allowed_categories_pass(
    bench: Bench, store: Store, allow: list[str], answer: dict[str, Any], reason: str | None
) -> None:
    await moderated(bench, store, allow=allow)
    bench.ai.moderates = answer
    assert await bench.host.review("words", "player", "Ann") == reason
    assert len(await noted(store)) == (reason is not None)


@pytest.mark.parametrize("error", [ApiTimeoutError("no answer"), BadAnswerError("not JSON")])
@pytest.mark.parametrize(("when_away", "reason"), [("refuse", "moderation does not answer"), ("allow", None)])
async def test_while_the_endpoint_is_away_the_owner_has_chosen(
    bench: Bench,
    store: Store,
    when_away: str,
    reason: str | None,
    error: Exception,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Said in the log each time; an outage is no decision about the words, and no failure of the plugin."""
    await moderated(bench, store, when_away=when_away)
    bench.ai.moderates = error
    for _ in range(9):
        assert await bench.host.review("hello", "player", "Ann") == reason
    assert f"moderation does not answer (when_away: {when_away}): {error}" in caplog.text
    assert await noted(store) == []
    assert not bench.host.running["moderation"].paused


async def test_refusing_is_what_happens_unless_the_owner_says_otherwise(bench: Bench, store: Store) -> None:
    """Nothing is allowed, and silence of the endpoint refuses."""
    await moderated(bench, store)
    bench.ai.moderates = ApiTimeoutError("no answer")
    assert await bench.host.review("hello", "player", "Ann") == "moderation does not answer"


async def test_an_unforeseen_failure_refuses(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    bench.ai.moderates = KeyError("results")
    assert await bench.host.review("hello", "player", "Ann") == "reviewer moderation failed"
