"""Greets whoever arrives, at most once an hour each, and knows who was here before.

plugins:
  greeter:
    again: 1h    # nobody is greeted twice within this time
"""

from dataclasses import dataclass

from mudbot import Duration, Plugin, trigger


@dataclass(frozen=True)
class Config:
    again: Duration = 3600.0


class Greeter(Plugin):
    config: Config
    texts = """
    en:
      stranger: "Welcome, {who}! I have not seen you here before."
      known: "Good to see you again, {who}! Visits so far: {visits}."
    zh:
      stranger: "{who}，欢迎欢迎！头一回来吧？"
      known: "{who}，又见面了！这是第 {visits} 回了。"
    """

    # Two patterns, one method: the group `who` is its argument.  The examples are tried when the plugin loads.
    @trigger(r"^(?P<who>[A-Z]\w{1,30}) (?:has arrived|arrives|walks in)\b", example="Ann has arrived.")
    @trigger(r"^(?P<who>\w{2,6})走了过来。$", example="张三走了过来。")
    async def greet(self, who: str) -> None:
        now = self.clock.wall()
        before = await self.store.get(who, {"visits": 0, "last": 0.0})
        if now - before["last"] < self.config.again:
            return
        visits = before["visits"] + 1
        await self.store.set(who, {"visits": visits, "last": now})
        await self.mud.say(self.t("stranger", who=who) if visits == 1 else self.t("known", who=who, visits=visits))
