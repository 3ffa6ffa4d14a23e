"""Commands set up the logs of the whole process; other tests want them as they were."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.cli.daemon_stage import Start, daemons


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    root, ours = logging.getLogger(), logging.getLogger("mudbot")
    handlers, levels = root.handlers[:], (root.level, ours.level)
    yield
    root.handlers[:] = handlers
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Start the daemon with extra options; killed in the end if it still runs."""
    async with daemons(tmp_path) as run:
        yield run
