"""Read what mudbot needs of a GGUF file's header, before the native library is given the file.

The format: magic ``GGUF``, version, counts of tensors and of key-value pairs, then the pairs, little endian
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).  Only the pairs are read; every length is checked against
the file, so a damaged header ends in an error and never in a huge allocation.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mudbot.errors import LocalError

_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_CONTROL = 3
"""``tokenizer.ggml.token_type`` of tokens that steer the model and are not text."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a model's header says."""

    architecture: str
    context: int
    """Tokens that the model was trained to look back on; 0 if unsaid."""
    control_tokens: tuple[str, ...]
    """Texts of the tokens that steer the model (``<|im_end|>``): a player's text must never become one of them."""


def read_header(path: Path) -> Header:
    """The header of *path*.  Raises LocalError when it is not a GGUF file, or a damaged one."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            pairs = _Reader(data).pairs()
    except (OSError, ValueError, struct.error, RecursionError) as error:
        raise LocalError(
            f"{path} is not a usable GGUF model ({error}): fetch it again, or choose another one"
        ) from None
    architecture = str(pairs.get("general.architecture", ""))
    context = pairs.get(f"{architecture}.context_length", 0)
    tokens, types = pairs.get("tokenizer.ggml.tokens", ()), pairs.get("tokenizer.ggml.token_type", ())
    control = (token for token, kind in zip(tokens, types, strict=False) if kind == _CONTROL)
    return Header(architecture, context if isinstance(context, int) else 0, tuple(control))


class _Reader:
    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._at = data, 0

    def pairs(self) -> dict[str, Any]:
        if self._take(4) != b"GGUF":
            raise ValueError("it does not begin with GGUF")
        version, _tensors, count = self._unpack("<IQQ")
        if version not in _VERSIONS:
            raise ValueError(f"version {version} of the format is unknown")
        return {self._text(): self._value(self._unpack("<I")[0]) for _ in range(self._fitting(count, 12))}

    def _value(self, kind: int) -> Any:
        if kind == _STRING:
            return self._text()
        if kind == _ARRAY:
            return self._array()
        return self._unpack("<" + self._code(kind))[0]

    def _array(self) -> Any:
        kind, count = self._unpack("<IQ")
        if kind == _STRING:
            return [self._text() for _ in range(self._fitting(count, 8))]
        if kind == _ARRAY:
            return [self._array() for _ in range(self._fitting(count, 12))]
        code = self._code(kind)
        return self._unpack(f"<{self._fitting(count, struct.calcsize(code))}{code}")

    def _code(self, kind: int) -> str:
        if kind not in _SCALARS:
            raise ValueError(f"unknown kind of value {kind}")
        return _SCALARS[kind]

    def _text(self) -> str:
        (length,) = self._unpack("<Q")
        return self._take(length).decode("utf-8", "replace")

    def _unpack(self, layout: str) -> tuple[Any, ...]:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def _take(self, length: int) -> bytes:
        end = self._at + self._fitting(length, 1)
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def _fitting(self, count: int, size: int) -> int:
        """*count* if that many things of at least *size* bytes can follow."""
        if count * size > len(self._data) - self._at:
            raise ValueError("its header is cut off")
        return int(count)
