"""The configuration: config.yaml, the environment and ``--set``, every problem reported at once.

``load`` reads it; ``validate`` checks a plugin's own settings in the same manner; ``Duration`` is the type of times.
"""

from __future__ import annotations

from mudbot.config.check import secrets_of, validate
from mudbot.config.load import example, load, read, salvage
from mudbot.config.positions import Positions
from mudbot.config.shape import (
    TAVERN,
    ApiConfig,
    Config,
    LimitsConfig,
    LocalConfig,
    LogConfig,
    Login,
    ModelChoice,
    ModelsConfig,
    Permissions,
    PluginConfig,
    SessionConfig,
    SpeechConfig,
    WebConfig,
)
from mudbot.config.units import Duration, seconds

__all__ = [
    "TAVERN",
    "ApiConfig",
    "Config",
    "Duration",
    "LimitsConfig",
    "LocalConfig",
    "LogConfig",
    "Login",
    "ModelChoice",
    "ModelsConfig",
    "Permissions",
    "PluginConfig",
    "Positions",
    "SessionConfig",
    "SpeechConfig",
    "WebConfig",
    "example",
    "load",
    "read",
    "salvage",
    "seconds",
    "secrets_of",
    "validate",
]
