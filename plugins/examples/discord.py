"""Shows channels in Discord, by a webhook: all that is said within a few seconds in one message.

plugins:
  discord:
    permissions: {http: [discord.com]}
    webhook: https://discord.com/api/webhooks/123/secret    # or ${DISCORD_WEBHOOK}, from the environment
    channels: [chat]
"""

import re
from collections import deque
from dataclasses import dataclass

from mudbot import HttpError, Plugin, Secret, Speech, every, on


@dataclass(frozen=True)
class Config:
    webhook: Secret
    channels: tuple[str, ...] = ("chat",)


class Discord(Plugin):
    config: Config

    async def start(self) -> None:
        self.lines: deque[str] = deque(maxlen=200)  # where Discord is away for long, the oldest go
        self.not_before = 0.0

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        if speech.channel in self.config.channels and speech.text:
            self.lines.append(f"**{plain(speech.speaker or '?')}** {plain(speech.text)}")

    @every(3)
    async def post(self) -> None:
        if not self.lines or self.clock.now() < self.not_before:
            return
        taken = [self.lines.popleft()]
        while self.lines and sum(map(len, taken)) + len(taken) + len(self.lines[0]) < 2000:  # what Discord takes
            taken.append(self.lines.popleft())
        body = {"content": "\n".join(taken), "allowed_mentions": {"parse": []}}  # nobody is called by @everyone
        try:
            answer = await self.http.post(self.config.webhook.get_secret_value(), json=body)
            if answer.status != 429:  # too many
                answer.expect_ok()
                return
            wait = float(answer.json().get("retry_after", 60))
        except HttpError as exc:
            self.log.warning("Discord: %s", exc)
            wait, taken = 60.0, [] if 400 <= (exc.status or 0) < 500 else taken  # what it refuses it never takes
        self.not_before = self.clock.now() + wait
        self.lines.extendleft(reversed(taken))


def plain(text: str) -> str:
    """Without what Discord would show in another way, and no longer than a line should be."""
    return re.sub(r"([\\*_~`|\[\]])", r"\\\1", text[:500]).replace("@", "@\u200b")
