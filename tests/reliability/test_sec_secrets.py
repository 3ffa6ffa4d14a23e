"""Secrets: keys and passwords are shown by no sink, in no encoding, at debug level, also where a server echoes them."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator

import pytest

from mudbot import logs
from mudbot.errors import ApiError
from tests import test_logs
from tests.api import test_api_safe as safe
from tests.api.conftest import Stage
from tests.reliability.figures import figure
from tests.web.test_web_browser import VIEWS, fill
from tests.web.web_fakes import PASSWORD, TOKEN, Client, FakeBot

ROW = "secrets"


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, own.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    own.setLevel(levels[1])


def shows(text: str, dressed: str) -> bool:
    """Whether *text* shows the key, plain or as it is *dressed*."""
    letters = safe.letters(text)
    return safe.letters(safe.KEY) in letters or (len(dressed) > 12 and safe.letters(dressed) in letters)


async def test_an_error_that_echoes_the_key_shows_it_nowhere(
    stage: Stage, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """In twelve encodings and more: not in the exception, its traceback, the report of the call or the log."""
    leaks, sinks = [], 0
    for style in test_logs.STYLES:
        logs.setup(style=style, level="debug", secrets=[safe.KEY])
        for name, dressed in safe.DRESSES.items():
            stage.calls.clear()
            stage.answers({"error": {"message": f"Incorrect key {dressed} given", "code": dressed}}, status=401)
            api = stage.api(api_key=safe.KEY)
            with pytest.raises(ApiError) as caught:
                await api.chat([{"role": "user", "content": "hi"}], model="m")
            await api.close()
            test_logs.log.debug("it failed", exc_info=caught.value)
            told = "".join(traceback.format_exception(caught.value))
            shown = {
                "error": str(caught.value),
                "traceback": told,
                "call": repr(stage.calls),
                "log": capsys.readouterr().err,
            }
            sinks += len(shown)
            leaks += [(style, name, sink) for sink, text in shown.items() if shows(text, dressed)]
    figure(ROW, "error bodies that echo the key: 0", f"{len(leaks)} of {sinks} texts in {len(safe.DRESSES)} encodings")
    assert len(safe.DRESSES) >= 12
    assert leaks == []


def test_a_password_in_a_log_is_masked_in_its_forms(capsys: pytest.CaptureFixture[str]) -> None:
    """The stage of the log's own test, in all three styles."""
    read = lambda: capsys.readouterr().err  # noqa: E731
    for style in test_logs.STYLES:
        test_logs.test_secrets_are_masked_wherever_they_stand(read, style)
    figure(ROW, "logs at debug level: 0", f"0 in {len(test_logs.STYLES)} styles x 8 encodings")


async def test_no_page_and_no_metric_shows_one(owner: Client, pages: FakeBot) -> None:
    """Every view of the owner's, logged in, and what monitoring reads."""
    await fill(pages)
    leaks = []
    views = (*VIEWS, "/metrics", "/healthz")
    for view in views:
        async with owner.http.get(owner.url + view) as answer:
            text = await answer.text()
        leaks += [(view, secret) for secret in (PASSWORD, TOKEN) if secret in text]
    figure(ROW, "web: 0", f"{len(leaks)} in {len(views)} pages")
    assert leaks == []
