"""The fixture ``bot``: a plugin among all real parts of the bot, on a link without a socket, with time standing still.

>>> async def test_who_arrives_is_greeted(bot: Bot) -> None:
...     await bot.load("hello")
...     await bot.hear("Ann has arrived.")
...     assert bot.said == ["Hello, Ann!"]
"""

from __future__ import annotations

import asyncio
import logging
import random
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from mudbot import resolve
from mudbot.config import units
from mudbot.host.plugin import Plugin
from mudbot.replay.loop import START, LoopClock
from mudbot.testing import golden
from mudbot.testing.mouths import Mouths
from mudbot.testing.notice import Notice, raise_first, show_authors_own, sources_of
from mudbot.testing.script import Script
from mudbot.testing.stage import Options, Stage, configured, plugin_config
from mudbot.testing.still import Still
from mudbot.testing.web import Web

Role = Literal["anyone", "trusted", "owner"]
BEGINNING = 1_700_000_000.0
"""The time of day when every test begins: 14 November 2023, 22:13:20 UTC."""


class Elsewhere(Mouths):
    """Another session of a bot, in another MUD."""

    def __init__(self, bot: Bot, options: Options) -> None:
        super().__init__()
        self._bot, self._options = bot, options

    def __repr__(self) -> str:
        return f"<Elsewhere {self._options.session}, {len(self.sent)} sent>"

    @property
    def options(self) -> Options:
        return self._options

    async def settle(self) -> None:
        __tracebackhide__ = True
        await self._bot.settle()

    async def _begun(self) -> Stage:
        return await self._bot._begun()  # noqa: SLF001 - a part of it

    async def _in_game(self) -> Stage:
        __tracebackhide__ = True
        return await self._bot._in_game()  # noqa: SLF001

    def _stage(self) -> Stage:
        return self._bot._stage()  # noqa: SLF001

    def _note(self, sign: str, text: str, place: str) -> None:
        self._bot._note(sign, text, place)  # noqa: SLF001


class Bot(Mouths):
    """A bot with one session, in the game as soon as anything but ``load`` is awaited.

    Every method that is awaited returns when nothing can go further by itself, and raises what a plugin's handler
    raised meanwhile.  A handler that holds the event loop for five true seconds is ended, and fails the test with its
    place.
    """

    mudbot_cast = "bot"
    """The fixture that it is: what the pytest plugin knows it by."""

    def __init__(self, options: Options | None = None, *, folder: Path | None = None, test: Path | None = None) -> None:
        """*folder* is that in which ``plugins`` is, *test* the file of the test, beside which golden files are."""
        super().__init__()
        self.ai = Script()
        """What the model says, and what it was asked."""
        self.web = Web()
        """What plugins find by ``self.http``, and what they asked for."""
        self.failures: list[BaseException] = []
        """What handlers raised, whether or not it failed the test."""
        self.strict = True
        """Whether what a handler raises is raised in the test; else it only stands in ``failures``."""
        self.update_golden = False
        self.story: list[str] = []
        """Everything in its order, a line each: the time, ``<`` heard, ``>`` sent or ``?`` asked, and what."""
        self._options = options or Options()
        self._others: dict[str, Elsewhere] = {}
        self._folder, self._test = folder or Path(), test
        self._app: Stage | None = None
        self._still: Still | None = None
        self._clock: LoopClock | None = None
        self._notice = Notice(self._on_failure)
        self._kinds: dict[str, type[Plugin]] = {}
        self._told = 0
        self._dice = random.getstate()
        self._place: tempfile.TemporaryDirectory[str] | None = None
        self._waiting: asyncio.Task[Any] | None = None
        self.hopeless = False
        """Whether the test waited for what cannot come."""
        self.ai.on_failure = self.web.on_failure = self._on_failure

    def __repr__(self) -> str:
        names = ", ".join(self._kinds) or "without plugins"
        return f"<Bot {names}, {len(self.sent)} sent, {len(self.failures)} failures>"

    # -- before it begins ------------------------------------------------------------------------------------------

    @property
    def options(self) -> Options:
        """What was chosen of it."""
        return self._options

    def choose(self, **options: Any) -> None:
        """Choose options, see ``Options``: ``bot.choose(dialect="nt7", encoding="gbk", language="zh")``.

        Raises RuntimeError where a plugin is loaded already.
        """
        if self._app is not None:
            raise RuntimeError("choose before the first plugin is loaded, or by @pytest.mark.mudbot(...)")
        self._options = self._options.with_(**options)
        if self._still is not None:
            self._clock = LoopClock(self._still.loop, self._beginning())

    @property
    def dialect(self) -> str:
        """The family of MUDs that it plays on; may be set before the first plugin is loaded."""
        return self._options.dialect

    @dialect.setter
    def dialect(self, name: str) -> None:
        self.choose(dialect=name)

    def also(self, session: str, **options: Any) -> Elsewhere:
        """Give the bot another session, in another MUD: ``town = bot.also("town", dialect="nt7", language="zh")``.

        Its plugins run there as well, ``self.peers`` to each other; ``town`` hears and says as ``bot`` does here.
        """
        if self._app is not None:
            raise RuntimeError("have another session before the first plugin is loaded")
        if session == self._options.session or session in self._others:
            raise ValueError(f"there is a session {session!r} already")
        made = Elsewhere(self, self._options.with_(**{**options, "session": session}))
        self._others[session] = made
        return made

    # -- plugins ---------------------------------------------------------------------------------------------------

    async def load(
        self,
        plugin: str | Path | type[Plugin],
        /,
        *,
        permissions: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Plugin:
        """Start a plugin with its *settings*, as a mapping or by name, and return the instance that runs.

        *plugin* is a class, the path of a file or of a package's folder, or a name, looked for in the folder
        ``plugins``, beside the test, and among those that ship with mudbot.
        *permissions* are those of the configuration: ``{"commands": True, "http": ["api.example"]}``.  Raises what the
        start of the bot would: PluginError, ConfigError, and what the plugin's ``start`` raises.
        """
        __tracebackhide__ = True
        app = await self._begun()
        folders = resolve.plugin_folders(app.config, *app.beside)
        try:
            name = await app.enrol(plugin, plugin_config(permissions, {**(settings or {}), **more}))
        except Exception as exc:
            show_authors_own(exc, [*folders, *sources_of([plugin] if isinstance(plugin, type) else [])])
            raise
        made = self.plugin(name)
        self._kinds[name] = type(made)
        await self.settle()
        return made

    async def reload(self, name: str) -> Plugin:
        """Load a plugin's file again, as ``!plugin reload`` does.  Raises PluginError; then the old one goes on."""
        __tracebackhide__ = True
        app = self._stage()
        try:
            await app.roster.reload(name)
        except Exception as exc:
            show_authors_own(exc, resolve.plugin_folders(app.config, *app.beside))
            raise
        self._kinds[name] = type(self.plugin(name))
        await self.settle()
        return self.plugin(name)

    async def unload(self, name: str) -> None:
        """Stop a plugin.  Raises PluginError where there is none of that name."""
        __tracebackhide__ = True
        await self._stage().roster.unload(name)
        await self.settle()

    # -- time ------------------------------------------------------------------------------------------------------

    @property
    def clock(self) -> LoopClock:
        """The time of everything in the test.  ``now()`` is 1000.0 at first."""
        if self._clock is None:
            raise RuntimeError("the clock begins with the test: use it within `async def test_…(bot)`")
        return self._clock

    async def advance(self, seconds: float | str) -> list[str]:
        """Let time pass: seconds, or as a configuration says it, ``"5m"``.  What waits happens in its order.

        Gives what was said meanwhile.
        """
        __tracebackhide__ = True
        await self._in_game()
        before = len(self.said)
        await self._pass(_seconds(seconds))
        return self.said[before:]

    async def settle(self) -> None:
        """Return when nothing can go further by itself; no time passes."""
        __tracebackhide__ = True
        await self._pass(0.0)

    # -- what came of it -------------------------------------------------------------------------------------------

    @property
    def cost(self) -> float:
        """What the calls of the model would have cost, in USD."""
        return self.ai.cost

    @property
    def log(self) -> list[logging.LogRecord]:
        """What mudbot and its plugins logged, from the level info on."""
        return self._notice.records

    def forget(self) -> None:
        """Begin ``sent``, ``said``, ``story``, ``log``, ``ai.asked``, ``web.asked`` and ``cost`` anew."""
        for mouths in (self, *self._others.values()):
            mouths.sent.clear()
        self.story.clear()
        self._notice.records.clear()
        self.web.asked.clear()
        self.ai.forget()

    def golden(self, name: str, text: str | None = None) -> None:
        """Compare ``story``, or *text*, with the file ``golden/NAME.txt`` beside the test.

        Raises AssertionError with what differs.  ``pytest --mudbot-update-golden`` writes the files.
        """
        __tracebackhide__ = True
        folder = self._test.parent if self._test is not None else Path()
        shown = "\n".join(self.story) if text is None else text
        golden.check(folder / "golden" / f"{name}.txt", shown, update=self.update_golden)

    # -- its life --------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        self._hold()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        __tracebackhide__ = True
        try:
            await self._end()
        finally:
            self._release()
        if error is None:
            self._raise()

    def close(self) -> None:
        """End it where no test did: one that a fixture of the test's own had begun, and that never ran."""
        if self._still is None:
            return
        loop = self._still.loop
        if not loop.is_closed() and not loop.is_running():
            loop.run_until_complete(self._end())
        self._release()

    def _hold(self) -> None:
        if self._still is not None:
            return
        loop = asyncio.get_running_loop()
        self._still = Still(loop, self._on_stuck)
        self._still.hold()
        self._clock = LoopClock(loop, self._beginning())
        self._waiting = asyncio.current_task()
        self._notice.begin()
        random.seed(0)  # whoever throws dice throws the same each time

    def _beginning(self) -> float:
        """Raises ValueError for a time of day that is none."""
        now = self._options.now
        return datetime.fromisoformat(now).timestamp() if now else BEGINNING

    def _release(self) -> None:
        if self._still is not None:
            self._still.release()
            self._still = None
            self._notice.end()
            random.setstate(self._dice)
        if self._place is not None:
            self._place.cleanup()
            self._place = None

    async def _end(self) -> None:
        if self._app is not None:
            app, self._app = self._app, None
            level = logging.getLogger("mudbot").level
            logging.getLogger("mudbot").setLevel(logging.ERROR)  # that it will connect again, and what it cost
            try:
                await app.stop()
            finally:
                logging.getLogger("mudbot").setLevel(level)

    async def _begun(self) -> Stage:
        if self._app is None:
            self._hold()
            self._place = tempfile.TemporaryDirectory(prefix="mudbot-test-", ignore_cleanup_errors=True)
            folder = Path(self._options.plugins).parent if self._options.plugins else self._folder
            others = [each.options for each in self._others.values()]
            config = configured([self._options, *others], folder, Path(self._place.name))
            app = Stage(config, self.clock, self.ai, self.web, sent=self._on_sent)
            own = (Path(self._options.plugins),) if self._options.plugins else ()
            app.on_failure = self._on_failure
            app.beside = (*own, self._test.parent) if self._test is not None else own
            await app.start()
            self._app = app
        return self._app

    async def _in_game(self) -> Stage:
        __tracebackhide__ = True
        app = await self._begun()
        if not app.may_link.is_set():
            app.may_link.set()
            await self.settle()
        return app

    def _stage(self) -> Stage:
        if self._app is None:
            raise RuntimeError("nothing is loaded yet: await bot.load(...) first")
        return self._app

    def _on_sent(self, place: str, data: bytes) -> None:
        if self._app is not None:  # not while it begins, nor after its end
            mouths = self._others.get(place, self)
            mouths.take(data, self._app.host_of(place)[1].voice.encoding)

    # -- failures --------------------------------------------------------------------------------------------------

    async def _pass(self, seconds: float) -> None:
        __tracebackhide__ = True
        self._hold()
        assert self._still is not None
        self._waiting = asyncio.current_task()
        known = len(self.ai.asked)
        await self._still.until(self._still.now + seconds)
        for asked in self.ai.asked[known:]:
            self.story.append(f"{asked.at:8.1f} ? {asked.text.splitlines()[0] if asked.text else ''}")
        self._raise()

    def _note(self, sign: str, text: str, place: str) -> None:
        at = self._still.now - START if self._still is not None else 0.0
        sign = f"{place} {sign}" if self._others else sign
        self.story.append(f"{at:8.1f} {sign} {text}")

    def _on_failure(self, failure: BaseException) -> None:
        if failure not in self.failures:
            self.failures.append(failure)

    def _on_stuck(self) -> None:
        self.hopeless = True
        if self._waiting is not None:
            self._waiting.cancel()

    def _raise(self) -> None:
        __tracebackhide__ = True
        news, self._told = self.failures[self._told :], len(self.failures)
        if self.strict:
            raise_first(news, self._kinds.values())


def _seconds(value: float | str) -> float:
    return units.seconds(value) if isinstance(value, str) else float(value)
