"""Where a command asks, and as whom: options, then the environment, then config.yaml.  Decides; connects to nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mudbot.errors import ConfigError, MudbotError, Problem

if TYPE_CHECKING:
    from mudbot.cli.api.common import Common
    from mudbot.config import Config
    from mudbot.config.shape import ServerConfig

OPENAI = "https://api.openai.com/v1"
EMBEDDED = "embedded"
CONFIG = Path("config.yaml")

# The names that mudbot's own configuration goes by win; OPENAI_API_BASE is that of OpenAI's clients before 2023-11.
_BASE = ("MUDBOT_API__BASE_URL", "OPENAI_BASE_URL", "OPENAI_API_BASE")
_KEY = ("MUDBOT_API__API_KEY", "OPENAI_API_KEY")
_ORGANIZATION = ("MUDBOT_API__ORGANIZATION", "OPENAI_ORGANIZATION")
_PROJECT = ("MUDBOT_API__PROJECT", "OPENAI_PROJECT")

NOWHERE = (
    "there is no server to ask: add --embedded to ask the one that comes with mudbot (it needs no key), set "
    "OPENAI_API_KEY, name a server with --api-base URL, or a configuration with -c config.yaml"
)


@dataclass(frozen=True, slots=True)
class Where:
    """One server and one account.  Its repr does not show the key."""

    base_url: str
    """``embedded`` stands for the server that comes with mudbot, which is then to be started."""
    api_key: str | None = field(default=None, repr=False)
    organization: str | None = None
    project: str | None = None
    config: Config | None = field(default=None, repr=False)
    """The configuration, where that was what said it."""
    models: Mapping[str, str] = field(default_factory=dict)
    """What a model is called there, where it has another name."""
    others: Sequence[ServerConfig] = ()
    """The configuration's further servers, which take over where this one fails."""
    names: Mapping[str, str] = field(default_factory=dict)
    """What each setting of the adapter (``api.api_key``) was called by whoever set it."""

    @property
    def embedded(self) -> bool:
        return self.base_url == EMBEDDED

    def model(self, use: str) -> str | None:
        """The model that the configuration has for *use* (``dialogue``, ``embedding``, ...); None where it has none."""
        choice = getattr(self.config.api.models, use) if self.config else None
        return choice.name if choice else None

    def told(self, error: ConfigError) -> ConfigError:
        """*error* of the adapter's, in the words of whoever set what is wrong."""
        return ConfigError(*(Problem(self.names.get(one.where, one.where), one.message) for one in error.problems))


def decide(common: Common, environ: Mapping[str, str], folder: Path) -> Where:
    """Where to ask, by *common*, *environ* and the configuration in *folder*, in this order.

    The first that names a server decides: ``--api-base`` or ``--embedded``; ``-c FILE``, read as ``mudbot run`` reads
    it; a variable with a URL; a key without a URL, which is OpenAI's own; at last ``config.yaml``.  A key that a file
    says goes nowhere but to that file's server.

    Raises ConfigError for a configuration that is wrong, MudbotError where nothing names a server, UsageError for
    options that exclude each other.
    """
    asked = _Asked(common, environ)
    if common.embedded:
        if common.api_base or common.api_key:
            other = "--api-base" if common.api_base else "--api-key"
            raise click.UsageError(f"--embedded and {other} exclude each other: the embedded server has both already")
        return Where(EMBEDDED, config=_read(common.config, environ) if common.config else None)
    if common.api_base:
        return asked.at(common.api_base, "--api-base")
    if common.config:
        return asked.by(_read(common.config, environ))
    base, name = _first(environ, _BASE)
    if base or asked.key:
        return asked.at(base or OPENAI, name)
    if (folder / CONFIG).exists():
        return asked.by(_read(folder / CONFIG, environ))
    raise MudbotError(NOWHERE)


class _Asked:
    """What options and variables say of the account."""

    def __init__(self, common: Common, environ: Mapping[str, str]) -> None:
        self._common = common
        self._base, _ = _first(environ, _BASE)
        self.key, self._key_name = _either(common.api_key, "--api-key", environ, _KEY)
        self._organization, self._organization_name = _either(
            common.organization, "--organization", environ, _ORGANIZATION
        )
        self._project, self._project_name = _first(environ, _PROJECT)

    def at(self, base_url: str, name: str) -> Where:
        """The account at a server that an option or a variable named."""
        if base_url == EMBEDDED:
            return Where(EMBEDDED)
        names = {
            "api.base_url": name,
            "api.api_key": self._key_name,
            "api.organization": self._organization_name,
            "api.project": self._project_name,
        }
        return Where(base_url, self.key, self._organization, self._project, names=names)

    def by(self, config: Config) -> Where:
        """The first account of a configuration, on which the environment lies already; options win."""
        account, option = config.api.accounts[0], self._common
        if account.embedded:
            return Where(EMBEDDED, config=config)
        key = option.api_key or (account.api_key.get_secret_value() if account.api_key else None)
        project = account.project
        if not config.api.servers:
            project = self._project or project
            key = self.key if self._base else key  # the variable's server is not the one that the file's key is for
        organization = option.organization or account.organization
        others = () if option.api_key or option.organization else config.api.accounts[1:]
        others = tuple(one for one in others if not one.embedded)  # that one is only started by who asks for it
        return Where(account.base_url, key, organization, project, config, account.models, others)


def _read(path: Path, environ: Mapping[str, str]) -> Config:
    from mudbot.config import load

    older = environ.get("OPENAI_API_BASE")
    return load(path, environ={"OPENAI_BASE_URL": older, **environ} if older else environ)


def _first(environ: Mapping[str, str], names: tuple[str, ...]) -> tuple[str | None, str]:
    """The first of *names* that is set and not empty, and its name."""
    for name in names:
        if value := environ.get(name, "").strip():
            return value, name
    return None, names[0]


def _either(
    option: str | None, name: str, environ: Mapping[str, str], names: tuple[str, ...]
) -> tuple[str | None, str]:
    return (option, name) if option else _first(environ, names)
