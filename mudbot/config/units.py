"""Times and sizes as people write them: ``20s``, ``5m``, ``1h30m``, ``500ms``; ``500MB``, ``2GB``."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo
from pydantic_core import PydanticCustomError

_UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}
"""Seconds in each unit, from the longest to the shortest: the order in which a time names them."""

# Nine digits of days are more than two million years; the bound keeps a hostile text from costing anything.
_AMOUNT = r"(\d{1,9}(?:\.\d{1,9})?)"
_TIME = re.compile("".join(rf"(?:{_AMOUNT}{unit})?" for unit in _UNITS), re.ASCII)

EXAMPLES = "20s, 5m, 1h30m or 500ms"


def seconds(text: str) -> float:
    """The seconds that *text* says, for example 5400.0 for ``1h30m``.

    Units are d, h, m, s and ms, each at most once, longest first.  Raises ValueError, with the remedy, for anything
    else: a bare number too, because nobody can see whether it means seconds or milliseconds.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None or not any(found.groups()):
        raise ValueError(f"must be a time with its unit: write {EXAMPLES}")
    amounts = zip(found.groups(), _UNITS.values(), strict=True)
    return round(sum(float(amount) * unit for amount, unit in amounts if amount), 9)


_BYTES = {"kb": 10**3, "mb": 10**6, "gb": 10**9, "tb": 10**12, "kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40}
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s?([kmgt]i?b)", re.ASCII | re.IGNORECASE)


def size(text: str) -> int:
    """The bytes that *text* says, for example 2000000000 for ``2GB``.

    Units are kB, MB, GB and TB, and KiB, MiB, GiB and TiB for powers of 1024.  Raises ValueError, with the remedy, for
    anything else.
    """
    found = _SIZE.fullmatch(text.strip())
    if found is None:
        raise ValueError("must be a size with its unit: write 500MB or 2GB")
    return round(float(found[1]) * _BYTES[found[2].lower()])


def _duration(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str):
        try:
            return seconds(value)
        except ValueError as error:
            raise PydanticCustomError("mudbot", str(error)) from None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise PydanticCustomError("mudbot", f"must be a time: write {EXAMPLES}")
    if info.mode == "json":  # that is how a file's values come in; Python code says seconds, as everywhere
        remedy = f"{value:g}s" if 0 <= value < 1e6 else "20s"
        raise PydanticCustomError("mudbot", f"must be a time with its unit: write {remedy}")
    return float(value)


Duration = Annotated[float, BeforeValidator(_duration)]
"""Seconds, written in a configuration file as ``20s``, ``5m``, ``1h30m``, ``500ms``.

Any pydantic model or dataclass of a plugin's can use it.  In a file a bare number is refused; a number that Python
code gives is taken as seconds.
"""


def _size(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str):
        try:
            return size(value)
        except ValueError as error:
            raise PydanticCustomError("mudbot", str(error)) from None
    if isinstance(value, bool) or not isinstance(value, int) or info.mode == "json":
        raise PydanticCustomError("mudbot", "must be a size with its unit: write 500MB or 2GB")
    return value


Size = Annotated[int, BeforeValidator(_size)]
"""Bytes, written in a configuration file as ``500MB``, ``2GB``; a number that Python code gives is taken as bytes."""
