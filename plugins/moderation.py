"""What players ask and what the model answers is checked; unfit text is not sent, not said, and noted."""

from dataclasses import dataclass, field
from typing import Literal

from mudbot import ApiError, Plugin, Text, review


@dataclass(frozen=True)
class Config:
    when_away: Literal["refuse", "allow"] = "refuse"  # what happens while the moderation endpoint does not answer
    allow: list[str] = field(default_factory=list)  # categories that pass here, for example: violence


class Moderation(Plugin):
    config: Config

    @review
    async def check(self, text: Text) -> str | None:
        try:
            result = (await self.ai.moderate(text.words, speaker=text.speaker)).results[0]
        except ApiError as exc:
            self.log.warning("moderation does not answer (when_away: %s): %s", self.config.when_away, exc)
            return "moderation does not answer" if self.config.when_away == "refuse" else None
        found = sorted(name for name, hit in result.categories.items() if hit)
        unfit = [name for name in found if name not in self.config.allow]
        if not result.flagged or (found and not unfit):
            return None
        reason = ", ".join(unfit) or "flagged"
        self.notes.decision(reason, text.words, source=text.source, speaker=text.speaker)
        self.log.info("refused, from %s to %s: %s", text.source, text.speaker, reason)
        return reason
