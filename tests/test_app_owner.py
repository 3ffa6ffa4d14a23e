"""What owners look at in a whole bot: a character that is tried as in the game, and the log in the store."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from mudbot.config import load
from mudbot.errors import PluginError
from mudbot.events import Speech
from mudbot.journal import Journal
from mudbot.store import logbook
from mudbot.testing import Bot
from mudbot.testing.stage import Stage
from mudbot.web.personas import PAYER, attempt

TOKEN = "opens-all-doors-7"


def trying(bot: Bot) -> Stage:
    return bot._stage()


async def test_a_character_is_tried_with_the_prompt_of_the_game(bot: Bot) -> None:
    """Word for word what the model was shown when somebody said the same in the game; and nothing is said there."""
    bot.ai.will_say("Good day.", "Good evening.")
    await bot.load("dialogue")
    await bot.say("Chen, what is on tap?", who="Ann")
    await bot.advance(30)
    in_game = next(asked for asked in bot.ai.asked if asked.kind in ("chat", "complete"))
    app = trying(bot)
    await app.store.change(lambda c: c.exec_driver_sql("DELETE FROM turns"))
    bot.forget()
    tried = await attempt(app, "test", "", Speech("say", "Ann", "Chen, what is on tap?", at=app.clock.now()))
    assert [part.text for part in tried.parts] == ["Good evening."]
    asked = next(asked for asked in bot.ai.asked if asked.kind in ("chat", "complete"))
    assert asked.text == in_game.text
    assert "Ann: Chen, what is on tap?" in tried.prompt
    await bot.advance(30)
    assert bot.sent == []
    assert await app.store.read(lambda c: c.exec_driver_sql("SELECT count(*) FROM turns").scalar()) == 0


async def test_another_character_can_be_tried_than_the_one_that_plays(bot: Bot) -> None:
    """Of those that ship as well; one that there is not is named."""
    bot.ai.will_say("客官里边请！")
    await bot.load("dialogue")
    await bot.advance(1)
    app = trying(bot)
    assert {"innkeeper", "innkeeper-zh"} <= set(app.personas())
    tried = await attempt(app, "test", "innkeeper-zh", Speech("say", "Ann", "掌柜的，来壶酒", at=app.clock.now()))
    assert tried.name != app.characters[0].persona.name
    assert [part.text for part in tried.parts] == ["客官里边请！"]
    assert tried.name in tried.prompt
    with pytest.raises(PluginError, match="nobody-knows"):
        await attempt(app, "test", "nobody-knows", Speech("say", "Ann", "hello"))


async def test_who_is_tried_warns_and_mutes_nobody(bot: Bot) -> None:
    """The reviewers are those of the game, but whoever has the tried name there said nothing."""
    bot.ai.will_flag("awful")
    await bot.load("dialogue")
    await bot.load("moderation", player={"harassment": "mute"})
    await bot.advance(5)
    app = trying(bot)
    bot.forget()
    tried = await attempt(app, "test", "", Speech("say", "Ann", "you awful thing", at=app.clock.now()))
    await bot.advance(30)
    assert tried.why
    assert not [asked for asked in bot.ai.asked if asked.kind in ("chat", "complete")]
    assert bot.sent == []
    assert not app.hosts[0].mutes.names()


async def test_who_tries_is_no_player_in_the_books(bot: Bot) -> None:
    bot.ai.will_say("Good day.")
    await bot.load("dialogue")
    await bot.advance(1)
    app = trying(bot)
    await attempt(app, "test", "", Speech("say", "Ann", "hello", at=app.clock.now()))
    asked = next(asked for asked in bot.ai.asked if asked.kind in ("chat", "complete"))
    assert (asked.caller.player, asked.caller.plugin) == (PAYER, "dialogue")


@pytest.mark.parametrize("token", [TOKEN, None])
async def test_the_log_is_kept_where_there_is_a_token(tmp_path: Path, token: str | None) -> None:
    """Nobody else could look at it; and a secret of the configuration is not in it."""
    from mudbot.app import App

    path = tmp_path / "config.yaml"
    lines = ["sessions: [{host: 127.0.0.1, port: 9, login: {name: Tang, password: hunter2-of-the-mud}}]"]
    lines += [f"store: {tmp_path / 'data'}", "api: {base_url: 'http://127.0.0.1:9/v1'}"]
    lines += [f"web: {{port: 0{f', token: {token}' if token else ''}}}"]
    path.write_text("\n".join(lines), encoding="utf-8")
    app = App(load(path))
    await app.start()
    handlers = [each for each in logging.getLogger().handlers if isinstance(each, Journal)]
    try:
        logging.getLogger("mudbot.test_app_owner").warning("a word about hunter2-of-the-mud")
    finally:
        await app.stop()
    assert len(handlers) == (1 if token else 0)
    assert not [each for each in logging.getLogger().handlers if isinstance(each, Journal)]
    from mudbot.clock import SystemClock
    from mudbot.store.store import Store

    store = Store(tmp_path / "data", SystemClock())
    found = await store.browse(lambda c: logbook.page(c, logbook.Filter(words="a word about")))
    await store.close()
    assert [row.text for row in found.rows] == (["a word about ********"] if token else [])
