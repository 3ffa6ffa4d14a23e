"""The page of what everything costs: figures, charts that read without colour, budgets; whatever names say."""

from __future__ import annotations

import re
from typing import Any

import pytest

from mudbot.api import Api, Budgets
from mudbot.web import charts
from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import speaking

EVIL = "<script>alert(1)</script>\"'><img src=x>"


async def call(bot: FakeBot, money: float | None, **more: Any) -> None:
    row = {"endpoint": "POST /chat/completions", "model": "m", "outcome": "ok", "waited": 0.0, "latency": 1.0}
    row |= {"prompt_tokens": 10, "completion_tokens": 5, "session": "s", "plugin": "dialogue", "player": "ann"}
    await bot.store.write("calls", **row | {"money": money} | more)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_page_says_what_was_spent_on_what(bot: FakeBot, owner: Client, language: str) -> None:
    """Each value stands there as text, in the chart and in a table; nothing of it needs a colour or a script."""
    await call(bot, 0.5)
    await call(bot, 0.25, endpoint="POST /images/generations", model="painter", player="老陈")
    await call(bot, None, player="")
    text = await owner.get("/dashboard/money", **speaking(language))
    assert "$0.75" in text
    for told in ("painter", "老陈", "dialogue", "$0.50", "$0.25"):
        assert told in text
    assert text.count("<svg") >= 4
    assert text.count("<title") >= 4
    assert "style=" not in text
    assert ("not known" if language == "en" else "未知") in text


async def test_names_are_only_text(bot: FakeBot, owner: Client) -> None:
    await call(bot, 0.5, player=EVIL, model=EVIL, plugin=EVIL, session=EVIL)
    text = await owner.get("/dashboard/money")
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "&lt;script&gt;alert(1)" in text


async def test_nothing_spent_is_no_chart(owner: Client) -> None:
    text = await owner.get("/dashboard/money")
    assert 'class="chart"' not in text
    assert "Nothing in this time." in text


@pytest.mark.parametrize(("asked", "shown"), [("7", 7), ("90", 90), ("8", 30), ("x", 30), ("9" * 30, 30)])
async def test_the_days_can_be_chosen(bot: FakeBot, owner: Client, asked: str, shown: int) -> None:
    await call(bot, 0.1, at=bot.clock.wall() - 6 * 86400)
    await call(bot, 0.2, at=bot.clock.wall() - 20 * 86400)
    await call(bot, 0.4, at=bot.clock.wall() - 80 * 86400)
    text = await owner.get(f"/dashboard/money?days={asked}")
    total = {7: "$0.10", 30: "$0.30", 90: "$0.70"}[shown]
    assert f"The last {shown} days" in text
    assert f"<dd>{total}</dd>" in text


async def test_budgets_show_what_is_left(bot: FakeBot, owner: Client) -> None:
    """Those of the day and the month; a player's own are his."""
    settings = bot.config.api.model_copy(update={"budgets": bot.config.api.budgets.model_copy(update={"day": 2.0})})
    bot.config = bot.config.model_copy(update={"api": settings})
    async with Api("http://127.0.0.1:9/v1", budgets=Budgets(day=2.0), clock=bot.clock) as bot.api:
        text = await owner.get("/dashboard/money")
    assert re.search(r"<meter[^>]* max=\"2.0\" value=\"0.0\"", text)
    assert "$0.00 of $2.00" in text


async def test_only_the_owner_sees_it(guest: Client) -> None:
    await guest.get("/dashboard/money", status=302)
    assert guest.headers["Location"].startswith("/login")


def test_columns_stand_on_their_line_and_end_below_a_round_value() -> None:
    chart = charts.columns([("a", [1.0, 0.5]), ("b", [0.0, 0.0]), ("c", [3.0])], lambda name, value: f"{name} {value}")
    assert chart.top == 5.0
    first, second, third = chart.columns
    assert [piece.pattern for piece in first.pieces] == [1, 2]
    assert first.pieces[0].y + first.pieces[0].height == chart.height
    assert first.pieces[1].y + first.pieces[1].height == pytest.approx(first.pieces[0].y)
    assert not second.pieces
    assert third.pieces[0].height == pytest.approx(chart.height * 3 / 5)
    assert (third.label, second.label, third.told) == ("c", "", "c 3.0")


@pytest.mark.parametrize(("value", "top"), [(0.0, 0.0), (1.0, 1.0), (1.2, 2.0), (0.03, 0.05), (7.0, 10.0), (0.1, 0.1)])
def test_scales_end_with_round_values(value: float, top: float) -> None:
    assert charts.columns([("a", [value])], lambda *_: "").top == pytest.approx(top)


def test_labels_are_cut_where_there_is_no_room() -> None:
    """Chinese letters are as wide as two."""
    (long,) = charts.bars([("x" * 50, 1.0)], str).bars
    (wide,) = charts.bars([("陈" * 50, 1.0)], str).bars
    assert (len(long.label), len(wide.label)) == (charts.LONGEST + 1, charts.LONGEST // 2 + 1)
    assert charts.bars([], str).bars == []
