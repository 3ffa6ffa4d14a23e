"""A bot that runs keeps its pictures within the bounds of its configuration."""

from __future__ import annotations

import asyncio
from pathlib import Path

from mudbot.app import App
from mudbot.config import load
from mudbot.store import gallery
from mudbot.store.gallery import Which


async def test_what_is_too_old_is_deleted_at_the_start(tmp_path: Path) -> None:
    """By pictures.retention; what is pinned stays."""
    overrides = [
        *("sessions=[{host: tavern, login: {name: Chen, password: aaaa}}]", "plugins={}", "web.port=0"),
        *("api.base_url=http://127.0.0.1:9/v1", "pictures.retention=2d", f"store={tmp_path / 'data'}"),
    ]
    app = App(load(None, overrides=overrides, environ={}))
    now = app.clock.wall()
    row = {"session": "s", "speaker": "", "prompt": "", "caption": "", "file": "x.png", "type": "image/png", "size": 1}
    for name, days in (("pinned", 9), ("old", 3), ("young", 1), ("new", 0)):
        await app.store.write("pictures", id=name, at=now - days * 86_400, pinned=name == "pinned", **row)
    await app.start()
    try:
        async with asyncio.timeout(15):
            while len(found := await app.store.browse(lambda it: gallery.every(it, Which()))) > 3:  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert [each.id for each in found] == ["pinned", "young", "new"]
        assert await app.store.browse(lambda it: gallery.is_gone(it, "old"))
    finally:
        await app.stop()
