"""Unfit words are hidden, refused or answered for, as the owner chose by category; players' and the model's alike."""

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from mudbot import ApiError, Duration, Masked, Plugin, StoreError, Text, review

Category = Literal[
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic", "other",
]  # fmt: skip
OnPlayer = Literal["allow", "mask", "refuse", "warn", "mute", "tell"]  # what is not allowed or masked is refused
OnModel = Literal["allow", "mask", "refuse", "tell"]  # tell: the owners

PLAYER: dict[str, Any] = {
    "violence": "allow",  # people kill dragons here
    "harassment": "warn",
    "harassment/threatening": ["warn", "tell"],
    "hate": "warn",
    "hate/threatening": ["mute", "tell"],
    "illicit/violent": ["refuse", "tell"],
    "self-harm": "warn",  # with kind words: see the texts
    "self-harm/intent": ["warn", "tell"],
    "sexual": "warn",
    "sexual/minors": ["mute", "tell"],
    "other": "refuse",
}
MODEL: dict[str, Any] = {"violence": "allow", "sexual/minors": ["refuse", "tell"], "other": "refuse"}


@dataclass(frozen=True)
class Config:
    first: Literal["api", "local"] = "api"  # whom to ask first; the filter alone stands in for an API that is away
    only: Literal["api", "local"] | None = None  # nobody else is asked
    when_away: Literal["refuse", "allow"] = "refuse"  # what happens to a text that nobody could judge
    player: dict[Category, OnPlayer | list[OnPlayer]] = field(default_factory=dict)  # instead of PLAYER, by category
    model: dict[Category, OnModel | list[OnModel]] = field(default_factory=dict)  # instead of MODEL
    allow: list[str] = field(default_factory=list)  # categories that pass either way
    thresholds: dict[Category, float] = field(default_factory=dict)  # scores from which on a category counts
    words: list[str] = field(default_factory=list)  # that are masked besides those that mudbot knows
    mute: Duration = 600.0  # how long
    warn_every: Duration = 3600.0  # one player is warned at most once in this time
    remember: Duration = 600.0  # the same text is judged once in this time


class Moderation(Plugin):
    config: Config

    @classmethod
    def states(cls, config: Config) -> str:
        both = (
            "the API, or the local filter while it is away" if config.first == "api" else "the local filter and the API"
        )
        closed = "refused (fails closed)" if config.when_away == "refuse" else "let through (fails open)"
        return f"judged by {config.only or both}; text that nobody can judge is {closed}"

    async def start(self) -> None:
        self.known: dict[str, tuple[float, Any]] = {}
        self.until: dict[str, float] = {}  # until when who is not warned again; outlasts a restart
        try:
            self.until = await self.store.get("until", {})
        except StoreError as exc:
            self.log.warning("who was warned is forgotten: %s", exc)
        self.log.info("%s", self.states(self.config))

    @review
    async def check(self, text: Text) -> str | Masked | None:
        result = await self.judge(text)
        if result is None:
            return "moderation does not answer" if self.config.when_away == "refuse" else None
        wanted = {name: self.policy(name, text.source) for name in self.found(result)}
        unfit = [name for name, actions in wanted.items() if "allow" not in actions]
        deeds = {action for actions in wanted.values() for action in actions} - {"allow"}
        if not deeds:
            return None
        hidden = unfit and all("mask" in wanted[name] for name in unfit)
        masked = Masked.of(text.words, self.config.words) if hidden else None  # where no word is found it is refused
        reason = ", ".join(sorted(unfit or wanted))
        fate = "mask" if masked else "refuse" if unfit else "allow"
        done = [fate, *sorted(deeds & {"warn", "mute", "tell"})]
        self.notes.decision(f"{reason}: {', '.join(done)}", text.words, source=text.source, speaker=text.speaker)
        self.log.info("%s, from %s to %s: %s", ", ".join(done), text.source, text.speaker, reason)
        self.spawn(self.act(text, reason, deeds))
        return masked or (reason if unfit else None)

    async def judge(self, text: Text) -> Any:
        """What the first who answers says of *text*; None if nobody does."""
        config, now, judged = self.config, self.clock.now(), None
        until, kept = self.known.get(text.words, (0.0, None))
        if until > now:
            return kept
        order = ("local", "api") if config.first == "local" else ("api", "local")
        for by in (config.only,) if config.only else order:
            try:
                answer = await self.ai.moderate(text.words, speaker=text.speaker, local=by == "local")
            except ApiError as exc:
                self.log.warning("moderation by %s does not answer (when_away: %s): %s", by, config.when_away, exc)
                continue
            judged = answer.results[0]
            if by == "api" or self.found(judged):
                break  # what the local filter passes the API sees as well
        if judged is not None:
            self.known[text.words] = (now + config.remember, judged)
            if len(self.known) > 1000:
                del self.known[next(iter(self.known))]
        return judged

    def found(self, result: Any) -> list[str]:
        """The categories that *result* names: by the owner's thresholds, else as the judge flagged it."""
        scores, own = result.category_scores, self.config.thresholds
        flagged = {name for name, hit in result.categories.items() if hit and result.flagged}
        if result.flagged and not flagged:
            return ["flagged"]
        return sorted(flagged - set(own)) + [name for name, least in own.items() if (scores.get(name) or 0) >= least]

    def policy(self, name: str, source: str) -> list[str]:
        """What is to happen for the category *name*: its own, else that of what it is part of, else of all others."""
        if name in self.config.allow:
            return ["allow"]
        chosen = PLAYER | self.config.player if source == "player" else MODEL | self.config.model
        actions = next(chosen[key] for key in (name, name.partition("/")[0], "other") if key in chosen)
        return [actions] if isinstance(actions, str) else list(actions)

    async def act(self, text: Text, reason: str, deeds: set[str]) -> None:
        who = " ".join((text.speaker or "").split()).casefold()
        if "mute" in deeds and who:
            for name in {who, ((text.speech and text.speech.id) or who).casefold()}:
                self.bot.mute(name, self.config.mute)
        if deeds & {"warn", "mute"} and who and self.due(f"warned {who}", self.config.warn_every):
            zh = re.search("[\u4e00-\u9fff]", text.words) or (self.language == "zh" and len(text.words) < 12)
            key = "care" if reason.startswith("self-harm") else "muted" if "mute" in deeds else "warning"
            words = self.t.for_("zh" if zh else "en")(key, minutes=max(1, round(self.config.mute / 60)))
            await self.mud.tell(text.speech or text.speaker or "", words)
        if "tell" in deeds and self.due("told", 60.0):
            await self.bot.tell_owners(self.t("told", who=text.speaker or "?", reason=reason, words=text.words[:80]))
        try:
            await self.store.set("until", self.until)
        except StoreError as exc:
            self.log.warning("warnings will not outlast a restart: %s", exc)

    def due(self, key: str, seconds: float) -> bool:
        now = self.clock.wall()
        self.until = {name: until for name, until in self.until.items() if until > now}
        return key not in self.until and bool(self.until.setdefault(key, now + seconds))
