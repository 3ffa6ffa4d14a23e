"""The configuration: config.yaml, the environment and ``--set``, every problem reported at once.

``load`` reads it; ``validate`` checks a plugin's own settings in the same manner; ``Duration`` is the type of times,
``Secret`` that of keys and passwords.
"""

from __future__ import annotations

from mudbot.config.check import in_order, secrets_of, validate
from mudbot.config.load import example, load, read, salvage
from mudbot.config.positions import Positions
from mudbot.config.rules import Secret
from mudbot.config.shape import (
    TAVERN,
    ApiConfig,
    BudgetsConfig,
    Config,
    LimitsConfig,
    LocalConfig,
    LogConfig,
    Login,
    ModelChoice,
    ModelsConfig,
    Permissions,
    PluginConfig,
    PriceConfig,
    ServerConfig,
    SessionConfig,
    SpeechConfig,
    WebConfig,
)
from mudbot.config.triggers import TriggerConfig
from mudbot.config.units import Duration, seconds

__all__ = [
    "TAVERN",
    "ApiConfig",
    "BudgetsConfig",
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
    "PriceConfig",
    "Secret",
    "ServerConfig",
    "SessionConfig",
    "SpeechConfig",
    "TriggerConfig",
    "WebConfig",
    "example",
    "in_order",
    "load",
    "read",
    "salvage",
    "seconds",
    "secrets_of",
    "validate",
]
