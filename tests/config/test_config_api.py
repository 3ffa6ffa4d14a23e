"""Servers, shared limits, budgets and prices in config.yaml."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mudbot.resolve import problems_of

if TYPE_CHECKING:
    from tests.config.conftest import Complainer, Reader

GAME = "sessions: [{host: tavern}]\n"


def test_one_server_is_the_four_keys(read: Reader) -> None:
    config = read(GAME + "api: {base_url: 'https://a.example/v1', api_key: k, organization: o, project: p}")
    (only,) = config.api.accounts
    assert (only.base_url, only.organization, only.project, only.embedded) == ("https://a.example/v1", "o", "p", False)
    assert only.api_key is not None
    assert only.api_key.get_secret_value() == "k"


def test_without_any_the_embedded_server_is_the_one(read: Reader) -> None:
    config = read(GAME)
    assert [account.embedded for account in config.api.accounts] == [True]
    assert config.api.embedded


def test_several_servers_keep_their_order(read: Reader) -> None:
    config = read(
        GAME
        + "api:\n  servers:\n  - {base_url: 'https://a.example/v1', api_key: k}\n"
        + "  - {base_url: 'http://b.example/v1', models: {gpt-4o-mini: qwen2.5}}\n  - base_url: embedded\n"
    )
    accounts = config.api.accounts
    assert [account.base_url for account in accounts] == ["https://a.example/v1", "http://b.example/v1", "embedded"]
    assert accounts[1].models == {"gpt-4o-mini": "qwen2.5"}
    assert not config.api.embedded


def test_servers_and_a_base_url_do_not_go_together(complaints: Complainer) -> None:
    (only,) = complaints(GAME + "api: {base_url: embedded, api_key: k, servers: [{base_url: embedded}]}")
    assert "move api_key and base_url into an entry of servers" in only


def test_openais_variables_are_for_the_one_server(read: Reader) -> None:
    """Servers that are listed have keys of their own, and half the world has OPENAI_API_KEY set."""
    environ = {"OPENAI_API_KEY": "sk-from-the-shell", "OPENAI_BASE_URL": "https://other.example/v1"}
    config = read(GAME + "api: {servers: [{base_url: 'https://a.example/v1'}]}", environ=environ)
    assert [(account.base_url, account.api_key) for account in config.api.accounts] == [("https://a.example/v1", None)]


def test_keys_of_all_servers_and_the_password_of_redis_are_secrets(read: Reader) -> None:
    config = read(
        GAME
        + "api:\n  servers: [{base_url: 'https://a.example/v1', api_key: canary-one},"
        + " {base_url: 'https://b.example/v1', api_key: canary-two}]\n"
        + "  limits: {shared: 'redis://:canary-three@redis.example:6379'}"
    )
    assert {"canary-one", "canary-two", "canary-three"} <= set(config.secrets())
    assert "redis://:canary-three@redis.example:6379" not in config.secrets()
    assert "canary" not in repr(config)


@pytest.mark.parametrize("url", ["http://redis.example", "redis.example:6379", "memcached://x"])
def test_a_shared_limit_needs_a_redis(complaints: Complainer, url: str) -> None:
    (only,) = complaints(GAME + f"api: {{limits: {{shared: '{url}'}}}}")
    assert "api.limits.shared must be redis://host:port" in only


def test_budgets_and_prices(read: Reader, complaints: Complainer) -> None:
    config = read(
        GAME + "api: {budgets: {player: 0.05, day: 2}, prices: {my-model: {input: 0.1, output: 0.4}, 'x*': {image: 1}}}"
    )
    assert config.api.budgets.model_dump() == {"player": 0.05, "channel": None, "day": 2.0, "month": None}
    assert config.api.prices["my-model"].output == 0.4
    found = complaints(GAME + "api: {budgets: {player: -1, week: 2}, prices: {m: {inptu: 1}}}")
    assert len(found) == 3
    assert any("did you mean 'input'?" in problem for problem in found)


def test_a_budget_wants_to_know_what_every_model_costs(read: Reader) -> None:
    text = (
        GAME
        + "api:\n  servers: [{base_url: 'https://api.openai.com/v1'}, {base_url: embedded}]\n"
        + "  models: {dialogue: no-such-model, image: dall-e-3, moderation: omni-moderation-latest}\n"
    )
    assert not problems_of(read(text))
    (only,) = problems_of(read(text + "  budgets: {day: 1}"))
    assert "nobody knows what 'no-such-model' costs at https://api.openai.com/v1" in only.message
    assert only.where.endswith("config.yaml:4")
    assert not problems_of(read(text + "  budgets: {day: 1}\n  prices: {no-such-model: {input: 1, output: 2}}"))


def test_sessions_and_plugins_name_who_pays(read: Reader) -> None:
    config = read("sessions: [{host: tavern, organization: org-a}]\nplugins: {dialogue: {organization: org-b}}")
    assert config.sessions[0].organization == "org-a"
    assert config.plugins["dialogue"].organization == "org-b"
    assert config.plugins["dialogue"].settings == {}
