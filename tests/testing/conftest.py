"""A bot in a folder of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from mudbot.testing.bot import Bot

Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes a plugin's file."""

    def written(name: str, text: str) -> Path:
        path = tmp_path / "plugins" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return written


@pytest.fixture
async def bot(tmp_path: Path) -> AsyncIterator[Bot]:
    """As the pytest plugin makes it, which these tests must not need."""
    async with Bot(folder=tmp_path, test=tmp_path / "test_it.py") as bot:
        yield bot
