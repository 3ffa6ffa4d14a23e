"""What pytest gets from mudbot: the fixtures, the marker ``mudbot``, and the option that writes golden files.

A test that uses one of the fixtures may be ``async def`` and nothing more: it runs with or without pytest-asyncio, in
whichever mode.  Nothing of the bot is imported before a fixture is used.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from mudbot.testing.bot import Bot
    from mudbot.testing.live import Live
    from mudbot.testing.servers.evennia import Evennia

CAST = ("bot", "tavern", "evennia")
"""The fixtures that live as long as their test does, in its event loop."""
HOPELESS = "the test waits for something that nobody will bring about: feed the bot, or advance its clock"


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mudbot")
    group.addoption("--mudbot-update-golden", action="store_true", help="Write the golden files of bot.golden(...).")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "mudbot(dialect=, encoding=, language=, character=, name=, …): what the test's bot is like; "
        "see mudbot.testing.stage.Options.",
    )


@pytest.fixture
def bot(request: pytest.FixtureRequest) -> Iterator[Bot]:
    """A bot on a link without a socket, with a clock that stands still and a model that says what it is told to."""
    from mudbot.testing.bot import Bot

    made = Bot(options_of(request), folder=plugins_above(request.path), test=request.path)
    made.update_golden = request.config.getoption("--mudbot-update-golden")
    yield made
    made.close()


@pytest.fixture
def tavern(request: pytest.FixtureRequest) -> Live:
    """A bot in the embedded world, over a real socket, and players who come in as they are asked to type."""
    from mudbot.testing.live import Live
    from mudbot.testing.worlds import Inn

    options = options_of(request)
    return Live("tavern", options, lambda: Inn.open(options), folder=plugins_above(request.path))


@pytest.fixture(scope="session")
def evennia_server() -> Iterator[Evennia]:
    """An Evennia for all tests of the run, installed on first use; where that cannot be, its tests are skipped."""
    try:
        from mudbot.testing.servers import evennia
        from mudbot.testing.servers.environment import UnavailableError
    except ImportError as exc:  # fcntl
        pytest.skip(f"Evennia runs on Linux and macOS: {exc}")
    try:
        server: Evennia = evennia.start()
    except (UnavailableError, evennia.StartError, OSError) as exc:
        pytest.skip(f"Evennia cannot be installed or started here: {exc}")
    yield server
    server.stop()


@pytest.fixture
def evennia(request: pytest.FixtureRequest, evennia_server: Evennia) -> Live:
    """A bot in a real Evennia, and players there."""
    from mudbot.testing.live import Live
    from mudbot.testing.worlds import EvenniaWorld

    async def world() -> EvenniaWorld:
        return EvenniaWorld(evennia_server)

    return Live("evennia", options_of(request), world, folder=plugins_above(request.path))


def options_of(request: pytest.FixtureRequest) -> Any:
    """The options that the markers of a test choose, the nearest counting most."""
    from mudbot.testing.stage import Options

    options = Options()
    for mark in reversed(list(request.node.iter_markers("mudbot"))):
        options = options.with_(**mark.kwargs)
    return options


def plugins_above(test: Path) -> Path:
    """The nearest folder above *test* that has plugins in it, else the current one."""
    return next((each for each in test.parents if (each / "plugins").is_dir()), Path())


# -- running it --------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let what a test uses begin and end in the test's own event loop, whoever runs that."""
    cast = _cast_of(item)
    if not cast or not isinstance(item, pytest.Function):
        return (yield)
    func = item.obj
    if not inspect.iscoroutinefunction(func):
        pytest.fail(f"{item.name} uses {cast[0].mudbot_cast}: write `async def {item.originalname}`", pytrace=False)
    item.obj = _staged(func, cast)
    try:
        return (yield)
    finally:
        item.obj = func


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run an async test that uses a fixture of ours, where nobody else does."""
    if not _cast_of(pyfuncitem) or not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None  # pytest-asyncio's tests are no coroutines any more when they are called
    __tracebackhide__ = True
    names = pyfuncitem._fixtureinfo.argnames  # noqa: SLF001 - as pytest's own hook does
    with asyncio.Runner() as runner:
        runner.run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in names}))
    return True


def _cast_of(item: pytest.Item) -> list[Any]:
    found = (getattr(item, "funcargs", {}).get(name) for name in CAST)
    return [each for each in found if getattr(each, "mudbot_cast", "")]


def _staged(func: Callable[..., Any], cast: list[Any]) -> Callable[..., Any]:
    @functools.wraps(func)
    async def run(*args: Any, **kwargs: Any) -> None:
        __tracebackhide__ = True
        async with AsyncExitStack() as stack:
            for each in cast:
                await stack.enter_async_context(each)
            try:
                await func(*args, **kwargs)
            except asyncio.CancelledError as cancelled:
                if any(each.hopeless for each in cast):
                    raise AssertionError(HOPELESS).with_traceback(cancelled.__traceback__) from None
                raise

    return run
