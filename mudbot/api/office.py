"""What all calls of an Api share, and how its owner is told of them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mudbot.api.deadline import Alarms
from mudbot.api.limit.limits import Limits
from mudbot.api.money.purse import Purse
from mudbot.api.report import ApiCall
from mudbot.clock import Clock

if TYPE_CHECKING:
    from mudbot.api.wire.transport import Transport

_log = logging.getLogger("mudbot.api")


@dataclass(frozen=True, slots=True)
class Office:
    """What all exchanges of an Api share."""

    limits: Limits
    clock: Clock
    alarms: Alarms
    transport: Transport
    purse: Purse
    on_call: Callable[[ApiCall], None] | None


def tell(on_call: Callable[[ApiCall], None], call: ApiCall) -> None:
    """Whoever counts calls must not be able to fail them."""
    try:
        on_call(call)
    except Exception:  # noqa: BLE001 - whatever it raises
        _log.exception("on_call failed for %s", call.endpoint)
