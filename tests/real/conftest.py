"""Real servers as fixtures.

``MUDBOT_REQUIRE_REAL=1`` turns "cannot be installed here" from a skip into a failure, for machines that must run these.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.real.servers import evennia as evennia_server
from tests.real.servers.environment import UnavailableError
from tests.real.servers.evennia import Evennia

FIRST_START_SECONDS = 600
"""The first use installs the server; other test runs may hold the lock meanwhile."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever uses a real server is marked so, and gets time for the first start."""
    for item in items:
        if "evennia" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.real)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(FIRST_START_SECONDS))


@pytest.fixture(scope="session")
def evennia() -> Iterator[Evennia]:
    """A running Evennia, shared by the whole session: use account names that no other test uses."""
    try:
        server = evennia_server.start()
    except UnavailableError as error:
        reason = f"Evennia cannot be installed here: {error}"
        if os.environ.get("MUDBOT_REQUIRE_REAL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield server
    finally:
        server.stop()
