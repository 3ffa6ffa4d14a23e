"""The stages of the other tests' folders, that rows of the tables are shown on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.conftest import clock, stage
from tests.web.conftest import serve
from tests.web.web_fakes import Client, FakeBot, Serve, config_of, make_bot

__all__ = ["clock", "serve", "stage"]


@pytest.fixture
def pages(tmp_path: Path) -> FakeBot:
    """A bot of fakes for the web pages to show."""
    return make_bot(config_of(tmp_path))


@pytest.fixture
async def guest(pages: FakeBot, serve: Serve) -> Client:
    """Somebody at the site of ``pages``."""
    return await serve(pages)


@pytest.fixture
async def owner(guest: Client) -> Client:
    """The owner, logged in."""
    await guest.log_in()
    return guest
