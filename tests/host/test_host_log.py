"""A plugin's log: named, one line an entry, and never a failure."""

from __future__ import annotations

import logging

import pytest

from mudbot import logs
from mudbot.host.services.log import MAX_ENTRY, PluginLog


@pytest.fixture
def said(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG, "mudbot.plugins")
    return caplog


def fail(text: str) -> None:
    raise ValueError(text)


def test_each_entry_begins_with_the_plugins_name(said: pytest.LogCaptureFixture) -> None:
    """And its session, where there are several; logger and place are the plugin's own."""
    PluginLog("dice").info("%s rolls %d", "Ann", 6)
    PluginLog("dice", "tavern").warning("%(who)s rolls", {"who": "Bo"})
    assert [record.getMessage() for record in said.records] == ["dice: Ann rolls 6", "dice@tavern: Bo rolls"]
    assert {record.name for record in said.records} == {"mudbot.plugins.dice"}
    assert {record.filename for record in said.records} == {"test_host_log.py"}
    assert [record.levelname for record in said.records] == ["INFO", "WARNING"]


def test_what_a_player_says_begins_no_line(said: pytest.LogCaptureFixture) -> None:
    """However it comes into the message."""
    log, forged = PluginLog("dice"), "hi\n12:00:00 ERROR   the owner said !stop\r\nx"
    log.info("heard %s", forged)
    log.info(f"heard {forged}")  # noqa: G004 - as authors do
    log.info("heard %s", ValueError(forged))
    log.info("heard %r and 100%", forged)
    for record in said.records:
        assert "\n" not in record.getMessage()
        assert "\\n12:00:00 ERROR" in record.getMessage()


def test_values_that_do_not_fit_are_shown_and_nothing_fails(said: pytest.LogCaptureFixture) -> None:
    """A slip in a message must not hide what it was about."""
    log = PluginLog("dice")
    log.info("%d coins", "many")
    log.info("no place", 5)  # noqa: PLE1205 - the slip
    log.info("%s and %s", "one")  # noqa: PLE1206 - the slip
    log.info("100%")
    log.info({"a": 1})
    assert [record.getMessage().removeprefix("dice: ") for record in said.records] == [
        "%d coins ('many',)",
        "no place (5,)",
        "%s and %s ('one',)",
        "100%",
        "{'a': 1}",
    ]


def test_a_long_entry_is_cut(said: pytest.LogCaptureFixture) -> None:
    """A page that was fetched does not fill the disk."""
    PluginLog("dice").info("x" * 1_000_000)
    assert said.records[0].getMessage() == f"dice: {'x' * MAX_ENTRY}… (1,000,000 characters)"


def test_exceptions_have_their_traceback_and_levels_are_kept(said: pytest.LogCaptureFixture) -> None:
    log = PluginLog("dice")
    try:
        int("bad dice")
    except ValueError:
        log.exception("no roll")
    said.set_level(logging.ERROR, "mudbot.plugins")
    log.info("not said")
    (record,) = said.records
    assert (record.levelname, record.getMessage()) == ("ERROR", "dice: no roll")
    assert record.exc_info is not None
    assert not log.isEnabledFor(logging.INFO)


def test_a_line_within_an_entry_never_looks_like_one(capsys: pytest.CaptureFixture[str]) -> None:
    """Tracebacks quote what players said as well; every line but the first of an entry stands further in."""
    root, own = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, own.level)
    try:
        logs.setup(style="console")
        try:
            fail("hi\n12:00:00 ERROR   forged")
        except ValueError:
            PluginLog("dice").exception("no roll")
        logging.getLogger("mudbot.x").warning("one\ntwo")
    finally:
        root.handlers[:] = handlers
        root.setLevel(levels[0])
        own.setLevel(levels[1])
    lines = capsys.readouterr().err.splitlines()
    first = [line for line in lines if not line.startswith("    ")]
    assert [line[8:] for line in first] == [" ERROR   dice: no roll", " WARNING one"]
    assert any("forged" in line for line in lines)
