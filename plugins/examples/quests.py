"""Keeps a log of the character's quests: !quests, !quests done.

plugins:
  quests:
    most: 10    # so many are listed
"""

from dataclasses import dataclass
from typing import Literal

from mudbot import Plugin, command, trigger


@dataclass(frozen=True)
class Config:
    most: int = 10


@dataclass
class Quest:
    """A row of the table: what is kept of a quest, over restarts as well."""

    title: str
    reward: int
    done: bool = False
    id: int = 0  # the table fills it in


class Quests(Plugin):
    config: Config
    texts = """
    en: {quest: "{title} ({reward} gold)", none: "None."}
    zh: {quest: "{title}（{reward} 两）", none: "没有。"}
    """

    async def start(self) -> None:
        self.quests = self.store.table("quests", Quest)

    # Two lines, one right after the other.  \n parts them in an example.
    @trigger(
        all_of=[r"^You accept the quest: (?P<title>.{1,80})$", r"^Reward: (?P<reward>\d+) gold$"],
        example="You accept the quest: Rats in the cellar\nReward: 50 gold",
    )
    @trigger(all_of=[r"^你接受了任务：(?P<title>.{1,40})$", r"^报酬：(?P<reward>\d+) ?两"])
    async def accepted(self, title: str, reward: int) -> None:
        if not await self.quests.count(title=title, done=False):
            await self.quests.insert(Quest(title, reward))

    @trigger(r"^Quest completed: (?P<title>.{1,80})$", example="Quest completed: Rats in the cellar")
    @trigger(r"^你完成了任务：(?P<title>.{1,40})$")
    async def finished(self, title: str) -> None:
        await self.quests.update({"done": True}, title=title, done=False)

    @command("quests", "任务", cooldown=2, zh="我在做的任务；done：做完的")
    async def listed(self, which: Literal["open", "done"] = "open") -> str:
        """what I am to do, or have done"""
        found = await self.quests.find(done=which == "done", order="-reward", limit=self.config.most)
        return "; ".join(self.t("quest", title=each.title, reward=each.reward) for each in found) or self.t("none")
