"""What keeps the plugins of a running bot: who is there, what they must not do, how they change, whom to tell."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from mudbot import resolve
from mudbot.errors import MudbotError, PluginError
from mudbot.host.chores import Walls
from mudbot.host.frames import Files
from mudbot.host.reload import Roster
from mudbot.host.services.bot import tell_all
from mudbot.host.watch import watch
from mudbot.host.watchdog import Watchdog
from mudbot.refresh import Bot, Refreshed, program_of, refresh

if TYPE_CHECKING:
    from mudbot.config import Config
    from mudbot.host.host import Host
    from mudbot.host.plugin import Plugin
    from mudbot.host.running import Running
    from mudbot.mud.session import Session

log = logging.getLogger(__name__)

PAUSED = {
    "en": "My plugin {name} is paused: {why}. Tell me {prefix}plugin resume {name} when it is mended.",
    "zh": "我的插件 {name} 已暂停（{why}）。修好之后，请对我说：{prefix}插件 恢复 {name}",
}
WHY = {
    "en": {"failures": "it failed five times in a row", "blocked": "it held everything up"},
    "zh": {"failures": "连续出错五次", "blocked": "卡住了整个程序"},
}


class Upkeep:
    """The plugins of one bot, from ``begin`` to ``end``.  *reread* reads the configuration again, if there is one."""

    def __init__(
        self, config: Config, classes: dict[str, type[Plugin]], reread: Callable[[], Config] | None = None
    ) -> None:  # fmt: skip
        self._reread = reread
        self._folders = resolve.plugin_folders(config)
        self.files = files = Files()
        """Which files are whose, of the plugins at work."""
        self._walls = Walls(files)
        self.roster = Roster(program_of(config), files, self._walls)
        self.roster.adopt(classes)
        self._watchdog = Watchdog(files, self.roster.blocked)
        self._begun = False
        self._refreshing = asyncio.Lock()

    def __repr__(self) -> str:
        return f"<Upkeep {self.roster!r} {self._watchdog!r}>"

    def begin(self) -> None:
        """Watch for plugins that hold the running loop, and stand around their tasks."""
        self._begun = True
        self._walls.raise_up(asyncio.get_running_loop())
        self._watchdog.start()

    def end(self) -> None:
        """Do that no more."""
        if self._begun:
            self._begun = False
            self._watchdog.stop()
            self._walls.take_down(asyncio.get_running_loop())

    async def refresh(self, bot: Bot) -> Refreshed:
        """Read the configuration of *bot* again.  Raises MudbotError with all that is wrong, which is in the log."""
        if self._reread is None:
            raise PluginError("there is no configuration file to read again")
        async with self._refreshing:  # what differs is found out first, and must not change meanwhile
            return await refresh(bot, self._reread)

    async def refreshing(self, bot: Bot) -> None:
        """The same for whoever is not told what came of it."""
        try:
            await self.refresh(bot)
        except MudbotError as exc:
            log.debug("not refreshed: %s", exc)
        except Exception:
            log.exception("nothing is reloaded")

    async def watch(self) -> None:
        """Reload plugins when their files are saved, for ever."""
        await watch(self.roster, self._folders)


def tell_owners(session: Session, host: Host, language: str, running: Running) -> None:
    """Tell the owners in the game that a plugin is paused, where they can be told and it is not their own doing."""
    if (why := WHY[language].get(running.cause)) is not None:
        tell_all(session, host.owners, PAUSED[language].format(name=running.plugin.name, why=why, prefix=host.prefix))
