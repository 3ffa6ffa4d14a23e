"""Logs: nothing in them drives a terminal, tells a secret, or breaks a line of JSON."""

from __future__ import annotations

import asyncio
import base64
import html
import io
import json
import logging
import re
import unicodedata
from collections.abc import Callable, Iterator
from urllib.parse import quote, quote_plus

import pytest
import structlog

from mudbot import logs
from mudbot.host.services.log import PluginLog

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


def test_every_line_for_people_has_the_time(err: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal that reads another stream of this machine is none of ours."""
    monkeypatch.setenv("JOURNAL_STREAM", "8:12345")
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


ENCODED: dict[str, Callable[[str], str]] = {
    "plain": str,
    "repr": repr,
    "bytes": lambda text: repr(text.encode()),
    "json": json.dumps,
    "json, not ascii": lambda text: json.dumps(text, ensure_ascii=False),
    "json twice": lambda text: json.dumps({"body": json.dumps({"key": text})}),
    "url": lambda text: quote(text, safe=""),
    "url twice": lambda text: quote(quote(text, safe=""), safe=""),
    "form": quote_plus,
    "every byte a %": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "html": html.escape,
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "dump": lambda text: text.encode().hex(" "),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "basic": lambda text: base64.b64encode(f"bot:{text}".encode()).decode(),
    "basic, one further": lambda text: base64.b64encode(f"bots:{text}".encode()).decode(),
    "basic, two further": lambda text: base64.b64encode(f"robot:{text}!".encode()).decode(),
    "gbk": lambda text: repr(text.encode("gbk", "replace")),
    "utf-16": lambda text: "".join(f"\\u{ord(c):04x}" for c in text),
}


@pytest.mark.parametrize(
    "secret", ["sk-proj-Canary0123456789", "p+ss/w&rd?canary", "canary<'pass'>\"", "密码canary金丝雀"]
)
@pytest.mark.parametrize("encode", ENCODED.values(), ids=ENCODED)
def test_a_secret_is_known_in_all_its_forms(secret: str, encode: Callable[[str], str]) -> None:
    """As headers, URLs, dumps, pages and other programs' messages hold it."""
    logs.mask([secret])
    text = encode(secret)
    shown = logs.masked(f"<{text}>")
    assert "********" in shown
    # Of base64 a letter at each end has bits of its neighbours: it may stay, as what is not the secret.
    begin = 24 if text.startswith('{"body"') else 8
    assert not any(text[at : at + 6] in shown for at in range(begin, len(text) - 9))


def test_masked_knows_the_secrets_of_plugins() -> None:
    """What is masked in logs is masked wherever something is shown, also what became known later."""
    assert logs.masked("a-canary of a plugin") == "a-canary of a plugin"
    keep = logs.formatter(["b-canary"], "%(message)s")
    logs.mask(["a-canary"])
    assert logs.masked("a-canary, b-canary\x1b[2J") == "********, ********\\x1b[2J"
    assert keep.format(logging.makeLogRecord({"msg": "a-canary"})) == "********"


def test_fields_are_kept_apart(err: Read) -> None:
    """Which session and plugin an entry is about, and what else a plugin says of it, are fields; none can be forged."""
    logs.setup(style="json", secrets=["hunter2"])
    with logs.about(session="inn"):
        log.warning("one")
    PluginLog("dice", "port").warning("two %d", 6, extra={"price": 5, "who": {"pass": "hunter2"}, "plugin": "forged"})
    log.warning("three", extra={"time": "forged", "level": "forged", "x\x1b": "\x1b"})
    first, second, third = map(json.loads, err().splitlines())
    assert (first["session"], "plugin" in first) == ("inn", False)
    assert (second["session"], second["plugin"], second["price"]) == ("port", "dice", 5)
    assert second["who"] == {"pass": "********"}
    assert third["time"].endswith("+00:00")
    assert third["level"] == "warning"
    assert third["x\\x1b"] == "\\x1b"
    assert "session" not in third


def test_fields_stand_behind_the_message_for_people(err: Read) -> None:
    """All but those that the message names anyway."""
    logs.setup(style="console")
    PluginLog("dice", "port").warning("sold", extra={"price": 5})
    assert err().endswith(" WARNING dice@port: sold  price=5\n")


async def test_a_task_is_about_what_it_began_in(err: Read) -> None:
    """What a session begins says so, and what another one begins does not."""
    logs.setup(style="json")

    async def work(name: str) -> None:
        await asyncio.sleep(0)
        log.warning(name)

    with logs.about(session="inn"):
        first = asyncio.create_task(work("first"))
    await asyncio.gather(first, work("second"))
    entries = [json.loads(line) for line in err().splitlines()]
    assert {(entry["message"], entry.get("session")) for entry in entries} == {("first", "inn"), ("second", None)}


def test_structlogs_own_loggers_are_heard(err: Read) -> None:
    """A plugin that logs by structlog has its fields in the same entries, as safe as all."""
    logs.setup(style="json", secrets=["hunter2"])
    structlog.get_logger("mudbot.plugins.own").warning("sold", price=5, key="hunter2")
    structlog.get_logger("mudbot.plugins.own").error("failed", exc_info=raised(ValueError("hunter2")))
    first, second = map(json.loads, err().splitlines())
    assert (first["message"], first["level"], first["logger"]) == ("sold", "warning", "mudbot.plugins.own")
    assert (first["price"], first["key"]) == (5, "********")
    assert second["traceback"].endswith("ValueError: ********")


@pytest.mark.parametrize("style", STYLES)
def test_values_that_do_not_fit_are_shown_all_the_same(err: Read, style: str) -> None:
    """The standard library would print the entry as it is, with its secrets and control characters."""
    logs.setup(style=style, secrets=["hunter2"])

    class Bad:
        def __str__(self) -> str:
            raise RuntimeError("no")

        __repr__ = __str__

    log.warning("%d and %s", "hunter2\x1b", 1)
    log.warning("%s", Bad())
    out = err()
    assert "%d and %s ('********\\" in out.replace("\\\\", "\\")
    assert "values that cannot be shown" in out
    assert "Logging error" not in out
    assert "hunter2" not in out


def test_an_endless_entry_is_cut(err: Read) -> None:
    """The beginning and the end say most."""
    logs.setup(style="json")
    log.warning("begin %s end", "x" * 1_000_000)
    (line,) = err().splitlines()
    assert len(line) < 40_000
    assert "begin x" in line
    assert "x end" in line


def test_colours_are_for_terminals_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not for those who want none."""
    for isatty, environ, coloured in ((True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False)):
        stream = io.StringIO()
        stream.isatty = lambda isatty=isatty: isatty  # type: ignore[method-assign, misc]
        monkeypatch.setattr("sys.stderr", stream)
        monkeypatch.delenv("NO_COLOR", raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        logs.setup(style="console")
        log.warning("x")
        assert ("\x1b[33mWARNING\x1b[0m x" in stream.getvalue()) is coloured
