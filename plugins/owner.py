"""For owners, in private: !mute, !unmute, !say, and !budget, what was spent and what is left."""

import re

from mudbot import Command, MudbotError, Plugin, RefusedError, Rest, Speech, UsageError, command

UNITS = {"": 60, "s": 1, "m": 60, "h": 3600, "d": 86400, "秒": 1, "分": 60, "分钟": 60, "小时": 3600, "天": 86400}
MONTH = 30 * 86400


class Owner(Plugin):
    @command("mute", "禁言", zh="不听某人的话：90秒、10分、2小时", role="owner", usage={"zh": "<名字> [多久=10分]"})
    async def mute(self, name: str, time: str = "10m") -> str:
        """hear nothing of somebody for a while: 90s, 10m, 2h, 1d"""
        found = re.fullmatch(rf"(\d{{1,6}})\s*({'|'.join(UNITS)})", time.casefold())
        if found is None or not (seconds := min(int(found[1]) * UNITS[found[2]], MONTH)):
            raise UsageError
        if name.casefold() in self.bot.owners:
            return self.t("owner", name=name)
        if self.mud.colleague(Speech("tell", name, None)):
            return self.t("own", name=name)
        self.bot.mute(name, seconds)
        return self.t("mute", name=name, time=self.lasting(seconds))

    @command("unmute", "解禁", zh="再听某人的；不加名字则列出", role="owner", usage={"zh": "[名字]"})
    async def unmute(self, name: str = "") -> str:
        """hear somebody again; without a name, who is muted"""
        if name:
            return self.t("unmute", name=name) if self.bot.unmute(name) else self.t("heard", name=name)
        muted = [self.t("each", name=who, time=self.lasting(left)) for who, left in list(self.bot.muted.items())[:20]]
        return self.t("muted", names=self.t("comma").join(muted)) if muted else self.t("nobody")

    @command("say", "说", zh="替你在屋里说一句", role="owner", usage={"zh": "<文字...>"})
    async def say(self, command: Command, text: Rest) -> str:
        """say something in the room"""
        try:
            said = await self.mud.say(await self.ai.review(text, source="model", speaker=command))
        except RefusedError as exc:
            return self.t("refused", why=str(exc)[:100])
        return self.t("said") if said else self.t("unsaid")

    @command("budget", "预算", cooldown=2, zh="花了多少，还剩多少", role="owner")
    async def budget(self) -> list[str]:
        """what was spent, and what is left"""
        try:
            calls, usd = await self.bot.means.today()
            shares = await self.bot.means.shares()
        except MudbotError as exc:
            self.log.warning("the books cannot be read: %s", exc)
            return [self.t("books")]
        found = [self.t("today", calls=calls, usd=usd)]
        for share in shares:
            name = self.t(share.scope, name=share.name)
            found.append(self.t("share", what=name, spent=share.spent, bound=share.bound, left=share.left))
        return found if shares else [*found, self.t("unbounded")]

    def lasting(self, seconds: float) -> str:
        for size, unit in ((86400, "days"), (3600, "hours"), (60, "minutes")):
            if (count := seconds / size) >= 1:
                return self.t(unit, count=round(count, 1) if count % 1 and count < 10 else round(count))
        return self.t("seconds", count=round(seconds))
