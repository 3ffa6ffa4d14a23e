"""Command injection: what is said is never a command, measured by the gate's own bars with models of the servers."""

from __future__ import annotations

from mudbot.mud import dialect
from mudbot.mud.gate import Gate
from tests.mud import test_gate_bars as bars
from tests.mud.hostile import CHANNELS, TARGETS, corpus
from tests.reliability.figures import figure, times

ROW = "command injection"
CODECS = bars.CODECS[times(0, quick=1) :: times(1, quick=2)]
"""In CI gbk, big5 and cp1251, in which second bytes and IAC are letters'."""
STRINGS = corpus()[:: times(1, quick=8)]
"""In CI every eighth: tests/mud/test_gate_bars.py goes through all of them anyway."""


def test_no_code_point_of_unicode_becomes_a_forbidden_byte() -> None:
    """Every code point in every codec that is offered; characters that end in a metacharacter stay."""
    bad = [found for codec in CODECS for found in bars.bad_bytes("evennia", codec, bars.chunks(bars.EVERY, 480))]
    figure(ROW, "0 forbidden bytes", f"{len(bad)} of {len(bars.EVERY):,} code points x {len(CODECS)} codecs")
    assert bad == []
    for codec in ("gbk", "big5"):
        bars.test_characters_that_end_in_a_metacharacter_stay(codec)


def test_no_hostile_string_is_a_foreign_command() -> None:
    """Every dialect, every verb, every string; hostile addressees and channels as well."""
    found, sent = [], 0
    for name in bars.PRESENT:
        model = bars.MODELS[name]
        gate = Gate(dialect.load(name), encoding := model.ENCODINGS[0])
        for verb in bars.VERBS:
            target = bars.target_of(model, verb)
            said = [(one.text, target) for one in STRINGS] if bars.has(gate, model, verb) else []
            if verb in ("tell", "channel"):
                said += [("hello there", bars.cleaned(each)) for each in (*TARGETS, *CHANNELS)]
            for text, whom in said:
                lines = bars.sent(gate, verb, text, whom)
                sent += len(lines)
                found += [(name, verb, text)] if bars.wrong(model, lines, encoding, verb, whom) else []
    bar = f"0 foreign commands of >= 5,000 strings x {len(bars.PRESENT)} dialects x say, tell, channel, emote"
    figure(ROW, bar, f"{len(found)} of {sent:,} lines from {len(STRINGS):,} strings")
    assert len(corpus()) >= 5000
    assert found == []


def test_without_the_gate_the_same_check_sees_them() -> None:
    """The positive control: what is sent raw is found, or the row above would prove nothing."""
    worst = 1.0
    for name in bars.NAMES:
        model = bars.MODELS[name]
        hits = [bars.detected(model, one) for one in STRINGS if one.families & model.FAMILIES]
        known = [hit for hit in hits if hit is not None]
        worst = min(worst, sum(known) / len(known))
    figure(ROW, ">= 95 % detected with the gate off", f"{worst:.1%} in the worst dialect")
    assert worst >= 0.95


def test_ordinary_text_is_kept() -> None:
    """English and Chinese lines reach the listeners as they were said."""
    worst = 1.0
    for name in bars.PRESENT:
        model = bars.MODELS[name]
        gate = Gate(dialect.load(name), encoding := model.ENCODINGS[0])
        texts = [text for each in ("en", "zh") for text in bars.benign(each) if bars.speakable(model, text, encoding)]
        kept = sum(bars.heard(model, bars.sent(gate, "say", text, None), encoding).strip() == text for text in texts)
        worst = min(worst, kept / len(texts))
    figure(ROW, ">= 98 % of ordinary text kept", f"{worst:.1%} in the worst dialect")
    assert worst >= 0.98
