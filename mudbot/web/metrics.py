"""``/metrics``: figures for Prometheus, told by what the bot is at the moment it is asked.

Names begin with ``mudbot_`` and carry their unit.  Labels are names of the configuration (sessions, plugins, models,
servers) and of the API, never those of players, and nothing that anybody said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, get_args

from aiohttp import web
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from mudbot.api.totals import STEPS, Total
from mudbot.errors import StoreError
from mudbot.mud.session import State
from mudbot.store import decisions
from mudbot.web.health import store_answers
from mudbot.web.money import budgets
from mudbot.web.pages import bot_of

if TYPE_CHECKING:
    from mudbot.host.services.means import Share
    from mudbot.web.bot import Bot

# The words of the API's paths; all else in one is a name or a number of somebody's file or model.
_PATH = {
    *("chat", "completions", "embeddings", "moderations", "models", "engines", "edits", "generations", "variations"),
    *("images", "files", "content", "fine-tunes", "fine_tuning", "jobs", "events", "cancel", "audio", "speech"),
    *("transcriptions", "translations", "search", "answers", "classifications", "batches", "responses"),
}


@dataclass(slots=True)
class Asked:
    """What has to be waited for, as it was when somebody asked."""

    store: bool = False
    waiting: int | None = None
    shares: Sequence[Share] = field(default_factory=tuple)


class BotCollector(Collector):
    """The bot's figures, made anew for each answer."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self.asked = Asked()

    def __repr__(self) -> str:
        return f"<BotCollector of {len(self._bot.sessions)} sessions>"

    def collect(self) -> Iterable[Metric]:
        """All of them."""
        yield InfoMetricFamily("mudbot_build", "The version of mudbot.", value={"version": _version()})
        yield from self._sessions()
        yield from self._plugins()
        yield from self._calls()
        yield from self._accounts()
        yield from self._rest()

    def describe(self) -> Iterable[Metric]:
        """Nothing: a registry would ask a bot for figures that has not started."""
        return ()

    def _sessions(self) -> Iterator[Metric]:
        labels = ["session"]
        state = GaugeMetricFamily(
            "mudbot_session_state", "1 for the state that a session is in, 0 for all others.", labels=[*labels, "state"]
        )
        waiting = GaugeMetricFamily("mudbot_session_outbox_lines", "Lines that wait to be sent.", labels=labels)
        sent = CounterMetricFamily("mudbot_session_sent_lines", "Lines sent to the MUD.", labels=labels)
        dropped = CounterMetricFamily(
            "mudbot_session_unsent_lines", "Lines given up: too old, or the link was gone.", labels=labels
        )
        heard = CounterMetricFamily("mudbot_session_heard_lines", "Lines heard of the MUD.", labels=labels)
        muted = GaugeMetricFamily("mudbot_session_muted_speakers", "Speakers that are not heard.", labels=labels)
        for session, host in zip(self._bot.sessions, self._bot.hosts, strict=False):
            name = [session.name]
            for each in get_args(State):
                state.add_metric([*name, each], session.state == each)
            waiting.add_metric(name, session.outbox.waiting)
            sent.add_metric(name, session.outbox.sent)
            dropped.add_metric(name, session.outbox.dropped)
            if self._bot.config.web.token is not None:  # else nobody counts them
                heard.add_metric(name, self._bot.live.feed(session.name).total)
            muted.add_metric(name, len(host.mutes.names()))
        yield from (state, waiting, sent, dropped, heard, muted)

    def _plugins(self) -> Iterator[Metric]:
        labels = ["session", "plugin"]
        inbox = GaugeMetricFamily(
            "mudbot_plugin_inbox_events", "Events that wait for a plugin, or that it works on.", labels=labels
        )
        dropped = CounterMetricFamily(
            "mudbot_plugin_dropped_events", "Events that a plugin was too slow for.", labels=labels
        )
        failures = GaugeMetricFamily("mudbot_plugin_failures_in_a_row", "A plugin's failures in a row.", labels=labels)
        paused = GaugeMetricFamily("mudbot_plugin_paused", "1 for a plugin that is paused.", labels=labels)
        for host in self._bot.hosts:
            for name, running in host.running.items():
                inbox.add_metric([host.session, name], running.busy)
                dropped.add_metric([host.session, name], running.dropped)
                failures.add_metric([host.session, name], running.failures)
                paused.add_metric([host.session, name], running.paused)
        yield from (inbox, dropped, failures, paused)

    def _calls(self) -> Iterator[Metric]:
        labels = ["endpoint", "model", "outcome"]
        calls = HistogramMetricFamily(
            "mudbot_api_call_duration_seconds", "Seconds from a call to its end, waiting included.", labels=labels
        )
        sent = CounterMetricFamily("mudbot_api_requests", "HTTP requests sent, retries included.", labels=labels)
        tokens = CounterMetricFamily("mudbot_api_tokens", "Tokens as the servers count them.", labels=[*labels, "kind"])
        money = CounterMetricFamily("mudbot_api_cost_usd", "What calls cost, as far as it is known.", labels=labels)
        unpriced = CounterMetricFamily("mudbot_api_unpriced_calls", "Calls whose price nobody knows.", labels=labels)
        waited = CounterMetricFamily(
            "mudbot_api_queue_seconds", "Seconds that calls spent in queues and pauses.", labels=labels
        )
        for key, total in _joined(self._bot.totals.rows).items():
            name = list(key)
            calls.add_metric(name, _buckets(total.steps), total.latency)
            sent.add_metric(name, total.requests)
            tokens.add_metric([*name, "prompt"], total.prompt_tokens)
            tokens.add_metric([*name, "completion"], total.completion_tokens)
            money.add_metric(name, total.money)
            unpriced.add_metric(name, total.unpriced)
            waited.add_metric(name, total.waited)
        yield from (calls, sent, tokens, money, unpriced, waited)

    def _accounts(self) -> Iterator[Metric]:
        labels = ["server", "organization"]
        running = GaugeMetricFamily("mudbot_api_running_calls", "Calls in flight.", labels=labels)
        waiting = GaugeMetricFamily("mudbot_api_waiting_calls", "Calls in the queue.", labels=labels)
        left = GaugeMetricFamily(
            "mudbot_api_limit_left_ratio", "The part of a configured limit that is left.", labels=[*labels, "limit"]
        )
        broken = GaugeMetricFamily(
            "mudbot_api_breaker_open", "1 for an endpoint that is left alone as it fails.", labels=[*labels, "endpoint"]
        )
        for account in self._bot.api.state():
            name = [account.server, account.organization]
            running.add_metric(name, account.running)
            waiting.add_metric(name, account.waiting)
            for limit in account.limits:
                left.add_metric([*name, limit.name], limit.left / limit.limit)
            opened: dict[str, bool] = {}
            for each in account.broken:
                endpoint = endpoint_of(each.endpoint)
                opened[endpoint] = opened.get(endpoint, False) or each.open
            for endpoint, is_open in opened.items():
                broken.add_metric([*name, endpoint], is_open)
        yield from (running, waiting, left, broken)

    def _rest(self) -> Iterator[Metric]:
        asked = self.asked
        yield GaugeMetricFamily("mudbot_store_up", "1 if what is kept can be read.", value=float(asked.store))
        if asked.waiting is not None:
            yield GaugeMetricFamily(
                "mudbot_moderation_waiting_decisions",
                f"Decisions that no owner has looked at, {decisions.MANY} at most.",
                value=asked.waiting,
            )
        labels = ["scope", "plugin"]
        bound = GaugeMetricFamily("mudbot_budget_limit_usd", "What may be spent in a period.", labels=labels)
        spent = GaugeMetricFamily("mudbot_budget_spent_usd", "What is spent or reserved of it.", labels=labels)
        for share in asked.shares:
            bound.add_metric([share.scope, share.name], share.bound)
            spent.add_metric([share.scope, share.name], share.spent)
        yield from (bound, spent)


def endpoint_of(endpoint: str) -> str:
    """``POST /chat/completions``, with what is no word of the API itself left out: ``GET /files/*``."""
    method, _, path = endpoint.partition(" ")
    path = path.split(" ")[0]
    known = [part if part in _PATH else "*" for part in path.split("/")[1:]]
    return f"{method} /{'/'.join(known)}" if path.startswith("/") else "other"


def _joined(rows: dict[tuple[str, str, str], Total]) -> dict[tuple[str, str, str], Total]:
    """*rows* with those together that differ in somebody's file alone."""
    found: dict[tuple[str, str, str], Total] = {}
    for (endpoint, model, outcome), total in list(rows.items()):
        found.setdefault((endpoint_of(endpoint), model, outcome), Total()).include(total)
    return found


def _buckets(steps: Sequence[int]) -> list[tuple[str, float]]:
    """Counts as Prometheus has them: how many took at most that long."""
    sums, count = [], 0
    for name, number in zip((*map(str, STEPS), "+Inf"), steps, strict=True):
        count += number
        sums.append((name, float(count)))
    return sums


def _version() -> str:
    try:
        return version("mudbot")
    except PackageNotFoundError:  # run from its sources
        return "unknown"


async def ask(bot: Bot) -> Asked:
    """What has to be waited for; what cannot be had now is missing."""
    waiting: int | None = None
    works = await store_answers(bot)
    if works:
        try:
            waiting = await bot.store.browse(decisions.waiting)
        except StoreError:
            works = False
    return Asked(works, waiting, await budgets(bot))


def routes(bot: Bot) -> list[web.RouteDef]:
    """The page, with a registry of its own."""
    registry, collector = CollectorRegistry(), BotCollector(bot)
    registry.register(collector)
    ProcessCollector(namespace="mudbot", registry=registry)

    async def show(request: web.Request) -> web.Response:
        """``/metrics``, in the text format or as OpenMetrics, whichever is asked for."""
        collector.asked = await ask(bot_of(request))
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        body = encode(registry)
        return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    return [web.get("/metrics", show)]
