"""One line of the log for each request."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.abc import AbstractAccessLogger

from mudbot.local.server.wire import TOKENS

log = logging.getLogger(__name__)


class Diary(AbstractAccessLogger):
    """Method, address, status, milliseconds and tokens; nothing of what was said, and no key."""

    def log(self, request: web.BaseRequest, response: web.StreamResponse, time: float) -> None:
        """Tell of an answer that took *time* seconds."""
        # Percent-encoded as it came: what a client wrote there cannot begin a line of its own.
        where = request.rel_url.raw_path[:100]
        tokens = f", {request[TOKENS]} tokens" if request.get(TOKENS) else ""
        self.logger.info("%s %s: %s, %.0f ms%s", request.method, where, response.status, time * 1000, tokens)
