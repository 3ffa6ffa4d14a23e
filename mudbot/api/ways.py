"""Where a call can go: every configured server, for one organisation, in the order of the configuration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mudbot.api.limit.breaker import Breaker
from mudbot.api.limit.limits import Limits
from mudbot.api.limit.scheduler import Scheduler
from mudbot.api.wire.failures import Place
from mudbot.api.wire.safe import Redactor
from mudbot.api.wire.target import Target
from mudbot.clock import Clock
from mudbot.errors import ConfigError, Problem

MOST_PLACES = 256
"""Names of calls that are kept; those of files come and go."""

MOST_ORGANIZATIONS = 1000
"""Beyond them a name of an organisation is a mistake, or somebody's input."""


@dataclass(frozen=True, slots=True)
class Server:
    """An OpenAI-compatible server and an account there."""

    base_url: str
    """The http(s) URL under which the endpoints live, with or without a slash at its end."""
    api_key: str | None = field(default=None, repr=False)
    organization: str | None = None
    project: str | None = None
    models: Mapping[str, str] = field(default_factory=dict)
    """What a model that is asked for is called at this server, where it has another name there."""
    free: bool = False
    """Whether nothing that it does costs money, as at the embedded server."""


class Way:
    """One server for one organisation: where to send, by which queue, and how it fares."""

    def __init__(self, server: Server, target: Target, scheduler: Scheduler) -> None:
        self.server, self.target, self.scheduler = server, target, scheduler
        self._breakers: dict[str, Breaker] = {}
        self._places: dict[tuple[str, str, str | None], Place] = {}

    def __repr__(self) -> str:
        return f"<Way to {self.target.account}>"

    def place(self, method: str, path: str, model: str | None) -> Place:
        """The name of a call there, for messages."""
        key = (method, path, model)
        found = self._places.get(key)
        if found is None:
            if len(self._places) > MOST_PLACES:
                self._places.clear()
            target = self.target
            found = self._places[key] = Place(method, path, target.shown, model, target.key is not None)
        return found

    @property
    def troubled(self) -> bool:
        """Whether any endpoint there failed lately."""
        return bool(self._breakers)

    @property
    def breakers(self) -> Mapping[str, Breaker]:
        """Those of endpoints that failed lately, by endpoint and model."""
        return self._breakers

    def breaker(self, lane: str) -> Breaker | None:
        """That of an endpoint that failed before."""
        return self._breakers.get(lane)

    def succeeded(self, lane: str) -> None:
        """The endpoint answered."""
        if self._breakers:
            self._breakers.pop(lane, None)

    def failed(self, lane: str, now: float) -> Breaker:
        """The endpoint failed; its breaker."""
        breaker = self._breakers.setdefault(lane, Breaker())
        breaker.failed(now)
        return breaker

    def trip(self, lane: str, now: float) -> None:
        """Leave the endpoint alone for a while: the account there is refused."""
        self._breakers.setdefault(lane, Breaker()).trip(now)

    def closed_for(self, lane: str, now: float) -> float:
        """Seconds for which a call should not go here: a breaker that is open, a limit that is held; 0 for none."""
        breaker = self._breakers.get(lane)
        return max(breaker.wait(now) if breaker else 0.0, self.scheduler.held(lane))


def choose(ways: tuple[Way, ...], tried: set[Way], lane: str, now: float) -> tuple[Way | None, float]:
    """The first way that is open and not among *tried*, else the first that is open; or None, and for how long.

    Where every open way is held by a limit, it is the one that is held the shortest.
    """
    fresh = [way for way in ways if way not in tried] or list(ways)
    closed = [way.closed_for(lane, now) for way in fresh]
    if min(closed) <= 0:
        return fresh[closed.index(0.0)], 0.0
    held = [(way.scheduler.held(lane), way) for way in ways if (b := way.breaker(lane)) is None or b.wait(now) <= 0]
    if held:
        return min(held, key=lambda entry: entry[0])[1], 0.0
    return None, min(b.wait(now) for way in ways if (b := way.breaker(lane)) is not None)


class Ways:
    """All of them.  Servers with one base_url and organisation share a queue and its limits, whatever their keys.

    Raises ConfigError for servers that can never work.
    """

    def __init__(self, servers: Sequence[Server], limits: Limits, clock: Clock) -> None:
        if not servers:
            raise ConfigError(
                Problem("api.base_url", "no server is named: give the http(s) URL under which the API lives")
            )
        self._servers, self._limits, self._clock = tuple(servers), limits, clock
        self._schedulers: dict[str, Scheduler] = {}
        self._ways: dict[str | None, tuple[Way, ...]] = {}
        self.default = self.of(None)

    def __repr__(self) -> str:
        return f"<Ways {', '.join(way.target.account for way in self.default)}>"

    @property
    def schedulers(self) -> Sequence[Scheduler]:
        """The queues, one an account."""
        return tuple(self._schedulers.values())

    @property
    def all(self) -> Sequence[Way]:
        """Every way that was ever asked for."""
        return [way for ways in self._ways.values() for way in ways]

    def redactor(self) -> Redactor:
        """What cleans foreign text of every key."""
        return Redactor(*(way.target.key for way in self.default))

    def of(self, organization: str | None) -> tuple[Way, ...]:
        """The ways for *organization*; None is each server's own.  Raises ConfigError for what is no organisation."""
        found = self._ways.get(organization)
        if found is None:
            if len(self._ways) >= MOST_ORGANIZATIONS:
                raise ConfigError(Problem("organization", f"more than {MOST_ORGANIZATIONS} of them cannot be meant"))
            found = self._ways[organization] = tuple(self._way(server, organization) for server in self._servers)
        return found

    def _way(self, server: Server, organization: str | None) -> Way:
        target = Target(
            server.base_url,
            api_key=server.api_key,
            organization=organization or server.organization,
            project=server.project,
        )
        scheduler = self._schedulers.get(target.account)
        if scheduler is None:
            shared = None
            if self._limits.shared is not None:
                from mudbot.api.limit.shared import RedisLimit

                shared = RedisLimit(
                    self._limits.shared, target.account, self._limits, self._clock, alone=self._limits.alone
                )
            scheduler = self._schedulers[target.account] = Scheduler(self._limits, self._clock, shared)
        return Way(server, target, scheduler)
