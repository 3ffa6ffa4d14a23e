"""A host on a clock that tests move."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from mudbot.host.host import Host
from mudbot.testing import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
async def host(clock: FakeClock) -> AsyncIterator[Host]:
    host = Host(clock)
    yield host
    await host.stop()
