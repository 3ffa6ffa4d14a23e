"""Today's client against ``mudbot serve --contract``: its own tests of the calls that we serve."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.others import installs
from tests.others.foreign import Results, run_pytest
from tests.others.programs import HttpProgram

MODULES = (
    "test_models.py",
    "test_completions.py",
    "chat/test_completions.py",
    "test_embeddings.py",
    "test_files.py",
    "test_images.py",
    "test_moderations.py",
    "fine_tuning/test_jobs.py",
)
"""Of ``tests/api_resources``.  Not ours: graders (fine_tuning/alpha), checkpoints (fine_tuning/jobs, checkpoints)."""
NOT_STORED_CHATS = "not (completions and (retrieve or update or list or delete))"
"""Chats that the server keeps for later are not ours either: the rest of chat/test_completions.py is."""

PASS, SKIP = 537, 3
"""The three that it skips itself: it cannot play a server for its aiohttp client."""

BLIND = ("path_params", "overload_2", "content")
"""Tests of theirs that look at no answer: an empty id is refused before it is sent, a stream is closed unread, and
the bytes of a file are played, or not looked at."""


@pytest.fixture(scope="module")
def client(had: Callable[[Callable[[], Path]], Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The client's library, and a folder with a copy of its tests."""
    installed: Path = had(installs.new_openai)
    folder = tmp_path_factory.mktemp("openai-new")
    shutil.copytree(installed / "tests", folder / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    return installed / "lib", folder


def run(client: tuple[Path, Path], base_url: str) -> Results:
    library, folder = client
    modules = [f"tests/api_resources/{module}" for module in MODULES]
    # As its own pyproject.toml has them; its warnings are its own business.
    options = ["-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=session", "--rootdir=."]
    variables = {"TEST_API_BASE_URL": base_url, "DEFER_PYDANTIC_BUILD": "false"}
    return run_pytest(library, folder, [*options, "-k", NOT_STORED_CHATS, *modules], variables)


def test_its_own_tests_pass(client: tuple[Path, Path], contract: HttpProgram) -> None:
    """Every answer has exactly the shape that the client's strict reader wants."""
    results = run(client, contract.base_url)
    assert results.count() == {"passed": PASS, "skipped": SKIP}, results.complaint()


def test_its_own_tests_notice_a_server_that_says_nothing(client: tuple[Path, Path], nothing: str) -> None:
    """The control: where every answer is ``{}``, every test that looks at an answer fails."""
    results = run(client, nothing)
    seeing = [name for name in results.outcome if not any(word in name for word in BLIND)]
    assert [name for name in seeing if results.outcome[name] == "passed"] == []
    assert len(seeing) > 350
