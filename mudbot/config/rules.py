"""The kinds of text in the configuration, and what each refuses.  Pure; no message prints the text."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, SecretStr
from pydantic_core import PydanticCustomError

from mudbot.config.messages import nearest

_HTTP_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]?#\\]+)(?::([0-9]{1,5}))?")
_IPV6 = re.compile(r"[0-9A-Fa-f.]*:[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def refuse(message: str) -> PydanticCustomError:
    """The error to raise in a check of ours: *message* follows the key's name."""
    return PydanticCustomError("mudbot", message)


def _one_line(text: str) -> str:
    if not text.strip():
        raise refuse("must not be empty: write a value or delete the key")
    if _CONTROL.search(text):
        raise refuse("must be one line of text, without control characters")
    return text


def _secret(secret: SecretStr) -> SecretStr:
    _one_line(secret.get_secret_value())
    return secret


def _empty_to_none(value: Any) -> Any:
    return None if value == "" else value


OneLine = Annotated[str, AfterValidator(_one_line)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]
"""A key or password in a plugin's settings: ``webhook: Secret``, and ``self.config.webhook.get_secret_value()``.

It is printed as asterisks, and masked in everything that is logged.  Write it as ``${NAME}``, from the environment.
"""
# An empty variable means "none" to those who write compose files; and an empty token must never match an empty header.
OptionalSecret = Annotated[Secret | None, BeforeValidator(_empty_to_none)]
Command = OneLine
"""A text said in the game."""


def _host(text: str) -> str:
    _one_line(text)
    if "://" in text or "/" in text:
        raise refuse("must be a host name alone: leave out 'http://' or 'telnet://' and all after the name")
    if re.search(r"\s|@", text):
        raise refuse("must be a host name such as mud.example.org, without spaces or a user's name")
    if text.count(":") == 1:  # an IPv6 address has two at least
        raise refuse("must be a host name alone: write the port in its own key, 'port: 4000'")
    return text


def _http_host(text: str) -> str:
    _one_line(text)
    if "://" in text or "/" in text or "@" in text:
        raise refuse("must be a host name alone, such as api.example.org: leave out 'https://' and all after the name")
    if _IPV6.fullmatch(text):
        return text
    if (found := _HTTP_HOST.fullmatch(text)) is None:
        raise refuse("must be a host such as api.example.org, *.example.org, api.example.org:8443 or [::1]:8080")
    name, port = found[1], found[2]
    if port and not 0 < int(port) < 65536:
        raise refuse("must have a port from 1 to 65535 behind its colon")
    if "*" in name and not re.fullmatch(r"\*(\.[^.*]+){2,}", name):
        raise refuse("must name a host after '*.', such as *.example.org: all hosts of the internet cannot be allowed")
    return text


def _name(text: str) -> str:
    if not re.fullmatch(r"[\w.-]{1,64}", text) or text.isdecimal():
        raise refuse("must be letters, digits, '.', '_' and '-', at most 64 and not digits alone")
    return text


def _plugin_name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,63}", text):
        raise refuse("is no plugin's name: it starts with a letter, and has letters, digits, '_' and '-' alone")
    return text


def _prefix(text: str) -> str:
    if not re.fullmatch(r"[^\w\s\x00-\x20\x7f-\x9f]{1,3}", text):
        raise refuse("must be one to three signs such as ! or ::, without letters, digits and spaces")
    return text


def _url(text: str, example: str) -> str:
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        good = False
    if not good or re.search(r"[\s\x00-\x20\x7f-\x9f]", text):
        raise refuse(f"must be an http or https URL such as {example}")
    if "@" in parts.netloc:
        raise refuse("must not hold a user's name or password: a key has its own place, api.api_key")
    if parts.query or parts.fragment:
        raise refuse(f"must end before any '?' or '#': write it as in {example}")
    return text


def _base_url(text: str) -> str:
    if text == "embedded":
        return text
    if ":" not in text and nearest(text, ["embedded"]):
        raise refuse("must be embedded or an http(s) URL: did you mean embedded?")
    try:
        return _url(text, "https://api.openai.com/v1")
    except PydanticCustomError as error:
        raise refuse(str(error).replace("must be an http", "must be embedded, or an http")) from None


def _public_url(text: str) -> str:
    return _url(text, "https://bot.example.org")


def _redis(secret: SecretStr | None) -> SecretStr | None:
    if secret is not None and not _is_redis(secret.get_secret_value()):
        raise refuse("must be redis://host:port, rediss://… for TLS, or unix:///path/of/its/socket")
    return secret


def _is_redis(text: str) -> bool:
    try:
        url = urlsplit(text)
        port = url.port  # read here: a wrong one raises ValueError
    except ValueError:
        return False
    if url.scheme == "unix":
        return bool(url.path)
    base = url.path.removeprefix("/").removesuffix("/")  # the number of a database, 0 where it is left out
    return url.scheme in ("redis", "rediss") and port != 0 and (not base or base.isdecimal())


Host = Annotated[str, AfterValidator(_host)]
HttpHost = Annotated[str, AfterValidator(_http_host)]
"""What may be fetched from: ``api.example.org``, ``*.example.org``, an address; each with ``:port`` or without."""
Name = Annotated[str, AfterValidator(_name)]
PluginName = Annotated[str, AfterValidator(_plugin_name)]
Prefix = Annotated[str, AfterValidator(_prefix)]
BaseUrl = Annotated[str, AfterValidator(_base_url)]
PublicUrl = Annotated[str, AfterValidator(_public_url)]
RedisUrl = Annotated[OptionalSecret, AfterValidator(_redis)]
