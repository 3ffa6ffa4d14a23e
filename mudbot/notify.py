"""What systemd is told of a service, by sd_notify(3): a datagram of ``KEY=value`` lines to the socket that it named.

Docker, s6 and others set no ``NOTIFY_SOCKET``; then there is nobody to tell.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import MutableMapping

log = logging.getLogger(__name__)


class Notifier:
    """Tells the service manager at *address*: a path, or one that begins with ``@``, which is an abstract socket.

    Nothing waits and nothing fails: what cannot be told now is not told, and each method says whether it was.
    """

    def __init__(self, address: str, *, watchdog: float | None = None) -> None:
        self._address = f"\0{address[1:]}" if address.startswith("@") else address
        self.watchdog = watchdog
        """Seconds within which a sign of life is wanted, if one is."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)

    def __repr__(self) -> str:
        return f"<Notifier of {self._address!r}>"

    @classmethod
    def from_environment(cls, environ: MutableMapping[str, str] = os.environ) -> Notifier | None:
        """As the service manager said, None where there is none.

        What it said is taken out of *environ*: processes that begin later are not the service.
        """
        address = environ.pop("NOTIFY_SOCKET", "")
        wanted, whose = environ.pop("WATCHDOG_USEC", ""), environ.pop("WATCHDOG_PID", "")
        if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
            return None
        ours = whose in ("", str(os.getpid()))
        watchdog = int(wanted) / 1e6 if ours and wanted.isascii() and wanted.isdecimal() and int(wanted) else None
        return cls(address, watchdog=watchdog)

    def tell(self, **fields: str | int) -> bool:
        """Send *fields*, named as in sd_notify(3); False where nobody took them."""
        lines = (f"{key}={' '.join(str(value).splitlines())}" for key, value in fields.items())
        try:
            self._socket.sendto("\n".join(lines).encode("utf-8", "replace"), self._address)
        except OSError as exc:
            log.debug("the service manager was not told: %s", exc)
            return False
        return True

    def ready(self) -> bool:
        """The service does its work, for the first time or again."""
        return self.tell(READY=1)

    def alive(self) -> bool:
        """A sign of life."""
        return self.tell(WATCHDOG=1)

    def status(self, text: str) -> bool:
        """How it is, for people: ``systemctl status`` shows it."""
        return self.tell(STATUS=text)

    def patience(self, seconds: float) -> bool:
        """The start is not over, nor has it failed: look again in *seconds*."""
        return self.tell(EXTEND_TIMEOUT_USEC=round(seconds * 1e6))

    def reloading(self) -> bool:
        """The configuration is being read again, until ``ready``."""
        return self.tell(RELOADING=1, MONOTONIC_USEC=time.monotonic_ns() // 1000)

    def stopping(self) -> bool:
        """The service ends."""
        return self.tell(STOPPING=1)

    def close(self) -> None:
        """Tell nothing any more."""
        self._socket.close()
