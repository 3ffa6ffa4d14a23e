"""The configuration read again while the bot runs: plugins and triggers change, all else waits for a restart.

It is read and checked whole first.  With any problem nothing changes.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from mudbot import resolve
from mudbot.errors import ConfigError, MudbotError, PluginError
from mudbot.host import loader
from mudbot.host.reload import Program
from mudbot.logs import mask

if TYPE_CHECKING:
    from pydantic import BaseModel

    from mudbot.config import Config
    from mudbot.host.host import Host
    from mudbot.host.plugin import Plugin
    from mudbot.host.reload import Roster

log = logging.getLogger(__name__)

APPLIED = ("plugins", "triggers")
"""What can change while the bot runs."""
IMPORTS = 120.0
"""Seconds for the imports of all plugins."""


class Bot(Protocol):
    """The bot, as far as it is concerned."""

    @property
    def config(self) -> Config:
        """What holds now."""

    @property
    def hosts(self) -> Sequence[Host]: ...
    @property
    def roster(self) -> Roster: ...
    def configure(self, config: Config) -> None:
        """*config* holds from now on."""

    def budget_plugins(self, config: Config) -> bool:
        """What plugins may spend is as *config* says; False where that takes a restart."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What came of it."""

    loaded: tuple[str, ...] = ()
    """Plugins that are new, or changed."""
    unloaded: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    """Keys of the configuration that changed and count after a restart."""

    def __str__(self) -> str:
        parts = [f"{', '.join(names)} {what}" for names, what in ((self.loaded, "loaded"), (self.unloaded, "unloaded"))]
        told = "; ".join(part for part, names in zip(parts, (self.loaded, self.unloaded), strict=True) if names)
        return told or "no plugin has changed"


def program_of(config: Config, load: Callable[[str], type[Plugin]] | None = None) -> Program:
    """What *config* says of plugins; *load* in place of what finds them by it."""
    sessions = {name: frozenset(plugin.permissions.sessions) for name, plugin in config.plugins.items()}
    return Program(sessions, load or partial(resolve.load_plugin, config))


async def refresh(bot: Bot, reread: Callable[[], Config]) -> Refreshed:
    """Do as *reread* says from now on.  Raises MudbotError with all that is wrong; the log has it as well."""
    try:
        outcome = await _refresh(bot, reread)
    except MudbotError as exc:
        log.error("nothing is reloaded:")  # noqa: TRY400
        for line in exc.problems if isinstance(exc, ConfigError) else str(exc).splitlines():
            log.error("  %s", line)  # noqa: TRY400
        raise
    log.info("the configuration was read again: %s", outcome)
    if outcome.restart:
        log.warning("this counts after a restart: %s", ", ".join(outcome.restart))
    return outcome


async def _refresh(bot: Bot, reread: Callable[[], Config]) -> Refreshed:
    written = await asyncio.to_thread(reread)
    mask(written.secrets())
    classes: dict[str, type[Plugin]] = {}
    try:
        async with asyncio.timeout(IMPORTS):
            problems = await loader.apart(partial(resolve.problems_of, written, classes))
    except TimeoutError:
        raise PluginError(f"the plugins' imports did not end within {IMPORTS:.0f} s; see which one waits") from None
    before, after = bot.config, bot.config.with_plugins_of(written)
    changed = _changed(before, after, bot.roster, classes)
    for name in list(classes):
        if problems or name not in changed:
            loader.drop(classes.pop(name))
    if problems:
        raise ConfigError(*problems)
    gone = tuple(name for name in bot.roster.classes if name not in after.plugins)
    restart = [*differences(before, written)]
    if not bot.budget_plugins(after):
        restart.append("plugins.*.permissions.budget")
    _apply(bot, after)
    try:
        await bot.roster.change(list(changed), gone, program_of(after, classes.pop))
    except BaseException:
        _apply(bot, before)
        bot.budget_plugins(before)
        for kind in classes.values():
            loader.drop(kind)
        raise
    bot.roster.program = program_of(after)
    return Refreshed(tuple(changed), gone, tuple(restart))


def _apply(bot: Bot, config: Config) -> None:
    """*config* is what new instances are made by; those that run know nothing of it."""
    bot.configure(config)
    written = resolve.load_triggers(config)
    for host in bot.hosts:
        host.rewrite(written)


def _changed(before: Config, after: Config, roster: Roster, fresh: dict[str, type[Plugin]]) -> list[str]:
    """The plugins of *after* that are not as they run, in their order."""
    kept = [name for name in roster.classes if name in after.plugins]
    moved = kept != [name for name in after.plugins if name in kept]
    carrier = _dumped(before.triggers) != _dumped(after.triggers)
    return [
        name
        for name in fresh
        if moved
        or name not in roster.classes
        or name not in before.plugins
        or before.plugins[name].model_dump() != after.plugins[name].model_dump()
        or (name == resolve.CARRIER and carrier)
        or loader.has_changed(roster.classes[name])
        or loader.source_of(fresh[name]) != loader.source_of(roster.classes[name])
    ]


def _dumped(models: Sequence[BaseModel]) -> list[dict[str, Any]]:
    return [model.model_dump() for model in models]


def differences(before: Config, after: Config) -> Iterator[str]:
    """The keys that are not the same, ``web.port`` for example; never their values, which may be secrets."""
    for name in type(before).model_fields:
        if name not in APPLIED:
            old, new = ({name: getattr(each, name)} for each in (before, after))
            yield from _differences(_plain(old), _plain(new))


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        return {name: _plain(getattr(value, name)) for name in type(value).model_fields}
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def _differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        old, new = dict(enumerate(old)), dict(enumerate(new))
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            yield from _differences(old.get(key), new.get(key), f"{path}.{key}" if path else str(key))
    elif old != new:
        yield path
