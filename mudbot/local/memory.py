"""How much memory a model may take: what the machine has free, or what its container leaves of it."""

from __future__ import annotations

import os
from pathlib import Path

UNKNOWN = 2 * 1024**3
"""Bytes assumed where the system does not say: enough for the middle model, too little for the large one."""


def available_memory(proc: Path = Path("/proc"), cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """Bytes that can be taken without swapping: Linux's own estimate, bounded by the control group's limit (v2, v1)."""
    free = _meminfo(proc / "meminfo")
    if free is None:
        free = _physical()
    old = cgroup / "memory"
    for limit_file, used_file in (
        (cgroup / "memory.max", cgroup / "memory.current"),
        (old / "memory.limit_in_bytes", old / "memory.usage_in_bytes"),
    ):
        limit, used = _number(limit_file), _number(used_file)
        if limit is not None and used is not None:
            free = min(free, limit - used)
    return max(0, free)


def _meminfo(path: Path) -> int | None:
    try:
        for line in path.read_text("ascii", "replace").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    except (OSError, ValueError, IndexError):
        pass
    return None


def _physical() -> int:
    try:
        pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return UNKNOWN
    return pages * size if pages > 0 and size > 0 else UNKNOWN


def _number(path: Path) -> int | None:
    """The file's number; None where there is none (``max`` means no limit)."""
    try:
        return int(path.read_text("ascii", "replace"))
    except (OSError, ValueError):
        return None
