"""SSRF, image bombs: what a model or a server names is fetched from configured hosts only, and stays small."""

from __future__ import annotations

import ipaddress

import pytest

from mudbot.errors import BadAnswerError, HttpError
from mudbot.host.services.addresses import public
from mudbot.host.services.http import Http
from mudbot.host.services.wire import Wire
from mudbot.store.imagefile import MAX_BYTES, MAX_PIXELS, inspect
from tests.host import test_host_http as http
from tests.host.test_host_addresses import INSIDE
from tests.reliability.figures import figure
from tests.store.test_pictures import BAD

ROW = "SSRF, image bombs"
EVIL: list[str] = http.test_hostile_urls_reach_nothing.pytestmark[0].args[1]  # type: ignore[attr-defined]


async def test_nothing_inside_is_reached() -> None:
    """Hostile URLs, names that lead inside, redirects inside: no request arrives."""
    reached = [address for address in INSIDE if public(ipaddress.ip_address(address))]
    carrier = http.Scripted()
    for url in EVIL:
        with pytest.raises(HttpError):
            await Http("p", ["good.org"], carrier).get(url)
    async with http.served() as site, http.served() as other:
        for address in INSIDE:
            wire = Wire(http.Names(api_example_org=[address]).resolve)
            with pytest.raises(HttpError):
                await Http("p", [f"api.example.org:{site.port}"], wire).get(f"http://api.example.org:{site.port}/")
            await wire.close()
        arrived = len(site.seen)
        wire = Wire()
        for code in (301, 302, 303, 307, 308):
            for target in (other.url("/x"), "http://169.254.169.254/", "http://[::1]/", "file:///etc/passwd"):
                site.says("/", status=code, headers={"Location": target})
                with pytest.raises(HttpError):
                    await Http("p", [site.host], wire).get(site.url())
        await wire.close()
        arrived += len(other.seen)
    count = len(EVIL) + len(INSIDE) + 20
    figure(ROW, "0 requests to hosts that are not configured or not public", f"{arrived} of {count} attempts")
    assert (reached, carrier.asked, arrived) == ([], [], 0)


def test_bombs_are_refused_before_they_are_unpacked() -> None:
    """By their size and what their header says."""
    bombs = ("20000 x 20000", "4001 x 4001", "a strip of 16 million", "17 MiB")
    refused = 0
    for bomb in bombs:
        with pytest.raises(BadAnswerError):
            inspect(BAD[bomb])
        refused += 1
    bound = f"{MAX_PIXELS / 1e6:.0f} megapixels, {MAX_BYTES >> 20} MiB"
    figure(ROW, "<= 16 megapixels, <= 16 MiB", f"{bound}; {refused} of {len(bombs)} bombs refused")
    assert MAX_PIXELS <= 16_777_216
    assert MAX_BYTES <= 16 << 20
