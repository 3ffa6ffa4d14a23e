"""What watchers of machines ask: is it alive, is it ready, and its figures, which tell nothing of players."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from mudbot.api import Api, ApiCall, Caller, Limits
from mudbot.errors import StoreError
from mudbot.web.metrics import endpoint_of
from tests.web.web_fakes import PASSWORD, TOKEN, Client, FakeBot, Serve, config_of, make_bot

GRAFANA = Path(__file__).parents[2] / "docs" / "grafana.json"
PLAYER = "Xerxes"


@pytest.fixture
async def busy(bot: FakeBot) -> Any:
    """A bot at which something happened."""
    for endpoint in ("POST /chat/completions", "GET /files/file-of-Xerxes/content", "GET /files/file-2/content"):
        for latency, outcome in ((0.3, "ok"), (3.0, "ok"), (100.0, "ServerError")):
            caller = Caller(PLAYER, session="mud.example", plugin="dialogue")
            call = ApiCall(endpoint, "gpt", outcome, 200, 1, 0.1, latency, 10, 5, money=0.001, caller=caller)
            bot.totals.add(call)
    plugin: Any = SimpleNamespace(busy=3, dropped=2, failures=1, paused=True)
    bot.hosts[0].running["dialogue"] = plugin
    row = {"session": "mud.example", "speaker": PLAYER, "source": "player", "reason": "r", "text": "t"}
    await bot.store.write("decisions", **row)
    bot.hosts[0].mutes.mute(PLAYER, 600)
    bot.hears("one", "two")
    limits = Limits(requests_per_minute=60)
    async with Api(
        "http://127.0.0.1:9/v1?key=q-secret", api_key="sk-secret", limits=limits, clock=bot.clock
    ) as bot.api:
        bot.api._ways.default[0].trip("POST /chat/completions gpt", bot.clock.now())
        yield bot


def values(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


async def test_figures_are_those_of_the_bot(busy: FakeBot, guest: Client) -> None:
    """Without a token."""
    found = values(await guest.get("/metrics"))

    def value(name: str, **labels: str) -> float:
        return found[name, tuple(sorted(labels.items()))]

    chat = {"endpoint": "POST /chat/completions", "model": "gpt", "outcome": "ok"}
    files = chat | {"endpoint": "GET /files/*/content"}
    assert value("mudbot_api_call_duration_seconds_count", **chat) == 2
    assert (
        value("mudbot_api_call_duration_seconds_count", **files) == 4
    )  # of two files: whose they are is nobody's affair
    assert value("mudbot_api_call_duration_seconds_sum", **chat) == pytest.approx(3.3)
    assert value("mudbot_api_call_duration_seconds_bucket", **chat, le="0.5") == 1
    assert value("mudbot_api_call_duration_seconds_bucket", **chat, le="64.0") == 2
    assert value("mudbot_api_cost_usd_total", **chat) == pytest.approx(0.002)
    assert value("mudbot_api_tokens_total", **chat, kind="completion") == 10
    assert value("mudbot_session_state", session="mud.example", state="playing") == 0
    assert value("mudbot_session_heard_lines_total", session="mud.example") == 2
    assert value("mudbot_session_muted_speakers", session="mud.example") == 1
    assert value("mudbot_moderation_waiting_decisions") == 1
    assert value("mudbot_store_up") == 1
    assert value("mudbot_plugin_inbox_events", session="mud.example", plugin="dialogue") == 3
    assert value("mudbot_plugin_paused", session="mud.example", plugin="dialogue") == 1
    account = {"server": "http://127.0.0.1:9/v1", "organization": ""}
    assert value("mudbot_api_limit_left_ratio", **account, limit="requests_per_minute") == 1
    assert value("mudbot_api_breaker_open", **account, endpoint="POST /chat/completions") == 1


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text; version=1.0.0"])
async def test_neither_players_nor_secrets_are_in_it(busy: FakeBot, guest: Client, accept: str) -> None:
    text = await guest.get("/metrics", Accept=accept)
    for word in (PLAYER, PLAYER.lower(), "sk-secret", "q-secret", PASSWORD, TOKEN):
        assert word not in text
    assert text.endswith("# EOF\n") == bool(accept)


async def test_names_begin_with_the_bots_and_carry_their_unit(busy: FakeBot, guest: Client) -> None:
    families = list(text_string_to_metric_families(await guest.get("/metrics")))
    assert len(families) > 25
    units = "seconds|usd|lines|events|calls|tokens|requests|bytes|ratio|speakers|decisions|fds"
    without = "info|state|up|paused|open|failures_in_a_row"  # 0 or 1, or how many
    for family in families:
        assert family.name.startswith("mudbot_")
        assert family.documentation
        assert re.search(f"_({units}|{without})$", re.sub("_(total|created)$", "", family.name)), family.name


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's package prometheus")
async def test_promtool_has_nothing_to_say(busy: FakeBot, guest: Client) -> None:
    text = await guest.get("/metrics")
    command = [shutil.which("promtool") or "", "check", "metrics"]
    checked = await asyncio.to_thread(subprocess.run, command, input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


async def test_the_dashboard_asks_for_figures_that_there_are(busy: FakeBot, guest: Client) -> None:
    """docs/grafana.json: every name in its expressions, with labels that it has."""
    budgets = busy.config.api.budgets.model_copy(update={"day": 1.0})
    busy.config = busy.config.model_copy(update={"api": busy.config.api.model_copy(update={"budgets": budgets})})
    families = list(text_string_to_metric_families(await guest.get("/metrics")))
    labels: dict[str, set[str]] = {family.name: set() for family in families}
    for sample in (sample for family in families for sample in family.samples):
        labels.setdefault(sample.name, set()).update(sample.labels)
    asked = re.findall(r'"expr": "((?:[^"\\]|\\.)*)"', GRAFANA.read_text("utf-8"))
    assert len(asked) > 15
    for expression in map(json.loads, (f'"{each}"' for each in asked)):
        names = re.findall(r"\bmudbot_\w+", expression)
        assert names, expression
        for name in names:
            assert name in labels or name.removesuffix("_total") in labels, f"{name} in {expression}"


def test_the_dashboard_is_whole() -> None:
    """It names its data source as an input, and no panel lies on another."""
    board = json.loads(GRAFANA.read_text("utf-8"))
    assert [each["name"] for each in board["__inputs"]] == ["DS_PROMETHEUS"]
    assert board["id"] is None
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [
        ("POST /chat/completions", "POST /chat/completions"),
        ("POST /chat/completions gpt-4o", "POST /chat/completions"),
        ("GET /files/Xerxes", "GET /files/*"),
        ("POST /engines/davinci/embeddings", "POST /engines/*/embeddings"),
        ("other", "other"),
    ],
)
def test_what_is_no_word_of_the_api_is_left_out_of_labels(endpoint: str, told: str) -> None:
    assert endpoint_of(endpoint) == told


# -- health ----------------------------------------------------------------------------------------------------------


async def test_the_process_is_alive_whatever_the_mud_does(guest: Client) -> None:
    assert await guest.get("/healthz") == "ok\n"


async def test_it_is_ready_with_a_character_in_its_game_and_a_store(bot: FakeBot, guest: Client) -> None:
    """And says what is missing, without names."""
    assert await guest.get("/readyz", status=503) == "no session is in its game\n"
    bot.sessions[0].state = "playing"
    assert await guest.get("/readyz") == "ok\n"


async def test_a_store_that_cannot_be_read_is_told(tmp_path: Path, serve: Serve) -> None:
    (tmp_path / "store").write_text("a file where the folder should be")
    bot = make_bot(config_of(tmp_path))
    bot.sessions[0].state = "playing"
    guest = await serve(bot)
    assert await guest.get("/readyz", status=503) == "the store cannot be read\n"
    assert await guest.get("/healthz") == "ok\n"
    with pytest.raises(StoreError):
        await bot.store.open()
    async with Api("http://127.0.0.1:9/v1") as bot.api:
        assert ("mudbot_store_up", ()) in values(text := await guest.get("/metrics"))
        assert values(text)["mudbot_store_up", ()] == 0
