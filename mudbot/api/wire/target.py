"""Where the API is and who asks: base_url, key and the headers that go with every request.  No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

from mudbot.errors import ConfigError, Problem

if TYPE_CHECKING:
    from yarl import URL


class Target:
    """One server and one account.  Its repr shows neither key nor query.

    *base_url* may end in a slash or not, and keeps its path and query (some gateways want ``?api-version=...``).
    Raises ConfigError for what can never work.
    """

    def __init__(self, base_url: str, *, api_key: str | None, organization: str | None, project: str | None) -> None:
        self._url = _checked_url(base_url)
        self.key = _checked_header("api.api_key", api_key)
        self.organization = _checked_header("api.organization", organization)
        self._project = _checked_header("api.project", project)
        host = self._url.netloc.rpartition("@")[2]
        self.shown = urlunsplit((self._url.scheme, host, self._url.path.rstrip("/"), "", ""))
        """The base_url as messages show it."""
        self.account = f"{self.shown} {self.organization or ''}".strip()
        """Whose limits and budgets these are: a provider counts for an organisation, whatever its keys."""
        self._urls: dict[str, URL] = {}
        self._headers: dict[tuple[str, bool], dict[str, str]] = {}

    def __repr__(self) -> str:
        return f"<Target {self.shown}>"

    def url(self, path: str, query: Mapping[str, Any] | None = None) -> URL:
        """The URL of an endpoint; *path* begins with a slash and is quoted where it must be."""
        found = self._urls.get(path)
        if found is None:
            from yarl import URL  # comes with aiohttp, which is loaded when an Api is first opened

            base = self._url
            # encoded: an id in the path is quoted already, and must not be quoted or unquoted again
            found = URL(
                urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + path, base.query, "")), encoded=True
            )
            if len(self._urls) > _PATHS:
                self._urls.clear()
            self._urls[path] = found
        if query:
            found = found.update_query({name: _plain(value) for name, value in query.items() if value is not None})
        return found

    def headers(self, accept: str, *, json: bool) -> dict[str, str]:
        """What a request says; only what is configured."""
        found = self._headers.get((accept, json))
        if found is None:
            found = {"User-Agent": "mudbot", "Accept": accept}
            if json:
                found["Content-Type"] = "application/json"
            if self.key:
                found["Authorization"] = f"Bearer {self.key}"
            if self.organization:
                found["OpenAI-Organization"] = self.organization
            if self._project:
                found["OpenAI-Project"] = self._project
            self._headers[accept, json] = found
        return found


_PATHS = 256
"""Paths whose URLs are kept."""


def _plain(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _checked_url(base_url: str) -> SplitResult:
    remedy = "give the http(s) URL under which the API lives, for example https://api.openai.com/v1"
    try:
        url = urlsplit(base_url.strip())
        fits = url.scheme in ("http", "https") and bool(url.hostname) and (url.port is None or url.port > 0)
    except ValueError:
        fits = False
    if not fits:
        raise ConfigError(Problem("api.base_url", f"this is no URL of a server: {remedy}"))
    if url.username or url.password:
        raise ConfigError(Problem("api.base_url", "holds a user or password: put the key into api.api_key instead"))
    return url


def _checked_header(where: str, value: str | None) -> str | None:
    """*value* without blanks and line breaks around it (files and environment variables end in one); None if empty."""
    value = (value or "").strip()
    if not all(" " < char <= "~" for char in value):
        raise ConfigError(
            Problem(where, "holds characters that no HTTP header can carry: copy it anew, without blanks")
        )
    return value or None
