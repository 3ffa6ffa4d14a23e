"""Lines made at random of the pieces of each family's own: read without an error, at once, and never as another's."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mudbot.events import Line, Speech
from mudbot.mud.dialect import load
from mudbot.mud.ear import Ear
from mudbot.mud.login import Login
from mudbot.mud.questions import Questions
from mudbot.mud.room import read_room
from mudbot.mud.text import MAX_LINE
from tests.mud.test_dialect_families import ES2, HEARD, NAMES, OWN, SPOOFS, hear, news_of

FRAMES = {
    family: sorted({
        piece
        for line in [*(case[0] for case in HEARD[family]), *OWN[family], *SPOOFS.get(family, ())]
        for piece in re.split(r"(\s|[：﹕「」【】()\[\]<>\"',:])", line)
        if piece
    })
    for family in NAMES
}  # fmt: skip
NOISE = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=6)


def lines(family: str) -> st.SearchStrategy[str]:
    """Lines of the pieces that the family's own lines are made of, in any order, with noise between them."""
    return st.lists(st.sampled_from(FRAMES[family]) | NOISE, max_size=14).map("".join)


@pytest.mark.parametrize("family", NAMES)
@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_any_line_is_read_without_an_error_and_says_no_more_than_it_shows(family: str, data: st.DataObject) -> None:
    """Everything that a speech holds stands in the line, in order; emotes and own words name nobody; nobody is You."""
    rules = load(family)
    text = data.draw(lines(family))
    speech = rules.hear_line(Line(text))
    if speech is None:
        return
    if speech.kind in ("self", "emote"):
        assert speech == Speech(speech.kind, None, None)
        assert rules.answer_to(speech) is None
        return
    assert speech.text is not None
    assert speech.text in text
    assert speech.speaker is None or not speech.text or speech.speaker in text.partition(speech.text)[0]
    assert speech.speaker not in ("", "You", "你")
    assert speech.kind != "channel" or speech.channel
    route = rules.answer_to(speech)
    if route is not None and speech.kind in ("tell", "whisper"):
        assert route[1] is not None
        assert " " not in route[1] or family == "evennia"
        assert route[1].lower() in (str(speech.speaker).lower(), str(speech.id).lower())


@pytest.mark.parametrize("family", NAMES)
@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_whoever_speaks_first_on_a_line_is_who_is_heard(family: str, data: st.DataObject) -> None:
    """Whatever stands in Mallory's words, frames of others too: it is Mallory's, or nobody's."""
    mallory = "王五" if family in ES2 else "Mallory"
    frames = [case for case in HEARD[family] if case[3] and case[5]]
    line, _, _, speaker, ident, words = data.draw(st.sampled_from(frames))
    inner = data.draw(lines(family))
    at = line.rindex(words)
    forged = (line[:at].replace(speaker or "", mallory) + inner + line[at + len(words) :]) if speaker else line
    speech = hear(family, forged)
    assert speech is None or speech.speaker is None or speech.speaker == mallory
    assert speech is None or speech.id in (None, ident)


@pytest.mark.parametrize("family", NAMES)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_an_ear_loses_no_line_and_makes_none_up(family: str, data: st.DataObject) -> None:
    """All that goes in comes out once and in order, wrapped words joined; and nothing raises on the way."""
    rules = load(family)
    ear, asked, login = Ear(rules), Questions(rules), Login(rules, "Chen")
    texts = data.draw(st.lists(lines(family), max_size=12))
    heard = [entry for text in texts for entry in ear.hear(Line(text))] + ear.flush()
    for text in texts:
        asked.answer(text, "game", 0)
        read_room(rules, [text])
        news_of(rules, text)
    login.hear("".join(texts)) if not login.answered else None
    joint = rules.wrap.joint if rules.wrap else ""
    assert "".join("".join(line.text.split()) for line, _ in heard) == "".join("".join(text.split()) for text in texts)
    assert all(speech is not None for line, speech in heard if joint and line.text not in texts)


@pytest.mark.timeout(20)
@pytest.mark.parametrize("family", NAMES)
def test_a_line_as_long_as_can_be_is_read_at_once(family: str) -> None:
    """Repeated pieces of the family's own lines: a pattern that goes back over them again and again times out."""
    rules = load(family)
    patterns = [rules.compile(each.pattern) for each in rules.news]
    patterns += [rules.compile(each.when) for each in rules.questions]
    patterns += [rules.compile(pattern) for pattern in rules.detect.text]
    patterns += [rules.compile(step.when.replace("{name}", "Chen")) for step in rules.login.steps]
    patterns += [rules.compile(pattern) for pattern in (rules.login.success, rules.login.failure) if pattern]
    for piece in FRAMES[family][::2]:
        text = piece * (MAX_LINE // len(piece.encode()))
        for whole in (text, text + "!"):
            Ear(rules).hear(Line(whole))
            for pattern in patterns:
                pattern.search(whole)
