"""What a plugin keeps (``self.store``): values by key, and tables.  It is there again after a reload and a restart."""

from __future__ import annotations

import asyncio
import inspect
import json
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar, overload

from mudbot.errors import StoreError
from mudbot.host.services.plain import encode

if TYPE_CHECKING:
    from mudbot.clock import Clock
    from mudbot.host.services.table import Table
    from mudbot.store.kept import Owner
    from mudbot.store.store import Store

T = TypeVar("T")
D = TypeVar("D")

MAX_KEY = 200
"""Characters of a key."""


class PluginStore:
    """Values by key, which are text, numbers, booleans, None, and lists and dicts of them (JSON).

    Each plugin has its own, and in each session another one; ``shared`` is the same in all sessions.  What is kept is
    there after a reload and a restart.  At most 1,000,000 bytes a value, 100,000 keys and rows and 256 MiB a plugin;
    a key has 200 characters at most.

    Every method raises StoreError: where the database cannot be reached (it is tried anew at the next call), and where
    the value is none that can be kept.
    """

    def __init__(self, store: Store, clock: Clock, plugin: str, session: str = "") -> None:
        self._store, self._clock = store, clock
        self._plugin, self._session = plugin, session
        self._shared: PluginStore | None = None

    def __repr__(self) -> str:
        return f"<store of {self._plugin}{f' in {self._session}' if self._session else ''}>"

    @property
    def shared(self) -> PluginStore:
        """What the plugin keeps for all sessions together."""
        if not self._session:
            return self
        if self._shared is None:
            self._shared = PluginStore(self._store, self._clock, self._plugin)
        return self._shared

    # -- one key ---------------------------------------------------------------------------------------------------

    @overload
    async def get(self, key: str) -> Any: ...
    @overload
    async def get(self, key: str, default: D) -> Any | D: ...
    async def get(self, key: str, default: Any = None) -> Any:
        """The value under *key*, or *default* where there is none."""
        from mudbot.store import kept

        owner, key = self._owner(), _key(key)
        text = await self._store.read(lambda connection: kept.value(connection, owner, key))
        return default if text is None else json.loads(text)

    async def set(self, key: str, value: Any) -> None:
        """Keep *value* under *key*, in place of what was there.  It is on the disk when this returns."""
        key, text = _key(key), encode(value, f"key {key!r}")
        async with self._lock():
            await self._put(key, text)

    async def delete(self, key: str) -> bool:
        """Keep nothing under *key*; whether there was something."""
        from mudbot.store import kept

        owner, key = self._owner(), _key(key)
        async with self._lock():
            return await self._store.change(lambda connection: kept.remove(connection, owner, key))

    async def update(self, key: str, change: Callable[[Any], Any], default: Any = None) -> Any:
        """Put what *change* makes of the value under *key* (of *default* where there is none) in its place; return it.

        Nobody else changes the value meanwhile: two updates at the same time are both counted.  *change* is a plain
        function, called once.  It returns the new value, or changes the list or dict that it is given and returns None.
        What it raises comes through, and the value stays.
        """
        key = _key(key)
        async with self._lock():
            missing = object()
            value = await self.get(key, missing)
            if value is missing:
                value = json.loads(encode(default, f"the default of key {key!r}"))  # a copy, to be changed
            made = change(value)
            if inspect.isawaitable(made):
                if inspect.iscoroutine(made):
                    made.close()
                raise StoreError(f"key {key!r}: update() wants a plain function, not 'async def': get things before it")
            value = value if made is None else made
            await self._put(key, encode(value, f"key {key!r}"))
        return value

    @overload
    async def add(self, key: str, number: int = 1) -> int: ...
    @overload
    async def add(self, key: str, number: float) -> float: ...
    async def add(self, key: str, number: float = 1) -> float:
        """Add *number* to the one under *key*, 0 where there is none; the sum.  Two at the same time both count."""
        from mudbot.store import kept

        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise StoreError(f"key {key!r}: only a number can be added, not {number!r}")
        owner, key, at = self._owner(), _key(key), self._clock.wall()
        async with self._lock():
            return await self._store.change(lambda connection: kept.add(connection, owner, key, number, at))

    async def ready(self, key: str, seconds: float) -> bool:
        """True at most once in so many *seconds* for *key*, over reloads and restarts: ``self.ready`` that is kept.

        What stands under *key* is the time when it was True last, in seconds since 1970; use the key for nothing else.
        Of two at the same time one is True.  Where the clock was put back, it is True again no later than *seconds*
        from then.
        """
        if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
            raise StoreError(f"key {key!r}: ready() wants seconds above 0, not {seconds!r}")
        key, now = _key(key), self._clock.wall()
        async with self._lock():
            last = await self.get(key, -math.inf)
            if isinstance(last, bool) or not isinstance(last, int | float):
                raise StoreError(f"key {key!r} holds something else than a time: choose another key for ready()")
            if 0 <= now - last < seconds:
                return False
            await self._put(key, encode(now, f"key {key!r}"))
        return True

    # -- all of them -----------------------------------------------------------------------------------------------

    async def keys(self, prefix: str = "") -> list[str]:
        """Every key that begins with *prefix*, in the order of their characters."""
        from mudbot.store import kept

        owner, prefix = self._owner(), _prefix(prefix)
        return await self._store.read(lambda connection: kept.keys(connection, owner, prefix))

    async def items(self, prefix: str = "") -> dict[str, Any]:
        """Every key that begins with *prefix* and its value, in the order of the keys."""
        from mudbot.store import kept

        owner, prefix = self._owner(), _prefix(prefix)

        def read(connection: Any) -> dict[str, Any]:  # in the store's thread: many of them take a while
            return {key: json.loads(text) for key, text in kept.values(connection, owner, prefix)}

        return await self._store.read(read)

    async def clear(self, prefix: str = "") -> int:
        """Delete every key that begins with *prefix*; how many there were.  Tables stay."""
        from mudbot.store import kept

        owner, prefix = self._owner(), _prefix(prefix)
        async with self._lock():
            return await self._store.change(lambda connection: kept.remove_all(connection, owner, prefix))

    def table(self, name: str, kind: type[T]) -> Table[T]:
        """The table *name*, whose rows are instances of the dataclass *kind*.

        Raises PluginError where *kind* cannot be kept: call it in ``start``, where that is found when the plugin loads.
        """
        from mudbot.host.services.table import Table

        return Table(self._store, self._clock, self._owner(), name, kind)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _owner(self) -> Owner:
        from mudbot.store.kept import Owner

        return Owner(self._plugin, self._session)

    def _lock(self) -> asyncio.Lock:
        # At the store, because instances of a plugin share it: that before a reload and that behind it, for example.
        return self._store.locks.setdefault(("kept", self._plugin, self._session), asyncio.Lock())

    async def _put(self, key: str, text: str) -> None:
        from mudbot.store import kept

        owner, at = self._owner(), self._clock.wall()
        await self._store.change(lambda connection: kept.put(connection, owner, key, text, at))


def _key(key: str) -> str:
    if not isinstance(key, str):
        raise StoreError(f"a key is text, not {key!r}: write str(...)")
    if not 0 < len(key) <= MAX_KEY:
        raise StoreError(f"a key has 1 to {MAX_KEY} characters, not {len(key)}: {key[:40]!r}")
    return _prefix(key)


def _prefix(key: str) -> str:
    # Half a character, as broken text of a MUD may hold, cannot be a key of a database.
    return key.encode("utf-8", "backslashreplace").decode("utf-8")
