"""Where real servers are installed for this project's own tests, and what mudbot has for that.

They are kept in ``$MUDBOT_TEST_ENVS``, else in ``.envs`` in the repository.
"""

from __future__ import annotations

import os
from pathlib import Path

from mudbot.testing.servers.environment import (
    ADMIN,
    ADMIN_PASSWORD,
    EvenniaFolder,
    StepError,
    UnavailableError,
    locked,
    run,
)

__all__ = [
    "ADMIN",
    "ADMIN_PASSWORD",
    "EvenniaFolder",
    "StepError",
    "UnavailableError",
    "envs_folder",
    "evennia_folder",
    "locked",
    "run",
]


def envs_folder() -> Path:
    """Where what real servers are installed from is kept between test runs."""
    root = os.environ.get("MUDBOT_TEST_ENVS") or Path(__file__).resolve().parents[3] / ".envs"
    return Path(root).resolve()


def evennia_folder() -> Path:
    """Where Evennia's environment and template are kept between test runs."""
    return envs_folder() / "evennia"
