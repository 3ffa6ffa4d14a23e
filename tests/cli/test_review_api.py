"""``mudbot check`` on sections ``api`` that can never work: said before the bot runs, with line and remedy."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mudbot.cli import cli

URL = "base_url: http://127.0.0.1:9/v1"


def check(folder: Path, api: str) -> Result:
    path = folder / "config.yaml"
    path.write_text(f"sessions: [{{host: tavern}}]\nplugins: {{dialogue: }}\napi:\n  {api}\n")
    return CliRunner().invoke(cli, ["check", "-c", str(path)])


@pytest.mark.parametrize(
    "address",
    [
        "redis://:canary-12345@:x",
        "redis://localhost:99999",
        "redis://localhost:0",
        "redis://localhost/abc",
        "redis://[::1",
        "http://localhost",
        "unix://",
        "localhost:6379",
    ],
)
def test_an_address_that_no_redis_has_is_refused(tmp_path: Path, address: str) -> None:
    """A wrong port, database or scheme of api.limits.shared; the password is not shown."""
    result = check(tmp_path, f'{{{URL}, models: {{dialogue: gpt-4o-mini}}, limits: {{shared: "{address}"}}}}')
    assert result.exit_code == 1
    assert result.output.startswith("config.yaml:4: api.limits.shared must be redis://host:port")
    assert "canary" not in result.output


@pytest.mark.parametrize(
    "address",
    ["redis://localhost", "redis://user:p%40ss@[::1]:6379/2", "rediss://example.org/", "unix:///run/redis.sock?db=1"],
)
def test_addresses_of_a_redis_are_taken(tmp_path: Path, address: str) -> None:
    """With and without user, port and database."""
    result = check(tmp_path, f'{{{URL}, models: {{dialogue: gpt-4o-mini}}, limits: {{shared: "{address}"}}}}')
    assert result.exit_code == 0, result.output


def test_the_missing_package_is_said_before_the_bot_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra ``redis`` a shared limit cannot work."""
    monkeypatch.setitem(sys.modules, "redis", None)
    result = check(tmp_path, f"{{{URL}, models: {{dialogue: x}}, limits: {{shared: redis://localhost}}}}")
    assert result.exit_code == 1
    assert result.output.startswith("config.yaml:4: api.limits.shared")
    assert "mudbot[redis]" in result.output


def test_a_server_that_takes_over_from_the_embedded_one_needs_a_model(tmp_path: Path) -> None:
    """The embedded server needs no name of a model; who stands in for it would be asked for one it does not have."""
    result = check(tmp_path, f"servers: [{{base_url: embedded}}, {{{URL}}}]")
    assert result.exit_code == 1
    assert result.output.startswith("config.yaml:4: api.models.dialogue must name a model that http://127.0.0.1:9/v1")


@pytest.mark.parametrize(
    "api",
    [
        f"{{servers: [{{base_url: embedded}}, {{{URL}}}], models: {{dialogue: x}}}}",
        f"servers: [{{base_url: embedded}}, {{{URL}, models: {{local: x}}}}]",
    ],
    ids=["named", "named there"],
)
def test_a_server_that_takes_over_may_have_its_own_name_for_the_model(tmp_path: Path, api: str) -> None:
    """Either the model is named for all, or that server says what it calls the embedded server's."""
    result = check(tmp_path, api)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("price", ["{}", "{input: null}"])
@pytest.mark.parametrize("budgets", ["{}", "{day: 1}"])
def test_a_price_without_a_number_is_said_with_its_line(tmp_path: Path, price: str, budgets: str) -> None:
    """An empty entry of api.prices, whether there is a budget or not: the bot would not start with it."""
    result = check(tmp_path, f"{{{URL}, models: {{dialogue: x}}, budgets: {budgets}, prices: {{x: {price}}}}}")
    assert result.exit_code == 1
    assert result.output.startswith("config.yaml:4: api.prices.x names no price")
