"""Whatever a file or a server says: character cards, configurations, event streams, headers of limits."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mudbot.api.limit.limits import Cost
from mudbot.api.limit.told import ToldLimit
from mudbot.api.wire.retry import told_wait
from mudbot.api.wire.sse import LONGEST, Parser
from mudbot.errors import BadAnswerError, ConfigError
from mudbot.mind.carding import convert
from mudbot.mind.cards import dump, parse, read_card
from tests.config import test_config_fuzz as config
from tests.fuzz.budget import FUZZ
from tests.mind import test_cards as cards

KEYS = st.sampled_from(
    ["name", "description", "personality", "scenario", "first_mes", "mes_example", "alternate_greetings", "extensions",
     "character_book", "entries", "keys", "content", "system_prompt", "tags", "creator_notes", "assets", "nickname",
     "enabled", "insertion_order", "secondary_keys", "selective", "use_regex", "position", "id", "case_sensitive"]
)  # fmt: skip
WORDS = st.sampled_from(
    [
        "{{char}}",
        "{{user}}",
        "<START>\n",
        "{{user}}: hi\n{{char}}: ho",
        "{{random:a,b}}",
        "(a+)+$",
        "\x1b[2J",
        "\u202e",
        "{{",
    ]
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(WORDS).map("".join),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=25,
)
CARDS = st.builds(
    lambda spec, data: {"spec": spec, "spec_version": "2.0", "data": {"name": "Chen", **data}},
    st.sampled_from(["chara_card_v2", "chara_card_v3"]),
    st.dictionaries(KEYS, VALUES, max_size=8),
)


def carried(value: object, way: int) -> bytes:
    """*value* as JSON, or in a picture."""
    if way == 0:
        return json.dumps(value).encode()
    keyword = ("chara", "ccv3")[way - 1]
    return cards.picture(cards.text(keyword, cards.packed(value)))


@FUZZ
@given(value=CARDS | VALUES, way=st.integers(0, 2), at=st.integers(0, 400), noise=st.binary(max_size=6))
def test_any_card_is_read_or_refused_with_a_remedy(value: object, way: int, at: int, noise: bytes) -> None:
    """Odd values in every field, in JSON and PNG, whole and with bytes overwritten; what is read can be written."""
    whole = carried(value, way)
    for data in (whole, whole[:at] + noise + whole[at + len(noise) :]):
        try:
            card = read_card(data, "card")
        except ConfigError as error:
            config.well_said(error)
            continue
        convert(card)
        assert parse(dump(card.value)) == card.value or not _plain(card.value)


def _plain(value: object) -> bool:
    """Whether *value* has no number that is none, which equals nothing."""
    if isinstance(value, dict):
        return all(map(_plain, value.values()))
    if isinstance(value, list):
        return all(map(_plain, value))
    return not (isinstance(value, float) and math.isnan(value))


@FUZZ
@given(start=st.integers(0, len(config.GOOD)), length=st.integers(0, 60), text=config.TEXTS, alone=st.booleans())
def test_any_configuration_is_one_or_refused(
    tmp_path: Path, start: int, length: int, text: str, *, alone: bool
) -> None:
    """YAML's own signs in any order, alone or within the shipped file."""
    path, piece = tmp_path / "config.yaml", text.encode("utf-8", "surrogatepass")
    path.write_bytes(piece if alone else config.GOOD[:start] + piece + config.GOOD[start + length :])
    config.outcome(path, environ={"X": "1"})


STREAM = st.lists(
    st.sampled_from([b"data: ", b"data", b":", b"\n", b"\r", b"\r\n", b"\n\n", b"event: x", b"id: \0", b"retry: 9e9",
                     b"[DONE]", b"\xef\xbb\xbf", "你".encode()[:2], b'{"choices":[]}'])
    | st.binary(max_size=9),
    max_size=40,
).map(b"".join)  # fmt: skip


@FUZZ
@given(data=STREAM, cuts=st.lists(st.integers(0, 300), max_size=8))
def test_any_event_stream_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    """No bytes are an error but a line that is too long."""

    def events(*pieces: bytes) -> list[object]:
        parser = Parser()
        return [event for piece in pieces for event in parser.feed(piece)]

    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    try:
        assert events(data) == events(*(data[a:b] for a, b in itertools.pairwise(edges)))
    except BadAnswerError:
        assert max(map(len, data.split(b"\n"))) > LONGEST


NUMBER = st.text(max_size=12) | st.sampled_from(
    ["1s", "6m0s", "1h2m3.5s", "12ms", "-1", "1e400", "nan", "inf", "0", "９", "1_0", "2026-11-23T12:00:00Z", "9" * 400,
     "Mon, 23 Nov 2026 12:00:00 GMT", "Mon, 23 Nov 99999 12:00:00 GMT", "1.5.5", " 7 ", "0x10", "1d", "-0s"]
)  # fmt: skip
PARTS = (
    *(f"{what}-{kind}" for what in ("limit", "remaining", "reset") for kind in ("requests", "tokens")),
    *("remaining", "reset", "limit", "requests-reset", "requests-remaining"),
)
NAMES = [f"{start}-{part}" for start in ("x-ratelimit", "anthropic-ratelimit") for part in PARTS]
HEADERS = st.dictionaries(st.sampled_from([*NAMES, "retry-after", "retry-after-ms", "date"]), NUMBER)


@FUZZ
@given(headers=HEADERS, now=st.floats(0, 1e9))
def test_any_headers_lead_to_a_bounded_wait(headers: dict[str, str], now: float) -> None:
    """Nothing is an error, no wait is negative, none is no number, and none is longer than a day."""
    told = ToldLimit()
    told.observe(headers, now)
    waited, _ = told.wait(Cost(1, 100, 0), now)
    told.take(Cost(1, 100, 0))
    asked = told_wait(headers, wall=1_700_000_000.0)
    for seconds in (waited, told.wait(Cost(1, 100, 0), now)[0], asked or 0.0):
        assert 0.0 <= seconds <= 86_400.0 + now * 1e-6
    assert repr(told)
