"""The fixture ``bot`` as authors have it; the examples stand where an author's own plugins would."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mudbot.testing.bot import Bot
from mudbot.testing.pytest_plugin import options_of

EXAMPLES = Path(__file__).parents[2] / "plugins" / "examples"


@pytest.fixture
def bot(request: pytest.FixtureRequest) -> Iterator[Bot]:
    made = Bot(options_of(request).with_(plugins=str(EXAMPLES)), test=request.path)
    yield made
    made.close()
