"""What is unfit is hidden or refused, noted for the owner, and its speaker warned or muted, by category."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from mudbot import Masked
from mudbot.errors import ApiTimeoutError, BadAnswerError, StoreError
from mudbot.host import loader
from mudbot.host.services.bot import Notes
from mudbot.host.services.store import PluginStore
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
    kept = PluginStore(store, bench.clock, "moderation", "s1")
    await bench.add("moderation", config=config_type(**settings), notes=Notes(store, "s1"), store=kept)
    bench.host.running["moderation"].plugin.act = quiet  # type: ignore[attr-defined]  # what follows: see the bot's tests


async def quiet(*_: Any) -> None:
    """Nobody is told."""


async def noted(store: Store) -> list[tuple[str, ...]]:
    columns = decisions.c
    query = select(columns.session, columns.source, columns.speaker, columns.reason, columns.text)
    return await store.read(lambda connection: [tuple(row) for row in connection.execute(query)])


def flagged(*categories: str, **scores: float) -> dict[str, Any]:
    return {"flagged": bool(categories), "categories": dict.fromkeys(categories, True), "category_scores": scores}


async def test_what_is_fit_passes_and_is_not_noted(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    assert await bench.host.review("hello", "player", "Ann") is None
    assert bench.ai.asked == ["hello"]
    assert await noted(store) == []


@pytest.mark.parametrize(("source", "done"), [("player", "refuse, warn"), ("model", "refuse")])
async def test_what_is_flagged_is_refused_and_noted(bench: Bench, store: Store, source: Any, done: str) -> None:
    """With the categories as the reason, what was done, who spoke, and the words."""
    await moderated(bench, store)
    bench.ai.moderates = RUDE
    assert await bench.host.review("rude words", source, "Ann") == "harassment, hate"
    assert await noted(store) == [("s1", source, "Ann", f"harassment, hate: {done}", "rude words")]


async def test_a_model_that_speaks_to_nobody_is_noted_too(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    bench.ai.moderates = RUDE
    assert await bench.host.review("rude words", "model") is not None
    assert (await noted(store))[0][2] == ""


@pytest.mark.parametrize(
    ("settings", "answer", "reason"),
    [
        ({}, flagged("violence"), None),
        ({}, flagged("violence", "violence/graphic"), None),
        ({}, flagged("violence", "hate"), "hate"),
        ({"player": {"violence": "refuse"}}, flagged("violence"), "violence"),
        ({"model": {"violence": "refuse"}}, flagged("violence"), None),
        ({"player": {"violence": "refuse"}}, flagged("violence/graphic"), "violence/graphic"),
        ({"player": {"violence": "refuse"}, "allow": ["violence"]}, flagged("violence"), None),
        ({"allow": ["violence", "hate"]}, flagged("violence", "hate"), None),
        ({"player": {"hate": "allow"}}, flagged("hate"), None),
        # A server with categories of its own.
        ({}, flagged("spam"), "spam"),
        ({"player": {"other": "allow"}}, flagged("spam"), None),
        # A server that flags without saying why, as some of those that imitate the API do.
        ({}, {"flagged": True}, "flagged"),
        ({}, {"flagged": True, "categories": {"violence": False}}, "flagged"),
        ({}, {"flagged": True, "categories": {"violence": None}}, "flagged"),
        # The server's own threshold decides what is flagged, unless there is one of the owner's.
        ({}, {"flagged": False, "categories": {"hate": True}}, None),
        ({"thresholds": {"hate": 0.3}}, {"flagged": False, "category_scores": {"hate": 0.4}}, "hate"),
        ({"thresholds": {"hate": 0.9}}, flagged("hate", hate=0.6), None),
        ({"thresholds": {"hate": 0.9}}, flagged("hate", "sexual", hate=0.6), "sexual"),
    ],
)
async def test_the_policy_of_each_category_decides(
    bench: Bench, store: Store, settings: dict[str, Any], answer: dict[str, Any], reason: str | None
) -> None:
    await moderated(bench, store, **settings)
    bench.ai.moderates = answer
    assert await bench.host.review("words", "player", "Ann") == reason
    assert len(await noted(store)) == (reason is not None)


async def test_masked_words_are_stars_and_the_rest_goes_on(bench: Bench, store: Store) -> None:
    await moderated(
        bench, store, player={"harassment": "mask"}, model={"harassment": ["mask", "tell"]}, words=["gnome"]
    )
    bench.ai.moderates = flagged("harassment")
    assert await bench.host.review("a sh1tty gnome, 傻 逼", "player", "Ann") == Masked("a ****** *****, ***")
    assert await bench.host.review("what a bitch", "model", "Ann") == Masked("what a *****")
    assert [row[3] for row in await noted(store)] == ["harassment: mask", "harassment: mask, tell"]


async def test_what_cannot_be_masked_is_refused(bench: Bench, store: Store) -> None:
    """A category that says mask, and no word that could be hidden; or another category that does not say it."""
    await moderated(bench, store, player={"harassment": "mask"})
    bench.ai.moderates = flagged("harassment")
    assert await bench.host.review("nobody likes you", "player", "Ann") == "harassment"
    bench.ai.moderates = flagged("harassment", "hate")
    assert await bench.host.review("you bitch", "player", "Ann") == "harassment, hate"


async def test_allowed_and_told_passes_and_is_noted(bench: Bench, store: Store) -> None:
    await moderated(bench, store, player={"illicit": ["allow", "tell"]})
    bench.ai.moderates = flagged("illicit")
    assert await bench.host.review("smuggle salt", "player", "Ann") is None
    assert [row[3] for row in await noted(store)] == ["illicit: allow, tell"]


async def test_a_store_that_is_away_costs_only_the_memory(
    bench: Bench, store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def away(*_: Any) -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(PluginStore, "get", away)
    await moderated(bench, store)
    assert "who was warned is forgotten: the disk is full" in caplog.text
    assert await bench.host.review("hello", "player", "Ann") is None


# -- who judges --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [ApiTimeoutError("no answer"), BadAnswerError("not JSON")])
@pytest.mark.parametrize(("when_away", "reason"), [("refuse", "moderation does not answer"), ("allow", None)])
async def test_while_nobody_can_judge_the_owner_has_chosen(
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
    assert f"moderation by api does not answer (when_away: {when_away}): {error}" in caplog.text
    assert "moderation by local does not answer" in caplog.text
    assert await noted(store) == []
    assert not bench.host.running["moderation"].paused


async def test_refusing_is_what_happens_unless_the_owner_says_otherwise(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    bench.ai.moderates = ApiTimeoutError("no answer")
    assert await bench.host.review("hello", "player", "Ann") == "moderation does not answer"


@pytest.mark.parametrize(
    ("settings", "fit", "asked", "reason"),
    [
        ({}, True, ["words"], None),
        ({"first": "local"}, True, ["local: words", "words"], None),
        ({"first": "local"}, False, ["local: words"], "hate"),  # at most one call, and none where the filter knows
        ({"only": "local"}, True, ["local: words"], None),
        ({"only": "local"}, False, ["local: words"], "hate"),
        ({"only": "api", "first": "local"}, False, ["words"], None),
    ],
)
async def test_the_owner_says_who_judges(
    bench: Bench, store: Store, settings: dict[str, Any], fit: bool, asked: list[str], reason: str | None
) -> None:
    await moderated(bench, store, **settings)
    bench.ai.judges = flagged() if fit else flagged("hate")
    assert await bench.host.review("words", "player", "Ann") == reason
    assert bench.ai.asked == asked


@pytest.mark.parametrize(
    ("settings", "reason"), [({}, None), ({"first": "local"}, None), ({"only": "api"}, "moderation does not answer")]
)
async def test_while_the_api_is_away_the_local_filter_decides(
    bench: Bench, store: Store, settings: dict[str, Any], reason: str | None
) -> None:
    """Unless nobody but the API may."""
    await moderated(bench, store, **settings)
    bench.ai.moderates, bench.ai.judges = ApiTimeoutError("no answer"), flagged()
    assert await bench.host.review("words", "player", "Ann") == reason


async def test_the_same_text_is_judged_once_in_a_while(bench: Bench, store: Store) -> None:
    """By whomever it is said; an outage is not remembered."""
    await moderated(bench, store, remember=60.0)
    bench.ai.moderates = ApiTimeoutError("no answer")
    assert await bench.host.review("words", "player", "Ann") == "moderation does not answer"
    bench.ai.asked.clear()
    bench.ai.moderates = flagged("violence")
    for source in ("player", "model", "player"):
        assert await bench.host.review("words", source, "Ann") is None
    assert bench.ai.asked == ["words"]
    await bench.clock.advance(61)
    await bench.host.review("words", "player", "Bob")
    assert bench.ai.asked == ["words", "words"]


async def test_not_more_than_a_thousand_texts_are_remembered(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    for number in range(1100):
        await bench.host.review(f"words {number}", "player", "Ann")
    assert len(bench.host.running["moderation"].plugin.known) == 1000  # type: ignore[attr-defined]


async def test_an_unforeseen_failure_refuses(bench: Bench, store: Store) -> None:
    await moderated(bench, store)
    bench.ai.moderates = KeyError("results")
    assert await bench.host.review("hello", "player", "Ann") == "reviewer moderation failed"
