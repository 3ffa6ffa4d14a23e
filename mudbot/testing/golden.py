"""What a test's bot did, as a file beside the test."""

from __future__ import annotations

import difflib
from pathlib import Path


def check(path: Path, text: str, *, update: bool) -> None:
    """Raise AssertionError where *text* is not what *path* holds; with *update* it is written there."""
    text = text.rstrip("\n") + "\n"
    if update:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
        return
    if not path.is_file():
        raise AssertionError(f"there is no {path} yet: run pytest --mudbot-update-golden once, and read what it wrote")
    before = path.read_text(encoding="utf-8")
    if before != text:
        diff = difflib.unified_diff(before.splitlines(), text.splitlines(), path.name, "now", lineterm="")
        shown = "\n".join(diff)
        raise AssertionError(f"{path} says otherwise; pytest --mudbot-update-golden takes what is now:\n{shown}")
