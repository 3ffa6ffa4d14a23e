"""Reviewers judge every text; the first reason wins, and where one cannot judge the text is refused."""

from __future__ import annotations

import asyncio

import pytest

from mudbot import Masked, Plugin, Speech, Text, review
from mudbot.host import running as running_module
from mudbot.host.host import Host
from mudbot.host.running import MAX_FAILURES
from tests.host.host_fakes import Watched, named


class Judge(Watched):
    verdict: str | Masked | None = None

    @review
    async def judge(self, text: Text) -> str | Masked | None:
        self.did.append(text)
        return self.verdict


def judge(name: str, verdict: str | Masked | None) -> Judge:
    plugin = named(name, Judge)
    assert isinstance(plugin, Judge)
    plugin.verdict = verdict
    return plugin


class Broken(Plugin):
    @review
    async def judge(self, text: Text) -> str | None:
        raise KeyError(text.words)


async def test_without_reviewers_everything_passes(host: Host) -> None:
    assert await host.review("hello", "player") is None


async def test_a_reviewer_learns_what_whence_and_by_whom(host: Host) -> None:
    plugin = judge("a", None)
    await host.add(plugin)
    assert await host.review("hello", "player", "Ann") is None
    assert await host.review("welcome", "model") is None
    assert plugin.did == [Text("hello", "player", "Ann"), Text("welcome", "model", None)]


async def test_the_first_reason_wins_in_the_order_of_the_plugins(host: Host) -> None:
    """Later reviewers are not asked any more: a moderation call costs time and money."""
    judges = [judge("a", None), judge("b", "rude"), judge("c", "violent")]
    for plugin in judges:
        await host.add(plugin)
    assert await host.review("hello", "player") == "rude"
    assert [len(plugin.did) for plugin in judges] == [1, 1, 0]


async def test_a_reviewer_that_raises_refuses(host: Host, caplog: pytest.LogCaptureFixture) -> None:
    await host.add(named("broken", Broken))
    assert await host.review("hello", "player") == "reviewer broken failed"
    assert "plugin broken failed in judge: KeyError" in caplog.text


async def test_a_paused_reviewer_refuses_still(host: Host) -> None:
    """A plugin that is paused for its failures must not let everything through."""
    await host.add(named("broken", Broken))
    for _ in range(MAX_FAILURES + 2):
        assert await host.review("hello", "player") == "reviewer broken failed"
    assert host.running["broken"].paused


async def test_an_empty_reason_refuses(host: Host) -> None:
    """Only None passes: a reviewer that says '' has objected, without words."""
    await host.add(judge("a", ""))
    assert await host.review("hello", "player") == "reviewer a gave no reason"


async def test_a_reviewer_that_hangs_refuses(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hangs(Watched):
        @review
        async def judge(self, text: Text) -> str | None:
            await self.gate.wait()
            return None

    monkeypatch.setattr(running_module, "DEADLINE", 0.001)
    await host.add(named("hangs", Hangs))
    assert await host.review("hello", "player") == "reviewer hangs failed"


async def test_a_cancelled_question_is_no_failure_of_the_reviewer(host: Host) -> None:
    """Whoever asks may walk away; that is neither a verdict nor a fault."""

    class Hangs(Watched):
        @review
        async def judge(self, text: Text) -> str | None:
            await self.gate.wait()
            return None

    await host.add(named("hangs", Hangs))
    asking = asyncio.create_task(host.review("hello", "player"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert host.running["hangs"].failures == 0


async def test_all_reviewers_of_one_plugin_are_asked(host: Host) -> None:
    class Two(Watched):
        @review
        async def first(self, text: Text) -> str | None:
            self.did.append("first")
            return None

        @review
        async def second(self, text: Text) -> str | None:
            self.did.append("second")
            return "no"

    plugin = Two()
    await host.add(plugin)
    assert await host.review("hello", "player") == "no"
    assert plugin.did == ["first", "second"]


async def test_a_masked_text_goes_on_to_the_next_reviewer(host: Host) -> None:
    """What the last of them made of it is what may be sent or said."""
    judges = [judge("a", Masked("a *** text")), judge("b", None), judge("c", Masked("*** ***"))]
    for plugin in judges:
        await host.add(plugin)
    assert await host.review("a bad text", "player") == Masked("*** ***")
    shown = [text.words for plugin in judges for text in plugin.did if isinstance(text, Text)]
    assert shown == ["a bad text", "a *** text", "a *** text"]


async def test_a_reason_outweighs_what_was_masked(host: Host) -> None:
    for plugin in (judge("a", Masked("a *** text")), judge("b", "rude")):
        await host.add(plugin)
    assert await host.review("a bad text", "player") == "rude"


async def test_a_mask_that_leaves_nothing_refuses(host: Host) -> None:
    await host.add(judge("a", Masked(" ")))
    assert await host.review("bad", "player") == "reviewer a left nothing of it"


async def test_a_reviewer_is_given_what_the_speaker_said_last(host: Host) -> None:
    plugin = judge("a", None)
    await host.add(plugin)
    speech = Speech("say", "Ann", "hello")
    host.hear([speech])
    await host.review("hello", "player", "Ann")
    assert plugin.did[-1] == Text("hello", "player", "Ann", speech)
