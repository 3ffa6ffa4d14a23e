"""For every test."""

from __future__ import annotations

import os
from collections.abc import Generator

import pytest

from mudbot.logs.masking import SECRETS


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where all real servers must be there (``MUDBOT_REQUIRE_REAL=1``) a test that is skipped has failed."""
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("MUDBOT_REQUIRE_REAL") == "1":
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and nothing may be: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _no_secret_outlives_its_test() -> Generator[None]:
    """What one test hides in all that is logged may be a word in another one."""
    yield
    SECRETS.clear()
