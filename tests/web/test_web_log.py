"""The page of the log: filtered, page by page, and nothing in it is obeyed by a browser."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest

from tests.web.web_fakes import Client, FakeBot
from tests.web.web_html import speaking

EVIL = "<script>alert(1)</script>\"'><img src=x>"


async def log(bot: FakeBot, text: str, level: int = 20, **more: Any) -> None:
    await bot.store.write("logged", **{"level": level, "logger": "mudbot.app", "session": "", "text": text} | more)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_entries_are_shown_the_newest_first(bot: FakeBot, owner: Client, language: str) -> None:
    await log(bot, "first\n    Traceback")
    await log(bot, "second", 40)
    text = await owner.get("/dashboard/log", **speaking(language))
    assert text.index("second") < text.index("first<br>    Traceback")


async def test_the_filter_is_kept_in_the_form_and_in_the_links(bot: FakeBot, owner: Client) -> None:
    for number in range(150):
        await log(bot, f"entry {number}", 40)
    await log(bot, "something else", 20)
    text = await owner.get("/dashboard/log?level=warning&q=entry")
    assert "something else" not in text
    assert '<option value="warning" selected>' in text
    assert 'value="entry"' in text
    link = "/dashboard/log?level=warning&amp;q=entry&amp;before=51"
    assert link in text
    older = await owner.get(link.replace("&amp;", "&"))
    assert "entry 49<" in older
    assert "entry 50<" not in older


async def test_entries_and_what_is_looked_for_are_only_text(bot: FakeBot, owner: Client) -> None:
    await log(bot, EVIL, logger=EVIL, session=EVIL)
    for path in ("/dashboard/log", f"/dashboard/log?{urlencode({'q': EVIL, 'logger': EVIL, 'level': EVIL})}"):
        text = await owner.get(path)
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert "&lt;script&gt;" in text


async def test_only_the_owner_sees_it(guest: Client) -> None:
    await guest.get("/dashboard/log", status=302)
