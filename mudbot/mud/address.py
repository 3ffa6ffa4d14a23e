"""Where a MUD is, how it speaks, and by which way it is reached.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self
from urllib.parse import unquote, urlsplit

from mudbot.errors import MudError

ProxyKind = Literal["socks5", "http"]

_EXAMPLE = "say it as socks5://host:1080 or http://user:password@host:3128"


def host_and_port(host: str, port: int) -> str:
    """``host:port``; an IPv6 address in brackets (RFC 3986, section 3.2.2)."""
    bare = host.strip("[]")
    return f"[{bare}]:{port}" if ":" in bare else f"{bare}:{port}"


@dataclass(frozen=True, slots=True)
class Proxy:
    """A relay that reaches the MUD for us.  It resolves the MUD's name itself."""

    kind: ProxyKind
    host: str
    port: int
    user: str = ""
    password: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read ``socks5://…`` or ``http://…``; special characters in user and password are percent-encoded.

        Raises MudError with the remedy; it never shows what was given, as a password may be in it.
        """
        try:
            parts = urlsplit(url)
            host, port, kind = parts.hostname, parts.port, parts.scheme
        except ValueError:  # its message may quote the password
            raise MudError(f"proxy: the port must be a number from 1 to 65535; {_EXAMPLE}") from None
        if kind not in ("socks5", "http"):
            raise MudError(f"proxy: only SOCKS5 and HTTP proxies are known; {_EXAMPLE}")
        if not host or not port:
            raise MudError(f"proxy: host and port are needed; {_EXAMPLE}")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise MudError(f"proxy: nothing may follow the port (percent-encode / ? # in a password); {_EXAMPLE}")
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        if kind == "http" and ":" in user:  # RFC 7617: it ends the user's name
            raise MudError("proxy: a user's name with a colon cannot be given to an HTTP proxy")
        if kind == "socks5" and not (user + password).isascii():  # RFC 1929 names no encoding
            raise MudError("proxy: user and password of a SOCKS5 proxy must be ASCII")
        if max(len(user.encode()), len(password.encode())) > 255:  # RFC 1929: one byte tells the length
            raise MudError("proxy: user and password may take 255 bytes each")
        return cls("http" if kind == "http" else "socks5", host, port, user, password)

    def __str__(self) -> str:
        return f"{self.kind}://{host_and_port(self.host, self.port)}"

    def __repr__(self) -> str:
        return f"Proxy({str(self)!r})"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a MUD is and how it speaks.  Raises MudError where the proxy cannot be understood."""

    host: str
    """A name, an IPv4 or an IPv6 address (with or without brackets)."""
    port: int
    tls: bool | Literal["insecure"] = False
    """``"insecure"`` is TLS with any certificate: nobody listens in, but anybody may stand between."""
    encoding: str = "utf-8"
    """A codec's name, or ``auto``."""
    proxy: str | None = None
    """The URL that ``Proxy.parse`` reads."""
    compress: bool = False
    """Whether MCCP2 is accepted where the MUD offers it.  Not over TLS (compressed secrets can be guessed at)."""

    def __post_init__(self) -> None:
        if self.proxy is not None:
            Proxy.parse(self.proxy)

    @property
    def way(self) -> Proxy | None:
        """The proxy, read."""
        return Proxy.parse(self.proxy) if self.proxy is not None else None

    def __str__(self) -> str:
        return host_and_port(self.host, self.port)

    def __repr__(self) -> str:
        extras = [self.encoding]
        if self.tls:
            extras.append("TLS unverified" if self.tls == "insecure" else "TLS")
        if self.proxy is not None:
            extras.append(f"by {self.way}")
        if self.compress:
            extras.append("compressed")
        return f"<Address {self} {', '.join(extras)}>"
