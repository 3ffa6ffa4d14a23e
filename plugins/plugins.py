"""!plugin for owners: which plugins there are; reload, pause, resume, unload and load them."""

from mudbot import Command, MudbotError, Plugin, command

VERBS = {
    "list": "list", "列表": "list", "列出": "list",
    "reload": "reload", "重载": "reload", "重新加载": "reload",
    "resume": "resume", "恢复": "resume", "继续": "resume",
    "pause": "pause", "暂停": "pause",
    "load": "load", "加载": "load",
    "unload": "unload", "卸载": "unload",
}  # fmt: skip
DONE = {"reload": "reloaded", "load": "loaded", "unload": "unloaded"}
TEXTS = {
    "en": {
        "list": "Plugins: {names}",
        "running": "{name}",
        "paused": "{name} (paused)",
        "unloaded": "{name} (not loaded)",
        "reload": "{name} is reloaded.",
        "load": "{name} is loaded.",
        "unload": "{name} is unloaded.",
        "pause": "{name} rests.",
        "resume": "{name} goes on.",
        "all": "All is read again: {what}.",
        "restart": "This counts after a restart: {keys}.",
        "already": "{name} does so already.",
        "itself": "Then nobody could say {prefix}plugin any more: take it out of config.yaml, and reload.",
        "failed": "Nothing is changed: {why}",
        "usage": "Say {prefix}plugin list, or {prefix}plugin reload, pause, resume, load or unload and a name.",
    },
    "zh": {
        "list": "插件：{names}",
        "running": "{name}",
        "paused": "{name}（已暂停）",
        "unloaded": "{name}（未加载）",
        "reload": "{name} 已重载。",
        "load": "{name} 已加载。",
        "unload": "{name} 已卸载。",
        "pause": "{name} 已暂停。",
        "resume": "{name} 已恢复。",
        "all": "已全部重新读取：{what}。",
        "restart": "以下须重启后生效：{keys}。",
        "already": "{name} 本来就是这样。",
        "itself": "那样就再也没人能用 {prefix}插件 了：请从 config.yaml 中删去它，再重载。",
        "failed": "未作改动：{why}",
        "usage": "请说 {prefix}插件 列表，或 {prefix}插件 重载、暂停、恢复、加载、卸载，加上名字。",
    },
}
LONGEST = 200  # characters of an error that are told in the game; the log has all of it


class Plugins(Plugin):
    @command("plugin", "plugins", "插件", cooldown=1, zh="插件：列表、重载、暂停、恢复、加载、卸载", role="owner")
    async def manage(self, command: Command) -> None:
        """plugins: list; reload, pause, resume, load, unload NAME"""
        verb, name = read(command.rest)
        try:
            answers = await self.do(verb, name)
        except MudbotError as exc:
            why = " ".join(str(exc).split())
            self.log.warning("%s %s: %s", verb, name, why)
            answers = [self.text("failed", why=why if len(why) <= LONGEST else f"{why[:LONGEST]}…")]
        for answer in answers:
            await self.mud.reply(command, answer)

    async def do(self, verb: str, name: str) -> list[str]:
        plugins = self.bot.plugins
        if verb == "list":
            return [self.listed()]
        if verb == "reload" and not name and plugins.refresh is not None:
            outcome = await plugins.refresh()
            answers = [self.text("all", what=outcome)]
            keys = ", ".join(outcome.restart)
            return [*answers, self.text("restart", keys=keys)] if keys else answers
        if not verb or not name:
            return [self.text("usage", prefix=self.bot.prefix)]
        if name == self.name and verb in ("pause", "unload"):
            return [self.text("itself", prefix=self.bot.prefix)]
        if verb in DONE:
            await {"reload": plugins.reload, "load": plugins.load, "unload": plugins.unload}[verb](name)
            return [self.text(verb, name=name)]
        changed = plugins.pause(name) if verb == "pause" else plugins.resume(name)
        return [self.text(verb if changed else "already", name=name)]

    def listed(self) -> str:
        states = self.bot.plugins.states(self.mud.session)
        between = "、" if self.language == "zh" else ", "
        return self.text("list", names=between.join(self.text(each.state, name=each.name) for each in states))

    def text(self, key: str, **values: object) -> str:
        return TEXTS[self.language][key].format(**values)


def read(rest: str) -> tuple[str, str]:
    """`reload dice`, `重载dice`: what is to be done, and with which; without a word, list them."""
    if not rest.strip():
        return "list", ""
    first, _, name = rest.strip().partition(" ")
    verb = VERBS.get(first.casefold(), "")
    if not verb:  # Chinese is written without spaces
        alias = max((each for each in VERBS if not each.isascii() and first.startswith(each)), key=len, default="")
        verb, name = VERBS.get(alias, ""), f"{first[len(alias) :]} {name}"
    return verb, name.strip()
