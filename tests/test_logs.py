"""Logs: nothing in them drives a terminal, tells a secret, or breaks a line of JSON."""

from __future__ import annotations

import base64
import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import quote

import pytest

from mudbot import logs

SECRET = 'sk-Pa55"word\\+ü&'
log = logging.getLogger("mudbot.test")


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    """The logging of the test run itself comes back afterwards."""
    root, own = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, own.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


Read = Callable[[], str]


@pytest.fixture
def err(capsys: pytest.CaptureFixture[str]) -> Read:
    """What was written to standard error since the last look."""
    return lambda: capsys.readouterr().err


def raised(exc: Exception, cause: Exception | None = None) -> Exception:
    """*exc* as it is caught: with its traceback."""
    try:
        raise exc from cause  # noqa: TRY301 - a traceback is made by raising
    except Exception as caught:  # noqa: BLE001 - whatever the test gave
        return caught


STYLES = ["auto", "console", "json"]


def test_every_control_character_is_visible() -> None:
    """All of C0, DEL and C1 but newline and tab, and all that turns the direction of a line."""
    for code in range(0x110000):
        char = chr(code)
        shown = logs.visible(char)
        if char in "\n\t":
            assert shown == char
        elif unicodedata.category(char) == "Cc" or unicodedata.bidirectional(char) in {
            *("LRE", "RLE", "PDF", "LRO", "RLO"),
            *("LRI", "RLI", "FSI", "PDI"),
        }:
            assert shown == (f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}")
        elif unicodedata.category(char)[0] in "LNPS":
            assert shown == char
    assert logs.visible("\u061c\u200b\u200e\u200f\u2028\u2029\ufeff") == (
        "\\u061c\\u200b\\u200e\\u200f\\u2028\\u2029\\ufeff"
    )


@pytest.mark.parametrize("style", STYLES)
def test_what_a_mud_says_does_not_drive_the_terminal(err: Read, style: str) -> None:
    """In messages, arguments and tracebacks."""
    logs.setup(style=style)
    evil = "\x1b]0;owned\x07\x1b[2J\r\x08\x9b31m\u202e"
    log.error("heard %s %s", evil, "老陈", exc_info=raised(ValueError(evil)))
    out = err()
    assert not [char for char in out if unicodedata.category(char) in ("Cc", "Cf") and char not in "\n\t"]
    assert "\\x1b[2J" in out.replace("\\\\", "\\")
    assert "老陈" in out


@pytest.mark.parametrize("style", STYLES)
def test_secrets_are_masked_wherever_they_stand(err: Read, style: str) -> None:
    """In the message, an argument, a traceback, a cause, and in the forms in which messages hold them."""
    logs.setup(style=style, level="debug", secrets=[SECRET, "hunter2"])
    raw = SECRET.encode()
    forms = [SECRET, repr(SECRET)[1:-1], repr(raw)[2:-1], json.dumps(SECRET)[1:-1], quote(SECRET, safe=""), raw.hex()]
    forms += [base64.b64encode(raw).decode(), json.dumps(SECRET, ensure_ascii=False)[1:-1]]
    log.debug(f"key {SECRET}")  # noqa: G004 - a message made beforehand is a sink, too
    for form in forms:
        log.info("one %s, two %r, three %s", form, form, [form])
    log.info("header %(Authorization)s", {"Authorization": f"Bearer {SECRET}"})
    log.error("failed", exc_info=raised(ValueError({"password": "hunter2"}), raised(KeyError(SECRET))))
    out = err()
    assert "********" in out
    for form in (*forms, "hunter2"):
        assert form not in out
        assert json.dumps(form)[1:-1] not in out


def test_a_secret_within_another_is_masked_with_it(err: Read) -> None:
    """The longer goes first, or its rest would stay."""
    logs.setup(secrets=["swordfish", "swordfish-and-more"])
    log.warning("swordfish-and-more")
    assert "and-more" not in err()


def test_tiny_secrets_do_not_mask_words(err: Read) -> None:
    """A password of three letters is none; masking it would ruin every line."""
    logs.setup(style="console", secrets=["", "a", "abc"])
    log.warning("abc is a word")
    assert err().endswith(" WARNING abc is a word\n")


def test_json_is_one_object_a_line(err: Read) -> None:
    """Whatever the text: newlines, quotes, line separators, tracebacks."""
    logs.setup(style="json")
    log.warning('two\nlines "quoted" \u2028 \x00 %d', 7)
    log.error("failed", exc_info=raised(ValueError("a\nb")))
    lines = err().splitlines()
    first, second = map(json.loads, lines)
    assert len(lines) == 2
    assert (first["level"], first["logger"]) == ("warning", "mudbot.test")
    assert first["message"] == 'two\nlines "quoted" \\u2028 \\x00 7'
    assert set(first) == {"time", "level", "logger", "message"}
    assert second["traceback"].endswith("ValueError: a\nb")
    assert second["time"].endswith("+00:00")


def test_the_time_is_shown_where_no_journal_adds_its_own(err: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service manager says that it keeps a journal by a variable."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
    logs.setup(style="auto")
    log.warning("x")
    assert err() == "WARNING x\n"
    monkeypatch.delenv("JOURNAL_STREAM")
    for style in ("auto", "console"):
        logs.setup(style=style)
        log.warning("x")
        assert re.fullmatch(r"\d\d:\d\d:\d\d WARNING x\n", err())


@pytest.mark.parametrize(("level", "said"), [("debug", "diwe"), ("info", "iwe"), ("warning", "we"), ("error", "e")])
def test_the_level_is_the_bots_own(err: Read, level: str, said: str) -> None:
    """Libraries say warnings and errors only, at any level: theirs may hold what ours mask."""
    logs.setup(level=level)
    for name, number in (("d", logging.DEBUG), ("i", logging.INFO), ("w", logging.WARNING), ("e", logging.ERROR)):
        log.log(number, name)
        logging.getLogger("library").log(number, "lib %s", name)
    lines = err().split("\n")
    assert "".join(line[-1] for line in lines if line and "lib" not in line) == said
    assert [line[-1] for line in lines if "lib" in line] == ["w", "e"]


def test_setup_twice_writes_once(err: Read) -> None:
    logs.setup()
    logs.setup()
    log.warning("x")
    assert err().count("x") == 1
