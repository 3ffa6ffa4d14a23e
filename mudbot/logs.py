"""Logs to standard error: a line an event for people, a JSON object for machines.

No control characters, no secrets.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, quote_plus

# What a player or a MUD says must not drive the terminal of whoever reads the log: C0 but newline and tab, DEL, C1,
# and the direction marks that let a line look like another one.
_UNSAFE = {c: f"\\x{c:02x}" for c in (*range(32), *range(127, 160)) if chr(c) not in "\n\t"}
_UNSAFE |= {c: f"\\u{c:04x}" for c in (*range(0x200B, 0x2010), *range(0x2028, 0x202F), *range(0x2066, 0x206A))}
_UNSAFE |= {0x061C: "\\u061c", 0xFEFF: "\\ufeff"}

LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def visible(text: str) -> str:
    """*text* with its control characters shown instead of obeyed: whatever a MUD or a model said may be printed."""
    return text.translate(_UNSAFE)


def _forms(secret: str) -> set[str]:
    """*secret* as messages hold it: plain, in a repr, in JSON, in a URL, in a header, as bytes."""
    raw = secret.encode("utf-8", "replace")
    forms = {secret, repr(secret)[1:-1], repr(raw)[2:-1], quote(secret, safe=""), quote_plus(secret), raw.hex()}
    forms |= {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1], base64.b64encode(raw).decode()}
    return forms


class _Safe(logging.Formatter):
    """Masks secrets and makes control characters visible, whatever the format."""

    def __init__(self, secrets: Sequence[str], fmt: str | None = None) -> None:
        super().__init__(fmt, datefmt="%H:%M:%S")
        self._secrets: list[str] = []
        self.add(secrets)

    def add(self, secrets: Sequence[str]) -> None:
        """Mask these as well."""
        # Longest first: a secret may hold another one.  Very short ones would mask ordinary words.
        forms = {form for secret in secrets if len(secret) > 3 for form in _forms(secret)}
        self._secrets = sorted({*self._secrets, *forms}, key=len, reverse=True)

    def safe(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "********")
        return visible(text)

    def format(self, record: logging.LogRecord) -> str:
        # Lines within an entry stand further in: what a player said, in a traceback for example, cannot look like one.
        return self.safe(super().format(record)).replace("\n", "\n    ")


class _Json(_Safe):
    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self.safe(record.getMessage()),
        }
        if record.exc_info:
            entry["traceback"] = self.safe(self.formatException(record.exc_info))
        return json.dumps(entry, ensure_ascii=False)


def setup(*, level: str = "info", style: str = "auto", secrets: Sequence[str] = ()) -> None:
    """Send the logs of the whole process to standard error.

    *style* is ``console``, ``json``, or ``auto``: console, without the time where a journal adds its own.
    """
    handler = logging.StreamHandler(sys.stderr)
    if style == "json":
        handler.setFormatter(_Json(secrets))
    else:
        time = "" if style == "auto" and "JOURNAL_STREAM" in os.environ else "%(asctime)s "
        handler.setFormatter(_Safe(secrets, f"{time}%(levelname)-7s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("mudbot").setLevel(LEVELS[level])


def mask(secrets: Sequence[str]) -> None:
    """Mask these as well, in the log that ``setup`` made: only a plugin knows which of its settings are secret."""
    for handler in logging.getLogger().handlers:
        if secrets and isinstance(handler.formatter, _Safe):
            handler.formatter.add(secrets)
