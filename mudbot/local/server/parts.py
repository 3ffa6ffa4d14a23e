"""What the server is made of, as Protocols: the painter, the embedder, the filter, the language model.

The real ones are imported when they are first used; tests and other programs may put in their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mudbot.clock import Clock, SystemClock
from mudbot.errors import LocalError
from mudbot.local.llm import TextModel, open_model


class Painted(Protocol):
    """A picture."""

    def png(self) -> bytes:
        """The picture as a file."""

    def caption(self, language: str) -> str:
        """What was drawn, in a sentence of *language* (``en`` or ``zh``)."""


class Paint(Protocol):
    """The painter; blocks for about a second."""

    def __call__(self, prompt: str, *, size: tuple[int, int], seed: int | None) -> Painted:
        """A picture of *prompt*; *seed* None takes one from the prompt."""


class Embeds(Protocol):
    """The embedder; blocks for milliseconds a text."""

    def vectors(self, texts: Sequence[str], *, query: bool = False) -> Any:
        """An array of float32, one row a text."""

    def tokens(self, texts: Sequence[str]) -> int:
        """How many tokens they are."""


class Judged(Protocol):
    """What the filter thinks of a text, in the moderation API's words."""

    @property
    def flagged(self) -> bool:
        """Whether any category applies."""

    @property
    def categories(self) -> Mapping[str, bool]:
        """Which."""

    @property
    def category_scores(self) -> Mapping[str, float]:
        """How surely, 0 to 1."""


class Judges(Protocol):
    """The filter; blocks for milliseconds a text."""

    def classify(self, texts: Sequence[str]) -> Sequence[Judged]:
        """A judgement each."""


def _paint(prompt: str, *, size: tuple[int, int], seed: int | None) -> Painted:
    try:
        from mudbot.local.painter import paint
    except ImportError as error:
        raise _missing("the painter", error) from error
    return paint(prompt, size=size, seed=seed)


def _embedder() -> Embeds:
    try:
        from mudbot.local.embed import Embedder
    except ImportError as error:
        raise _missing("the embedder", error) from error
    return Embedder()


def _filter(embedder: Any) -> Judges:
    try:
        from mudbot.local.filter import Filter
    except ImportError as error:
        raise _missing("the filter", error) from error
    return Filter(embedder)


def _missing(part: str, error: ImportError) -> LocalError:
    return LocalError(f"{part} needs the package {error.name}: pip install 'mudbot[local]'")


@dataclass(frozen=True, slots=True)
class Parts:
    """The makers of the parts; the defaults are the shipped ones."""

    text: Callable[[str], TextModel] = open_model
    """Opens the language model of that name without loading it.  Raises ModelMissingError."""
    paint: Paint = _paint
    embedder: Callable[[], Embeds] = _embedder
    judge: Callable[[Any], Judges] = _filter
    """Makes the filter from the embedder."""
    clock: Clock = SystemClock()  # noqa: RUF009 -- it has no state
