"""Which hosts are allowed, and which addresses are of the public internet."""

from __future__ import annotations

import ipaddress

import pytest

from mudbot.host.services.addresses import Allowed, literal, public

INSIDE = [
    "127.0.0.1", "127.8.8.8", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.5", "0.0.0.0", "0.1.2.3",
    "169.254.169.254", "169.254.170.2", "100.64.0.1", "100.100.100.200", "168.63.129.16", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1",
    "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1",
    "100::1", "5f00::1", "::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2002:7f00:1::", "2002:a00:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
]  # fmt: skip
OUTSIDE = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "192.169.0.1", "169.253.1.1", "100.128.0.1", "2606:4700::1111",
           "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]  # fmt: skip


@pytest.mark.parametrize("address", INSIDE)
def test_this_machine_its_network_and_metadata_are_not_public(address: str) -> None:
    """Also where IPv6 wraps them."""
    assert not public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_the_internet_is_public(address: str) -> None:
    assert public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    ("allowed", "scheme", "host", "port"),
    [
        ("api.example.org", "https", "api.example.org", 443),
        ("api.example.org", "http", "API.Example.org.", 80),
        ("API.example.org.", "https", "api.example.org", 443),
        ("api.example.org:8443", "http", "api.example.org", 8443),
        ("*.example.org", "https", "a.example.org", 443),
        ("*.example.org", "https", "a.b.example.org", 443),
        ("*.example.org:81", "https", "a.example.org", 81),
        ("bücher.example", "https", "xn--bcher-kva.example", 443),
        ("*.bücher.example", "https", "a.xn--bcher-kva.example", 443),
        ("127.0.0.1:8080", "http", "127.0.0.1", 8080),
        ("::1", "http", "::1", 80),
        ("[::1]:8080", "http", "0:0:0:0:0:0:0:1", 8080),
    ],
)
def test_what_is_allowed_is_covered(allowed: str, scheme: str, host: str, port: int) -> None:
    assert Allowed.of(allowed).covers(scheme, host, port)


@pytest.mark.parametrize(
    ("allowed", "scheme", "host", "port"),
    [
        ("api.example.org", "https", "example.org", 443),
        ("api.example.org", "https", "xapi.example.org", 443),
        ("api.example.org", "https", "api.example.org.evil.org", 443),
        ("api.example.org", "https", "api.example.org", 8443),
        ("api.example.org", "http", "api.example.org", 443),
        ("api.example.org:443", "http", "api.example.org", 80),
        ("*.example.org", "https", "example.org", 443),
        ("*.example.org", "https", "evilexample.org", 443),
        ("*.0.0.1", "http", "127.0.0.1", 80),
        ("localhost", "http", "127.0.0.1", 80),
        ("127.0.0.1", "http", "localhost", 80),
        ("127.0.0.1", "http", "127.1", 80),
        ("127.0.0.1", "http", "::1", 80),
    ],
)
def test_nothing_else_is(allowed: str, scheme: str, host: str, port: int) -> None:
    assert not Allowed.of(allowed).covers(scheme, host, port)


def test_an_entry_reads_as_it_was_written() -> None:
    """Messages give it back for the configuration."""
    for text in ("api.example.org", "*.example.org:81", "[::1]:8080", "127.0.0.1"):
        assert str(Allowed.of(text)) == text
    assert [literal("[fe80::1%eth0]"), literal("127.1"), literal("a.org")] == [
        ipaddress.ip_address("fe80::1"),
        None,
        None,
    ]
