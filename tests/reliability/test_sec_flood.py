"""Flood, wallet: one who floods costs a dozen calls, and a budget is put aside before it is spent."""

from __future__ import annotations

from pathlib import Path

from mudbot.testing import Bot
from tests.api import test_api_money as money
from tests.api.conftest import Stage
from tests.reliability.figures import figure

ROW = "flood, wallet"


async def test_a_hundred_messages_a_second_are_a_dozen_calls(bot: Bot) -> None:
    """For a minute, from one player, each another text."""
    await bot.load("dialogue")
    bot.ai.will_say("Good evening to you", to=".", after=0.5)
    for second in range(60):
        await bot.hear("\n".join(f'Mallory tells you, "question {second}-{each} then"' for each in range(100)))
        await bot.advance(1)
    calls = [each for each in bot.ai.asked if each.kind == "chat"]
    notices = sum(not said.startswith("Good evening") for said in bot.said)
    notices += sum("has to wait" in record.getMessage() for record in bot.log)
    figure(ROW, "100 messages/s for 60 s: <= 12 calls, one notice", f"{len(calls)} calls, {notices} notices")
    assert 0 < len(calls) <= 12
    assert notices <= 1


async def test_fifty_in_flight_never_overshoot_the_budget(stage: Stage, tmp_path: Path) -> None:
    """The stages of the purse's own tests: the day's budget is 1 USD."""
    await money.test_fifty_at_once_never_spend_more_than_there_is(stage, tmp_path, 50)
    spent = sum(call.money or 0.0 for call in stage.calls)
    figure(ROW, "50 in flight: never overshot", f"{spent:.2f} of 1.00 USD, {len(stage.seen)} sent")
    assert spent <= 1.0 + 1e-9
