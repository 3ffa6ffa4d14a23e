"""What calls may cost at most and did cost: by the owner's prices, genai-prices, and a small table; never a guess."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.api.calls import Call, Upload
from mudbot.api.money.budgets import USD
from mudbot.api.money.prices import Price, Prices
from mudbot.api.types import Answer, Images, Usage
from mudbot.errors import BadRequestError, BudgetError, ConfigError
from mudbot.testing import FakeClock

OPENAI = "https://api.openai.com/v1"
HOME = "http://127.0.0.1:8080/v1"
SAY = [{"role": "user", "content": "hello"}]


def call(path: str = "/chat/completions", method: str = "POST", **body: Any) -> Call[Answer]:
    return Call(method, path, Answer, body.get("model"), {"messages": SAY, "max_tokens": 100} | body)


def prices(**own: Price) -> Prices:
    return Prices({name.replace("_", "-"): price for name, price in own.items()}, clock=FakeClock())


def usage(prompt: int, reply: int, **details: Any) -> Usage:
    return Usage.model_validate({"prompt_tokens": prompt, "completion_tokens": reply} | details)


def test_the_owners_price_comes_first_and_the_exact_name_before_a_pattern() -> None:
    known = Prices({"gpt-4o-mini": Price(1, 2), "gpt-4*": Price(3, 4), "*": Price(request=0.5)}, clock=FakeClock())
    told = usage(1_000_000, 1_000_000)
    found = [known.cost(OPENAI, model, call(), told) for model in ("gpt-4o-mini", "gpt-4.1", "something")]
    assert found == [3 * USD, 7 * USD, USD // 2]


def test_a_model_that_is_well_known_has_its_price() -> None:
    """gpt-4o-mini: 0.15 and 0.60 USD a million, half of that for a prompt that was cached."""
    known = prices()
    assert known.cost(OPENAI, "gpt-4o-mini", call(), usage(1_000_000, 100_000)) == 210_000_000
    cached = usage(1_000_000, 0, total_tokens=1_000_000, prompt_tokens_details={"cached_tokens": 1_000_000})
    assert known.cost(OPENAI, "gpt-4o-mini", call(), cached) == 75_000_000


@pytest.mark.parametrize("server", [OPENAI, HOME])
def test_an_unknown_price_is_unknown_and_not_zero(server: str) -> None:
    known = prices()
    model = "gpt-4o-mini" if server == HOME else "no-such-model"
    assert known.most(server, model, call(), 10) is None
    assert known.cost(server, model, call(), usage(5, 5)) is None
    assert f"api.prices.{model}: {{input: " in str(known.unknown(server, model))
    assert isinstance(known.unknown(server, None), BudgetError)


def test_what_is_free_is_free() -> None:
    free = Prices({}, free=[HOME], clock=FakeClock())
    assert (free.most(HOME, "anything", call(), 10), free.cost(HOME, "anything", call(), None)) == (0, 0)
    assert prices().most(OPENAI, "omni-moderation-latest", call("/moderations"), 10) == 0
    assert prices().most(OPENAI, None, call("/moderations"), 10) == 0
    assert prices().most(HOME, None, call("/models", "GET"), 0) == 0


@pytest.mark.parametrize(
    ("body", "usd"),
    [({}, 0.02), ({"size": "256x256", "n": 10}, 0.16), ({"model": "dall-e-3", "quality": "hd"}, 0.08)],
)
def test_pictures_have_prices_of_their_own(body: dict[str, Any], usd: float) -> None:
    asked = call("/images/generations", **{"prompt": "x", "model": "dall-e-2"} | body)
    assert prices().most(OPENAI, asked.model, asked, 50) == round(usd * USD)
    assert prices(painter=Price(image=0.5)).cost(HOME, "painter", asked, None, pictures=2) == USD


def test_a_chat_says_how_long_its_reply_may_be() -> None:
    own = prices(m=Price(1, 1))
    with pytest.raises(BadRequestError, match="give max_tokens"):
        own.most(HOME, "m", call(max_tokens=None), 10)
    with pytest.raises(BadRequestError, match="whole number"):
        own.most(HOME, "m", call(max_tokens="many"), 10)
    assert own.most(HOME, "m", Call("POST", "/completions", Answer, "m", {"prompt": "x"}), 10) is not None


@pytest.mark.parametrize("more", [{"web_search_options": {}}, {"plugins": [{"id": "web"}]}, {"models": ["dear"]}])
def test_what_nobody_can_bound_has_no_price(more: Mapping[str, Any]) -> None:
    most = prices(m=Price(1, 1)).most(HOME, "m", call(**more), 10)
    assert most is None or not any(more.values())


@given(
    text=st.text(max_size=200),
    reply=st.integers(1, 500),
    choices=st.integers(1, 4),
    picture=st.booleans(),
    data=st.data(),
)
def test_no_call_ever_costs_more_than_was_put_aside(
    text: str, reply: int, choices: int, picture: bool, data: st.DataObject
) -> None:
    """Whatever the server counts, as long as it counts at most a token a byte and keeps to max_tokens."""
    content: Any = text
    if picture:
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": {"url": "https://x/y.png"}}]
    asked = call(messages=[{"role": "user", "content": content}], max_tokens=reply, n=choices)
    written = len(json.dumps(asked.body, ensure_ascii=False).encode("utf-8", "replace"))
    own = prices(m=Price(2.5, 10, 1.25))
    most = own.most(HOME, "m", asked, written)
    prompt = data.draw(st.integers(0, written + (64_000 if picture else 0)))
    told = usage(prompt, data.draw(st.integers(0, reply * choices)))
    cost = own.cost(HOME, "m", asked, told)
    assert most is not None
    assert cost is None or cost <= most


def test_a_model_that_searches_has_a_fee_that_only_the_owner_can_name() -> None:
    model = "gpt-4o-mini-search-preview"
    assert prices().most(OPENAI, model, call(), 10) is None
    assert Prices({model: Price(request=0.06)}).most(OPENAI, model, call(), 10) == 60_000_000


def test_no_figure_of_a_server_is_too_big_to_be_shown() -> None:
    cost = prices(m=Price(1, 1)).cost(HOME, "m", call(), usage(10**400, 1))
    assert cost is not None
    assert cost / USD == 1_000_000


def test_pictures_by_tokens_are_bounded_too() -> None:
    asked = Call(
        "POST", "/images/edits", Images, "gpt-image-1", {"prompt": "x", "n": 1}, files={"image": Upload("a", b"")}
    )
    most = prices().most(OPENAI, "gpt-image-1", asked, 0)
    told = Usage.model_validate({"input_tokens": 4000, "output_tokens": 6240, "total_tokens": 10240})
    cost = prices().cost(OPENAI, "gpt-image-1", asked, told)
    assert most is not None
    assert cost is not None
    assert 0 < cost <= most


def test_wrong_prices_are_named_all_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Prices({"a": Price(input=-1), "b": Price(image=float("nan")), "c": Price()})
    assert [problem.where for problem in caught.value.problems] == [
        "api.prices.a.input",
        "api.prices.b.image",
        "api.prices.c",
    ]


@pytest.mark.parametrize(
    "body", [{"max_tokens": -1}, {"max_completion_tokens": -1}, {"n": -3}, {"max_tokens": "1e999"}]
)
def test_a_count_below_nothing_bounds_nothing(body: dict[str, Any]) -> None:
    """Some servers take -1 as "without end"."""
    own = prices(m=Price(1, 1))
    for path in ("/chat/completions", "/completions"):
        with pytest.raises(BadRequestError, match="from 0 on"):
            own.most(HOME, "m", Call("POST", path, Answer, "m", {"messages": SAY, "max_tokens": 5} | body), 10)


def test_no_choice_is_one_choice() -> None:
    own = prices(m=Price(1, 1))
    assert own.most(HOME, "m", call(n=0), 10) == own.most(HOME, "m", call(n=1), 10)
