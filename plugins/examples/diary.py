"""A diary: each hour the model writes down what was said in the room; !diary dragons finds what comes nearest.

plugins:
  diary:
    permissions: {budget: 0.25}    # USD a day
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from operator import mul

from mudbot import ApiError, Command, Plugin, Rest, Speech, command, every, on


@dataclass
class Entry:
    at: datetime
    text: str
    meaning: list[float]  # a direction: texts that mean the like point the same way
    id: int = 0


class Diary(Plugin):
    texts = """
    en: {task: "Write two sentences of a diary about this talk.", none: "It is empty.", failed: "I lost my glasses."}
    zh: {task: "把这些谈话写成两句日记。", none: "日记还是空的。", failed: "老花镜不见了。"}
    """

    async def start(self) -> None:
        self.entries = self.store.table("entries", Entry)
        self.heard: list[str] = []

    @on(Speech)
    async def hear(self, speech: Speech) -> None:
        if speech.kind == "say" and speech.text:  # what was told in private stays there
            self.heard = [*self.heard, f"{speech.speaker}: {speech.text}"][-200:]

    @every("1h")
    async def write(self) -> None:
        if not self.heard:
            return
        now, talk, self.heard = datetime.fromtimestamp(self.clock.wall(), UTC), "\n".join(self.heard), []
        try:
            text = await self.ai.chat(talk, system=self.t("task"), priority="background")
            [meaning] = await self.ai.embed(text, priority="background")
            number = await self.entries.insert(Entry(now, text, meaning))
            await self.entries.delete(id__le=number - 300)  # so many are kept
        except ApiError as exc:
            self.log.warning("an hour is not in the diary: %s", exc)

    @command("diary", "日记", cooldown=5, zh="日记里与此最近的")
    async def search(self, command: Command, about: Rest) -> str:
        """what my diary says of something"""
        try:
            [wanted] = await self.ai.embed(about, speaker=command)
        except ApiError:
            return self.t("failed")
        best = sorted(await self.entries.find(), key=lambda entry: -sum(map(mul, entry.meaning, wanted)))[:2]
        return " ".join(f"({entry.at:%Y-%m-%d}) {entry.text}" for entry in best) or self.t("none")
