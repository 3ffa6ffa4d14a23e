"""A configuration from a text, and what is wrong with one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mudbot.config import Config, load
from mudbot.errors import ConfigError

Reader = Callable[..., Config]
Complainer = Callable[..., list[str]]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """``read(text, *overrides, environ={...})`` is the Config of a config.yaml with that text."""

    def reader(text: str | bytes, *overrides: str, environ: Mapping[str, str] | None = None) -> Config:
        path = tmp_path / "config.yaml"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load(path, overrides=overrides, environ=environ or {})

    return reader


@pytest.fixture
def complaints(read: Reader) -> Complainer:
    """``complaints(...)``, called as ``read``, lists the problems as the owner reads them; none is a failure."""

    def complain(text: str | bytes, *overrides: str, environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            read(text, *overrides, environ=environ)
        assert caught.value.problems, "an error without a problem tells nobody anything"
        assert all("\n" not in str(problem) for problem in caught.value.problems)
        return [str(problem) for problem in caught.value.problems]

    return complain
