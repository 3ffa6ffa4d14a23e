"""Where a MUD is: how it is written down, and what is never shown of it."""

from __future__ import annotations

import pytest

from mudbot.errors import MudError
from mudbot.mud.address import Address, Proxy


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("mud.example", "mud.example:4000"),
        ("127.0.0.1", "127.0.0.1:4000"),
        ("::1", "[::1]:4000"),
        ("[::1]", "[::1]:4000"),
        ("fe80::1%eth0", "[fe80::1%eth0]:4000"),
    ],
)
def test_an_address_is_written_as_in_a_url(host: str, shown: str) -> None:
    """IPv6 addresses stand in brackets, whether they were given in them or not."""
    assert str(Address(host, 4000)) == shown


def test_a_proxys_password_is_never_shown() -> None:
    """Neither str nor repr, of the address or of the proxy, has the user's name or the password."""
    address = Address("mud.example", 4000, proxy="socks5://canary:c%40nary2@[::1]:1080", tls="insecure", compress=True)
    assert address.way == Proxy("socks5", "::1", 1080, "canary", "c@nary2")
    for shown in (str(address), repr(address), str(address.way), repr(address.way), f"{address!r}"):
        assert "nary" not in shown
    assert repr(address) == "<Address mud.example:4000 utf-8, TLS unverified, by socks5://[::1]:1080, compressed>"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("socks4://canary@host:1", "only SOCKS5 and HTTP"),
        ("https://canary@host:1", "only SOCKS5 and HTTP"),
        ("canary", "only SOCKS5 and HTTP"),
        ("socks5://u:canary@host", "host and port are needed"),
        ("http://u:canary@:3128", "host and port are needed"),
        ("socks5://u:canary@host:port", "must be a number"),
        ("socks5://u:canary@host:99999", "must be a number"),
        ("socks5://u:canary@[::1:1080", "must be a number"),
        ("http://u:ca/nary@host:1", "must be a number"),
        ("http://host:3128/canary", "nothing may follow"),
        ("http://u%3Acanary:p@host:3128", "colon"),
        (f"socks5://u:{'canary' * 50}@host:1", "255 bytes"),
        ("socks5://u:canary%E4%BD%A0@host:1", "ASCII"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_refused_at_once(url: str, why: str) -> None:
    """The message has the remedy and not the password."""
    with pytest.raises(MudError, match=why) as caught:
        Address("mud.example", 4000, proxy=url)
    assert "canary" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_proxy_without_a_password_is_fine() -> None:
    """Most have none."""
    assert Address("h", 1, proxy="http://proxy:3128/").way == Proxy("http", "proxy", 3128)
    assert Address("h", 1).way is None
