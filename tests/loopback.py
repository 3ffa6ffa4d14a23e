"""A server of the OpenAI-compatible API on this machine, that answers as a test or a benchmark wants."""

from __future__ import annotations

from abc import ABC, abstractmethod

from aiohttp import web


class Loopback(ABC):
    """Listens on a free port; what is posted below ``/v1`` is answered by ``answer``."""

    async def start(self) -> str:
        """Listen.  The base URL."""
        app = web.Application()
        app.router.add_post("/v1/{path:.*}", self.answer)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"

    async def close(self) -> None:
        """Listen no more."""
        await self._runner.cleanup()

    @abstractmethod
    async def answer(self, request: web.Request) -> web.StreamResponse:
        """What *request* is answered."""
