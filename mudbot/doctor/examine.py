"""All checks together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import get_args

from mudbot import logs
from mudbot.config import Config
from mudbot.doctor import bot, files, reach, settings
from mudbot.doctor.finding import Check, Finding, error


async def examine(path: Path, overrides: Sequence[str] = ()) -> list[Finding]:
    """What there is to say of the configuration at *path* and of all that it needs, check by check.

    It changes nothing, sends no login and costs nothing.  No secret is in what it says.
    """
    config, found = await asyncio.to_thread(settings.read, path, overrides)
    if config.source is None or not await asyncio.to_thread(path.is_file):
        return found  # what is said of defaults is said of nothing
    found += settings.keys(config)
    (about, playing), *others = await asyncio.gather(
        asyncio.to_thread(bot.running, config),
        asyncio.to_thread(_looked, "disk", files.disk, config),
        asyncio.to_thread(_looked, "permissions", files.permissions, config),
        asyncio.to_thread(_looked, "model", files.model, config),
    )
    reached = await asyncio.gather(reach.muds(config, playing), reach.apis(config), reach.clock(config))
    for each in (about, *others, *reached):
        found += each
    logs.mask(config.secrets())
    order = get_args(Check)
    found.sort(key=lambda each: order.index(each.check))
    return [Finding(each.check, each.state, logs.masked(each.what), logs.masked(each.remedy)) for each in found]


def _looked(check: Check, look: Callable[[Config], Iterator[Finding]], config: Config) -> list[Finding]:
    """What *look* finds; that something may not even be looked at is a finding as well."""
    found: list[Finding] = []
    try:
        for each in look(config):
            found.append(each)  # noqa: PERF402 - what was found before the error stays
    except OSError as exc:
        what = f"{exc.filename or 'something'} cannot be looked at: {exc.strerror or exc}"
        found.append(error(check, what, "run this as the user that runs the bot"))
    return found
