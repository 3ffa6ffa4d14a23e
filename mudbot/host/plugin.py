"""What a plugin author writes against: the Plugin class.

Everything that can be wrong with a declaration is found when the class is made, with the class and method named.
"""

from __future__ import annotations

import asyncio
import dataclasses
import inspect
import logging
import sys
import types
import typing
from collections.abc import Callable, Coroutine, Hashable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from mudbot.errors import PluginError
from mudbot.host.marks import CommandMark, Mark, marks_of
from mudbot.host.services.rests import Rests

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.events import Speech
    from mudbot.host.services.ai import Ai
    from mudbot.host.services.bot import Bot, Notes
    from mudbot.host.services.http import Http
    from mudbot.host.services.mud import Mud
    from mudbot.host.services.store import PluginStore
    from mudbot.host.services.words import Words

T = TypeVar("T")

_CALLED: dict[str, tuple[None, ...]] = {"start": (), "stop": (), "handover": (None,)}
"""Methods that the host calls by name, and waits for; with as many arguments."""


class Plugin:
    """Subclass this once a file.  One instance runs for each session; the host sets the attributes before ``start``."""

    name: str = ""
    config: Any = None
    """The plugin's settings: annotate it with a dataclass or pydantic model and they are checked when it loads."""
    language: str = "en"
    """Language of the texts that are said in game: ``en`` or ``zh``."""
    mud: Mud
    ai: Ai
    notes: Notes
    bot: Bot
    store: PluginStore
    http: Http
    t: Words
    log: logging.Logger | logging.LoggerAdapter[logging.Logger]
    clock: Clock
    concurrency: ClassVar[int] = 1
    """How many events it works on at the same time."""
    texts: ClassVar[Mapping[str, Mapping[str, str]] | str] = {}
    """What ``self.t`` says, by language and name: as YAML, ``texts = "en: {hi: Hello}"``, or a mapping (ruff wants that
    as ``texts: ClassVar = {...}``); else it stands in NAME.texts.yaml beside it."""
    handlers: ClassVar[tuple[tuple[Mark, str], ...]] = ()
    """Every mark and the name of its method, in the order in which they stand in the class, a base class's first."""
    spawner: Callable[[Coroutine[Any, Any, Any]], asyncio.Task[Any]] | None = None
    """What ``spawn`` does: the host's."""
    elsewhere: Callable[[], Mapping[str, Any]] = dict
    """What ``peers`` is: the host's."""

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        _check_class(cls)
        names = dict.fromkeys(name for base in reversed(cls.__mro__) for name in vars(base))
        cls.handlers = tuple((mark, name) for name in names for mark in marks_of(cls, name))
        for mark, name in cls.handlers:
            mark.check(cls, name)
        _check_names(cls)

    def __repr__(self) -> str:
        return f"<plugin {self.name}>"

    @classmethod
    def config_type(cls) -> type | None:
        """The class of its settings, or None if it has none.  Raises PluginError for one that is unknown or none."""
        for base in cls.__mro__[: cls.__mro__.index(Plugin)]:
            if "config" in inspect.get_annotations(base):
                kind: Any = _config_of(base, cls.__name__)
                if kind is Any:
                    return None
                if not dataclasses.is_dataclass(kind) and not hasattr(kind, "model_fields"):
                    raise PluginError(f"{cls.__name__}.config: put @dataclass above the class {kind.__name__}")
                found: type = kind
                return found
            if isinstance(value := vars(base).get("config"), type):
                raise PluginError(f"{cls.__name__}.config = {value.__name__}: write config: {value.__name__}")
        return None

    @classmethod
    def states(cls, config: Any) -> str:  # noqa: ARG003  # for those that have something to say
        """What ``mudbot check`` says of *config*, in one line: what an owner must not have to guess; or ``""``."""
        return ""

    def allowance(self, speech: Speech) -> tuple[int, float] | None:  # noqa: ARG002  # for those that count
        """How often whoever said *speech* may still have what this plugin does, and within how many seconds.

        ``!quota`` says it.  None, unless overridden: it does not count.
        """
        return None

    @property
    def peers(self) -> Mapping[str, Self]:
        """This plugin in the bot's other sessions, where it is at work, by the session's name.

        They run in the same loop: ``await self.peers["town"].mud.say("...")`` speaks there.
        """
        return self.elsewhere()

    async def start(self) -> None:
        """Called once before the first event; ``self.config`` is ready."""

    async def stop(self) -> None:
        """Called once after the last event."""

    async def handover(self, old: Any) -> None:
        """Called once where this plugin takes the place of *old*, an instance of its former code: take what it knows.

        That is between ``start`` and the first event; *old* has worked off what it heard, and is stopped afterwards.
        Its class may lack what this one has: ``self.seen = getattr(old, "seen", {})``.  Where this raises, *old* goes
        on in every session, and nothing is reloaded.
        """

    def ready(self, key: Hashable, seconds: float) -> bool:
        """True at most once in so many *seconds* for *key*: ``if self.ready(("flee", enemy), 10): ...``.

        Where it is True, the time runs from now on.  A reload keeps it, a restart does not: ``self.store.ready`` does.
        Of 10,000 keys that wait, the one that was longest ago is forgotten.  Raises PluginError for seconds that are
        none.
        """
        return self.rests.ready(key, seconds, self.clock.now())

    @property
    def rests(self) -> Rests:
        """What ``ready`` remembers."""
        found: Rests = vars(self).setdefault("_mudbot_rests", Rests())
        return found

    def spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run *work*, ``self.count()`` for example, beside all else: the host cancels it when the plugin stops.

        What it raises is a failure of the plugin's.  Raises PluginError for what is no coroutine, where the plugin is
        not at work yet, or for more tasks than a plugin may have at once.
        """
        if not asyncio.iscoroutine(work):
            raise PluginError(
                f"{type(self).__name__}: spawn wants a coroutine: self.spawn(self.work()), with parentheses"
            )
        if self.spawner is None:
            work.close()
            raise PluginError(f"{type(self).__name__}: spawn works from start on, not before")
        return self.spawner(work)


_HOSTS = frozenset(Plugin.__annotations__) - {"texts", "concurrency"}
"""What the host sets: a method of that name would be gone."""


def _config_of(base: type, name: str) -> Any:
    """What *base* says that the settings of the plugin *name* are."""
    shim = types.SimpleNamespace(__annotations__={"config": inspect.get_annotations(base)["config"]})
    module = sys.modules.get(base.__module__)
    try:
        kind = typing.get_type_hints(shim, vars(module) if module else {}, vars(base))["config"]
    except NameError as exc:
        raise PluginError(f"{name}: an annotation names something unknown: {exc}") from exc
    except Exception as exc:
        raise PluginError(f"{name}.config: its annotation cannot be read: {exc}") from exc
    if not isinstance(kind, type):
        raise PluginError(f"{name}.config: annotate it with a dataclass or a pydantic model, not with {kind}")
    return kind


def _check_class(cls: type[Plugin]) -> None:
    """Raise PluginError for what the host could not work with."""
    place = cls.__name__
    for name, value in vars(cls).items():
        if name == "spawn" or (name in _HOSTS and (inspect.isfunction(value) or isinstance(value, property))):
            raise PluginError(f"{place}.{name}: self.{name} is what the host gives a plugin: call the method otherwise")
        if hasattr(Plugin, name) and marks_of(cls, name):
            raise PluginError(f"{place}.{name}: every plugin has a {name} of its own: call the method otherwise")
    for name, arguments in _CALLED.items():
        if not inspect.iscoroutinefunction(getattr(cls, name)):
            raise PluginError(f"{place}.{name} must be 'async def'")
        _check_called(getattr(cls, name), f"{place}.{name}", *arguments)
    if "__init__" in vars(cls):
        _check_called(cls.__init__, f"{place}.__init__")
    if isinstance(cls.concurrency, bool) or not isinstance(cls.concurrency, int) or cls.concurrency < 1:
        raise PluginError(
            f"{place}.concurrency is how many events it works on at once: 1 or more, not {cls.concurrency!r}"
        )


def _check_called(func: Callable[..., Any], place: str, *arguments: None) -> None:
    """Raise PluginError where *func* cannot be called with self and so many *arguments*."""
    try:
        inspect.signature(func).bind(None, *arguments)
    except TypeError as exc:
        given = "self and the plugin before it" if arguments else "nothing but self"
        raise PluginError(f"{place} is called with {given}: {exc}") from None


def _check_names(cls: type[Plugin]) -> None:
    taken: dict[str, str] = {}
    for mark, method in cls.handlers:
        if isinstance(mark, CommandMark):
            place = f"{cls.__name__}.{method}"
            for name in mark.names:
                if taken.setdefault(name, place) != place:
                    raise PluginError(f"{place}: the command {name!r} is {taken[name]}'s already")
