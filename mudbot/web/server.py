"""The bot's web server (aiohttp)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from aiohttp import web

from mudbot.errors import MudbotError

if TYPE_CHECKING:
    from mudbot.store.pictures import Pictures

log = logging.getLogger(__name__)

# Nothing that is served here may run, load or frame anything.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_YEAR = "public, max-age=31536000, immutable"


class WebError(MudbotError):
    """The web server cannot start."""


class WebServer:
    """Serves ``/i/ID`` (a picture) and ``/healthz``; ``start`` before ``url``."""

    def __init__(self, pictures: Pictures, *, host: str, port: int, healthy: Callable[[], bool]) -> None:
        self._pictures, self._host, self._port, self._healthy = pictures, host, port, healthy
        self._runner: web.AppRunner | None = None
        self.url = ""

    def __repr__(self) -> str:
        return f"<WebServer {self.url or 'not started'}>"

    async def start(self) -> None:
        """Listen.  Raises WebError naming the setting to change."""
        app = web.Application(client_max_size=64 * 1024)
        app.on_response_prepare.append(_harmless)
        app.router.add_get("/i/{id}", self._picture)
        app.router.add_get("/healthz", self._health)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await runner.setup()
        site = web.TCPSite(runner, self._host, self._port)
        try:
            await site.start()
        except OSError as exc:
            await runner.cleanup()
            why = exc.strerror or exc
            raise WebError(
                f"web: cannot listen on {self._host}:{self._port}: {why}; choose another web.port (0 = any free one)"
            ) from exc
        self._runner = runner
        address = runner.addresses[0]
        host = f"[{address[0]}]" if ":" in address[0] else address[0]
        self.url = f"http://{host}:{address[1]}"

    async def close(self) -> None:
        """Stop listening; connections that are open get half a second."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        try:
            picture = await self._pictures.find(request.match_info["id"])
        except MudbotError as exc:
            log.warning("no picture served: %s", exc)
            raise web.HTTPServiceUnavailable(text="The pictures cannot be read just now.\n") from exc
        if picture is None or not picture.path.is_file():
            raise web.HTTPNotFound(text="There is no such picture.\n")
        return web.FileResponse(picture.path, headers={"Content-Type": picture.type, "Cache-Control": _YEAR})

    async def _health(self, _request: web.Request) -> web.Response:
        healthy = self._healthy()
        text, status = ("ok\n", 200) if healthy else ("no session is in its game\n", 503)
        return web.Response(text=text, status=status)


async def _harmless(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers.update(_HEADERS)  # on every answer, those to unknown paths and methods among them
