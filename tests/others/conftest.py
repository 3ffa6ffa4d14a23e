"""Other people's programs as fixtures.

Where one cannot be installed (no network, no Node) its tests are skipped with the reason; ``MUDBOT_REQUIRE_REAL=1``
turns every skip into a failure.
"""

from __future__ import annotations

import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from tests.others.programs import HttpProgram, mudbot_serve
from tests.real.servers.environment import UnavailableError

FIRST_USE_SECONDS = 300
"""The first use installs, and other test runs may hold the lock meanwhile."""

T = TypeVar("T")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """All that is here starts real programs, and gets time for the first use."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.real)
            if item.get_closest_marker("timeout") is None:
                item.add_marker(pytest.mark.timeout(FIRST_USE_SECONDS))


@pytest.fixture(scope="session")
def had() -> Callable[[Callable[[], T]], T]:
    """Give what a function returns, or skip with its reason where it says that something cannot be had here."""

    def get(install: Callable[[], T]) -> T:
        try:
            return install()
        except UnavailableError as error:
            pytest.skip(str(error))

    return get


@pytest.fixture(scope="session")
def specs() -> Path:
    """The folder of the OpenAPI documents, which are read in place."""
    folder = os.environ.get("MUDBOT_SPECS", "")
    if not folder:
        pytest.skip("MUDBOT_SPECS names no folder with openai-2023-02-07.yaml and openai-2026.yaml")
    return Path(folder)


@pytest.fixture(scope="session")
def served() -> Iterator[HttpProgram]:
    """``mudbot serve`` with the smallest real model."""
    from tests.local.server_fakes import small_model

    small_model()
    with mudbot_serve("--model", "smollm2") as server:
        yield server


@pytest.fixture(scope="session")
def contract() -> Iterator[HttpProgram]:
    """``mudbot serve --contract``: unknown ids are made on demand."""
    with mudbot_serve("--contract") as server:
        yield server


class _Nothing(http.server.BaseHTTPRequestHandler):
    """Answers ``{}`` to everything."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    do_GET = do_POST = do_DELETE = answer  # noqa: N815 - the names that http.server looks for

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


class _Patient(http.server.ThreadingHTTPServer):
    def handle_error(self, *_arguments: object) -> None:
        """Clients that hang up are no news."""


@pytest.fixture(scope="session")
def nothing() -> Iterator[str]:
    """The base URL of a server that answers ``{}`` to everything: the control of tests that want more."""
    server = _Patient(("127.0.0.1", 0), _Nothing)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/v1"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
