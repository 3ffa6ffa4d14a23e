"""Reading GGUF headers, whole and damaged."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from mudbot.errors import LocalError
from mudbot.local.gguf import read_header


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def strings(*values: str) -> bytes:
    return struct.pack("<IIQ", 9, 8, len(values)) + b"".join(map(text, values))


def header(*pairs: bytes, version: int = 3) -> bytes:
    return b"GGUF" + struct.pack("<IQQ", version, 0, len(pairs)) + b"".join(pairs)


WHOLE = header(
    text("general.architecture") + struct.pack("<I", 8) + text("llama"),
    text("llama.context_length") + struct.pack("<II", 4, 2048),
    text("some.float") + struct.pack("<If", 6, 1.5),
    text("nested") + struct.pack("<IIQ", 9, 9, 1) + struct.pack("<IQ", 4, 2) + struct.pack("<II", 1, 2),
    text("tokenizer.ggml.tokens") + strings("a", "<|end|>", "说"),
    text("tokenizer.ggml.token_type") + struct.pack("<IIQ", 9, 5, 3) + struct.pack("<iii", 1, 3, 1),
)


def test_a_header_tells_context_and_control_tokens(tmp_path: Path) -> None:
    """What the server needs of a model is read from its file."""
    (tmp_path / "m.gguf").write_bytes(WHOLE + b"tensors")
    found = read_header(tmp_path / "m.gguf")
    assert (found.architecture, found.context, found.control_tokens) == ("llama", 2048, ("<|end|>",))


def test_every_cut_of_a_header_is_an_error_of_ours(tmp_path: Path) -> None:
    """However short a damaged file is, it ends in LocalError that names it."""
    path = tmp_path / "m.gguf"
    for length in range(len(WHOLE)):
        path.write_bytes(WHOLE[:length])
        with pytest.raises(LocalError, match="is not a usable GGUF model"):
            read_header(path)


@pytest.mark.parametrize(
    "damaged",
    [
        b"GGML" + WHOLE[4:],
        header(version=99),
        b"GGUF" + struct.pack("<IQQ", 3, 0, 2**63),
        header(text("a") + struct.pack("<I", 77)),
        header(text("a") + struct.pack("<IIQ", 9, 8, 2**62)),
        header(text("a") + struct.pack("<IIQ", 9, 4, 2**62)),
        header(struct.pack("<Q", 2**62)),
    ],
)
def test_absurd_lengths_and_kinds_are_errors_of_ours(tmp_path: Path, damaged: bytes) -> None:
    """A damaged length never becomes an allocation of that size."""
    (tmp_path / "m.gguf").write_bytes(damaged)
    with pytest.raises(LocalError):
        read_header(tmp_path / "m.gguf")


def test_deeply_nested_arrays_are_an_error_of_ours(tmp_path: Path) -> None:
    """A file made to exhaust the stack is refused like any other damaged one."""
    (tmp_path / "m.gguf").write_bytes(header(text("a") + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 100_000))
    with pytest.raises(LocalError):
        read_header(tmp_path / "m.gguf")
