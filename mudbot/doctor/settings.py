"""Whether the configuration is sound, and whether the keys and passwords that it wants are there."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mudbot import resolve
from mudbot.config import Config, load, salvage
from mudbot.doctor.finding import Finding, error, ok, warning
from mudbot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from mudbot.config import ServerConfig

# What examples and templates have where a key belongs.
_PLACEHOLDER = re.compile(r"(?i)(sk-)?(x{3,}|\.{3,}|…|\*{3,}|your.*|change.?me|replace.*|insert.*|todo|example|<.*>)")
_OWN = (".local", ".lan", ".internal", ".home.arpa")
"""Ends of names that lead to no machine of a stranger's."""


def read(path: Path, overrides: Sequence[str]) -> tuple[Config, list[Finding]]:
    """The configuration, as far as it is sound, and what is wrong with it."""
    problems: list[Problem] = []
    try:
        config = load(path, overrides=overrides)
    except ConfigError as exc:
        problems += exc.problems
        config = salvage(path, overrides=overrides)
    problems += resolve.problems_of(config)
    remedy = "mend it, then `mudbot check` reads it again; run this with the environment that the bot has"
    found = [error("configuration", str(problem), remedy) for problem in problems]
    found += [
        warning("configuration", str(each), "change it, or leave it if that is what you want")
        for each in resolve.warnings_of(config)
    ]
    if not problems:
        what = f"{path}: {len(config.sessions)} session(s), {len(config.plugins)} plugin(s)"
        found.insert(0, ok("configuration", what))
    return config, found


def keys(config: Config) -> Iterator[Finding]:
    """Whether there is a key for each server, and a password for each character; their values are not shown."""
    for number, account in enumerate(config.api.accounts):
        name = f"api.servers.{number}.api_key" if config.api.servers else "api.api_key"
        if not account.embedded:
            yield _key(name, account)
    if all(account.embedded for account in config.api.accounts):
        yield ok("keys", "the embedded server needs no key")
    for session in config.sessions:
        login = session.login
        if not session.embedded and (login is None or login.password is None):
            yield warning(
                "keys",
                f"session {session.name} has no password, and most MUDs want one",
                f"write login: {{name: …, password: ${{MUD_PASSWORD}}}} below the session {session.name}",
            )


def _key(name: str, account: ServerConfig) -> Finding:
    server = urlsplit(account.base_url).netloc
    if account.api_key is None:
        if _is_own(urlsplit(account.base_url).hostname or ""):
            return ok("keys", f"{name} is not set; {server} is of your own network, and may want none")
        return error(
            "keys",
            f"{name} is not set, and {server} wants one",
            f"write {name.rpartition('.')[2]}: ${{OPENAI_API_KEY}}",
        )
    if _PLACEHOLDER.fullmatch(account.api_key.get_secret_value()):
        return error("keys", f"{name} is still an example", f"put the key that {server} gave you in its place")
    return ok("keys", f"{name} is set")


def _is_own(host: str) -> bool:
    """Whether *host* is on this machine or network, by its name or address alone."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_OWN)
