"""What a plugin may cost a day: a budget beside those of players, channels, days and months."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mudbot.api import Budgets, Caller, Price
from mudbot.errors import BudgetError, ConfigError

if TYPE_CHECKING:
    from tests.api.conftest import FakeClock, Stage

HELLO = [{"role": "user", "content": "hi"}]
DICE, MAP = Caller(plugin="dice", session="one"), Caller(plugin="map", session="two")


def api(stage: Stage, **plugins: float) -> Any:
    return stage.api(budgets=Budgets(day=10.0, plugins=plugins), prices={"flat": Price(request=0.1)})


async def test_a_plugin_has_a_budget_of_its_own_in_all_sessions(stage: Stage) -> None:
    """What it cost in one session counts in another; other plugins and the bot itself go on."""
    stage.answers({"choices": [{"message": {"content": "ok"}}]})
    async with api(stage, Dice=0.2) as bank:
        await bank.chat(HELLO, model="flat", caller=DICE)
        await bank.chat(HELLO, model="flat", caller=Caller(plugin="dice", session="two"))
        with pytest.raises(
            BudgetError, match=r"the budget plugins\.dice\.permissions\.budget \(.*: \$0\.2\) has no room"
        ):
            await bank.chat(HELLO, model="flat", caller=DICE)
        await bank.chat(HELLO, model="flat", caller=MAP)
        await bank.chat(HELLO, model="flat")


async def test_it_begins_anew_each_day(stage: Stage, clock: FakeClock) -> None:
    stage.answers({"choices": [{"message": {"content": "ok"}}]})
    async with api(stage, dice=0.1) as bank:
        await bank.chat(HELLO, model="flat", caller=DICE)
        with pytest.raises(BudgetError):
            await bank.chat(HELLO, model="flat", caller=DICE)
        await clock.advance(86_400)
        await bank.chat(HELLO, model="flat", caller=DICE)


async def test_it_changes_while_the_bot_runs(stage: Stage) -> None:
    """What was spent stays spent; where there are no books they cannot be begun."""
    stage.answers({"choices": [{"message": {"content": "ok"}}]})
    async with api(stage, dice=0.1) as bank:
        await bank.chat(HELLO, model="flat", caller=DICE)
        assert bank.budget_plugins({"dice": 0.2})
        await bank.chat(HELLO, model="flat", caller=DICE)
        with pytest.raises(BudgetError):
            await bank.chat(HELLO, model="flat", caller=DICE)
        assert bank.budget_plugins({})
        await bank.chat(HELLO, model="flat", caller=DICE)
    async with stage.api(prices={"flat": Price(request=0.1)}) as bare:
        assert bare.budget_plugins({})
        assert not bare.budget_plugins({"dice": 1.0})


def test_a_budget_that_is_none_is_named() -> None:
    with pytest.raises(ConfigError, match=r"plugins\.dice\.permissions\.budget: -1 is no budget"):
        Budgets(plugins={"dice": -1})


def test_the_configuration_gives_it(tmp_path: Path) -> None:
    """And there must be a price for what is asked, as for every budget."""
    from mudbot import resolve
    from mudbot.config import load

    path = tmp_path / "config.yaml"
    path.write_text(
        "api: {base_url: 'https://models.example.org/v1', api_key: k, models: {dialogue: nobody-knows}}\n"
        "sessions: [{host: tavern}]\nplugins: {basics: {permissions: {budget: 0.5}}}\n"
    )
    config = load(path, environ={})
    assert resolve.plugin_budgets(config) == {"basics": 0.5}
    assert resolve.api_settings(config)["budgets"].plugin_bounds() == {"basics": 500_000_000}
    with pytest.raises(ConfigError, match="nobody-knows"):
        resolve.check_prices(config)
