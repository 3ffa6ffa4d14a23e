"""The Api: OpenAI-compatible servers, for every caller.  Usable without the rest of mudbot::

async with Api("http://127.0.0.1:8080/v1", limits=Limits(requests_per_minute=60)) as api:
    answer = await api.chat([{"role": "user", "content": "你好"}], model="qwen2.5")
    print(answer.text)
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from mudbot.api.calls import Call, Caller, Options
from mudbot.api.deadline import Alarms, Deadline, Expired
from mudbot.api.endpoints import Endpoints
from mudbot.api.exchange import Exchange
from mudbot.api.letter import Letter
from mudbot.api.limit.limits import Limits
from mudbot.api.money.budgets import Budgets, Spent
from mudbot.api.money.prices import Price, Prices
from mudbot.api.money.purse import Purse
from mudbot.api.office import Office, tell
from mudbot.api.report import ApiCall
from mudbot.api.sharing import Flights, Kept
from mudbot.api.state import Account, account
from mudbot.api.types import Answer, Piece
from mudbot.api.ways import Server, Way, Ways
from mudbot.clock import Clock, SystemClock
from mudbot.errors import ApiConnectionError, ApiError, ApiTimeoutError, ConfigError, Problem

_A = TypeVar("_A", bound=Answer)
_P = TypeVar("_P", bound=Piece)


class Api(Endpoints):
    """The shared adapter.  Every method may be called from many tasks of one event loop at once.

    *base_url* is the http(s) URL under which the endpoints live, with or without a slash at its end, *api_key*,
    *organization* and *project* who asks there; instead of them *servers*, of which one takes over from another that
    fails.  *limits* hold for each base_url and organisation; *budgets* bound what is spent, in *ledger*, a file that
    outlives the process (None keeps the books in memory), by the known prices and *prices* of your own; *on_call* is
    told of every finished call (it must not block).  Raises ConfigError for settings that can never work.  It connects
    when it is first used; close it in the end, or use it as ``async with``.
    """

    def __init__(  # noqa: PLR0913 - who, where, how much and whom to tell: each is one setting of the owner's
        self,
        base_url: str | None = None,
        *,
        api_key: str | None = None,
        organization: str | None = None,
        project: str | None = None,
        servers: Sequence[Server] = (),
        limits: Limits | None = None,
        budgets: Budgets | None = None,
        ledger: Path | None = None,
        prices: Mapping[str, Price] | None = None,
        clock: Clock | None = None,
        on_call: Callable[[ApiCall], None] | None = None,
    ) -> None:
        if base_url is not None and servers:
            raise ConfigError(Problem("api.servers", "names servers, and so does api.base_url: give one of the two"))
        if base_url is not None:
            servers = (Server(base_url, api_key, organization, project),)
        self._clock, self._limits = clock or SystemClock(), limits or Limits()
        self._ways = Ways(servers, self._limits, self._clock)
        self._prices = Prices(prices, free=[server.base_url for server in servers if server.free], clock=self._clock)
        self._budgets, self._book = budgets, ledger
        self._on_call = on_call
        self._office: Office | None = None
        self._flights, self._kept = Flights(), Kept(self._clock)
        self._closed = False

    def __repr__(self) -> str:
        state = "closed" if self._closed else f"{self.running} in flight, {self.waiting} waiting"
        return f"<Api {', '.join(way.target.shown for way in self._ways.default)}: {state}>"

    @property
    def running(self) -> int:
        """Requests in flight."""
        return sum(scheduler.running for scheduler in self._ways.schedulers)

    @property
    def waiting(self) -> int:
        """Calls that wait for their turn."""
        return sum(scheduler.waiting for scheduler in self._ways.schedulers)

    def state(self) -> Sequence[Account]:
        """How it is at each server and organisation now: what runs and waits, what the limits leave, what is broken."""
        now = self._clock.now()
        return [account(way, way.scheduler, now) for way in self._ways.all]

    def pictures_before(self, caller: Caller) -> int | None:
        """How many pictures go before the first that *caller*'s player waits for; None where none of his waits."""
        flow = (caller.session, caller.player or caller.plugin)
        found = (scheduler.pictures_before(flow) for scheduler in self._ways.schedulers)
        return min((before for before in found if before is not None), default=None)

    async def spent(self) -> Sequence[tuple[str, Spent]]:
        """What was spent or is reserved, by account; empty without budgets.  Raises BudgetError."""
        ledger = self._open().purse.ledger
        if ledger is None:
            return ()
        accounts = dict.fromkeys(way.target.account for way in self._ways.all)
        return [(account, row) for account in accounts for row in await ledger.spent(account)]

    def budget_plugins(self, plugins: Mapping[str, float]) -> bool:
        """From now on plugins may cost that much a day, in USD; False where no budget was given when this was made.

        Then there are no books, and they cannot be begun in the middle of a day.
        """
        if not self._budgets:
            return not plugins
        self._budgets = replace(self._budgets, plugins=dict(plugins))
        if self._office is not None and self._office.purse.ledger is not None:
            self._office.purse.ledger.plugins = self._budgets.plugin_bounds()
        return True

    async def __aenter__(self) -> Self:
        self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End it: calls that wait fail at once, calls in flight lose their connection.  Twice does no harm."""
        if self._closed:
            return
        self._closed = True
        for scheduler in self._ways.schedulers:
            await scheduler.close()
        if self._office is not None:
            await self._office.transport.close()
            self._office.alarms.close()
            await self._flights.close()
            await self._office.purse.close()

    # -- the way of every call -------------------------------------------------------------------------------------

    async def _one(self, call: Call[_A], options: Options) -> _A:
        office = self._office or self._open()
        if self._closed:
            raise _closed()
        organization = options.caller.organization
        ways = self._ways.default if organization is None else self._ways.of(organization)
        letter = Letter(call)
        if call.shared or call.kept:
            return await self._together(letter, options, ways, office)
        return (await Exchange(letter, options, ways, office).answer())[0]

    async def _pieces(self, call: Call[_P], options: Options) -> AsyncGenerator[_P, None]:
        office = self._office or self._open()
        if self._closed:
            raise _closed()
        exchange = Exchange(Letter(call), options, self._ways.of(options.caller.organization), office)
        async with aclosing(exchange.pieces()) as pieces:
            async for piece in pieces:
                yield piece

    async def _sleep(self, seconds: float) -> None:
        await self._clock.sleep(seconds)

    async def _together(self, letter: Letter[_A], options: Options, ways: tuple[Way, ...], office: Office) -> _A:
        """By a kept answer, or with others who ask the same."""
        call, began = letter.call, self._clock.now()
        query = tuple(sorted((str(name), str(value)) for name, value in (call.query or {}).items()))
        body = hashlib.sha256(letter.body(call.model) or b"").digest()  # what is asked may be long, and is kept as well
        key = (ways, call.method, call.path, call.kind, query, body)
        if call.kept and (kept := self._kept.get(key)) is not None:
            self._tell_shared(letter, options, ways, began)
            return call.kind.model_validate_json(kept)

        own = False

        async def send() -> tuple[_A, bytes]:
            nonlocal own
            own = True
            answer, body = await Exchange(letter, options, ways, office).answer()
            if call.kept and (call.fits is None or call.fits(answer)):
                self._kept.put(key, body)
            return answer, body

        if not call.shared:
            return (await send())[0]
        if key not in self._flights:  # its Exchange has its deadline, and tells of it
            return (await self._flights.join(key, send))[0][0]
        seconds = self._limits.deadline if options.deadline is None else options.deadline
        deadline, outcome = Deadline(office.alarms, seconds), "cancelled"
        try:
            with deadline:  # one's own: whoever began the call may have more time
                (answer, data), joined = await self._flights.join(key, send)
            outcome = "ok"
        except Expired:
            outcome = ApiTimeoutError.__name__
        except ApiError as error:
            outcome = type(error).__name__
            raise
        finally:
            deadline.close()
            if not own:
                self._tell_shared(letter, options, ways, began, outcome)
        if outcome != "ok":
            raise ApiTimeoutError(f"{letter.endpoint}: no answer within {seconds:g} s, as the same call did not end")
        return call.kind.model_validate_json(data) if joined else answer

    def _tell_shared(
        self, letter: Letter[_A], options: Options, ways: tuple[Way, ...], began: float, outcome: str = "ok"
    ) -> None:
        if self._on_call is None:
            return
        target, taken = ways[0].target, self._clock.now() - began
        call = ApiCall(
            letter.endpoint,
            letter.call.model,
            outcome,
            None,
            0,
            0.0,
            taken,
            server=target.shown,
            organization=target.organization,
            money=0.0,
            shared=True,
            caller=options.caller,
        )
        tell(self._on_call, call)

    def _open(self) -> Office:
        if self._closed:
            raise _closed()
        if self._office is None:
            from mudbot.api.wire.transport import Transport  # aiohttp takes a third of a second to import

            ledger = None
            if self._budgets:
                from mudbot.api.money.ledger import Ledger

                ledger = Ledger(self._book, self._budgets, self._clock)
            purse = Purse(self._prices, ledger)
            self._office = Office(
                self._limits, self._clock, Alarms(self._clock), Transport(self._ways.redactor()), purse, self._on_call
            )
            if self._on_call is not None or ledger is not None:
                purse.load()
        return self._office


def _closed() -> ApiConnectionError:
    return ApiConnectionError("the Api is closed and takes no more calls: open a new one")
