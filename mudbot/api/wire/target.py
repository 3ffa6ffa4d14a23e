"""Where the API is and who asks: base_url, key and the headers that go with every request.  No I/O."""

from __future__ import annotations

from urllib.parse import SplitResult, urlsplit, urlunsplit

from mudbot.errors import ConfigError, Problem


class Target:
    """One server and one account.  Its repr shows neither key nor query.

    *base_url* may end in a slash or not, and keeps its path and query (some gateways want ``?api-version=...``).
    Raises ConfigError for what can never work.
    """

    def __init__(self, base_url: str, *, api_key: str | None, organization: str | None, project: str | None) -> None:
        self._url = _checked_url(base_url)
        self.key = _checked_header("api.api_key", api_key)
        self._organization = _checked_header("api.organization", organization)
        self._project = _checked_header("api.project", project)
        host = self._url.netloc.rpartition("@")[2]
        self.shown = urlunsplit((self._url.scheme, host, self._url.path.rstrip("/"), "", ""))
        """The base_url as messages show it."""

    def __repr__(self) -> str:
        return f"<Target {self.shown}>"

    def url(self, path: str) -> str:
        """The URL of an endpoint; *path* begins with a slash."""
        base = self._url
        return urlunsplit((base.scheme, base.netloc, base.path.rstrip("/") + path, base.query, ""))

    def headers(self) -> dict[str, str]:
        """What every request says; only what is configured."""
        headers = {"User-Agent": "mudbot"}
        if self.key:
            headers["Authorization"] = f"Bearer {self.key}"
        if self._organization:
            headers["OpenAI-Organization"] = self._organization
        if self._project:
            headers["OpenAI-Project"] = self._project
        return headers


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
