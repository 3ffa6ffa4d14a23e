"""Carries out `triggers:` of config.yaml: says, sends and asks what they want; !triggers for owners."""

from mudbot import Command, Deed, MudbotError, Plugin, Speech, command

ASKING = 4  # questions at the model at the same time: the other workers are for what must not wait
WORDS = {
    "en": {
        "group": "{name}: {state}; triggers: {size}, fired: {fired}",
        "alone": "without a group: triggers: {size}, fired: {fired}",
        "more": "more: {names}",
        "none": "There are no triggers.",
        "done": "{name} is {state} now (triggers: {count}).",
        "unknown": "There is no group or trigger {name}.",
        "nearest": "There is no group or trigger {name}; did you mean {nearest}?",
        "usage": "Say {prefix}trigger on GROUP, or {prefix}trigger off GROUP.",
        "on": "on",
        "off": "off",
    },
    "zh": {
        "group": "{name}：{state}，{size} 条，触发 {fired} 次",
        "alone": "未分组：{size} 条，触发 {fired} 次",
        "more": "还有：{names}",
        "none": "没有触发器。",
        "done": "{name} 已{state}（{count} 条）。",
        "unknown": "没有名为 {name} 的组或触发器。",
        "nearest": "没有名为 {name} 的组或触发器；是不是 {nearest}？",
        "usage": "请说 {prefix}触发 开 组名，或 {prefix}触发 关 组名。",
        "on": "开",
        "off": "关",
    },
}
SWITCH = {"on": True, "off": False, "开": True, "关": False}


class Triggers(Plugin):
    concurrency = 2 * ASKING

    async def start(self) -> None:
        self.asking = 0
        self.bot.triggers.carry_out(self.act)

    async def act(self, deed: Deed) -> None:
        try:
            if deed.commands:
                await self.mud.send(*deed.commands)
        except MudbotError as exc:  # not one plain line in this MUD's letters
            self.log.warning("trigger %s: nothing is sent: %s", deed.trigger, exc)
            return
        if deed.reply:
            await self.say(deed, deed.reply)
        if deed.prompt:
            await self.ask(deed, deed.prompt)

    async def say(self, deed: Deed, text: str) -> None:
        """Where the trigger was set off; in the room, unless that were to tell all what one said in private."""
        speech = deed.speech
        if speech is None or not (speech.private or self.mud.can_answer(speech)):
            await self.mud.say(text)
        elif not self.mud.colleague(speech):
            await self.mud.reply(speech, text)

    async def ask(self, deed: Deed, prompt: str) -> None:
        if self.asking >= ASKING:
            self.log.warning("trigger %s: not asked: %d questions are at the model already", deed.trigger, self.asking)
            return
        speech = deed.speech or Speech("say", None, None)
        self.asking += 1
        try:
            asked = Speech("say", speech.speaker, prompt, speech.id)
            answer = await self.ai.answer(asked, self.mud.room, memory=False)
        finally:
            self.asking -= 1
        if answer.source == "model":  # what the character says where it knows no answer would fit nothing here
            await self.say(deed, answer.text)

    @command("triggers", "trigger", "触发器", "触发", cooldown=1, zh="触发器：列出、开、关", role="owner")
    async def switch(self, command: Command) -> None:
        """triggers: which there are; on or off GROUP"""
        words = WORDS[self.language]
        order, name = self.read(command.rest)
        if not command.rest:
            lines = self.listed()
        elif order is None or not name:
            lines = [words["usage"].format(prefix=self.bot.prefix)]
        elif count := self.bot.triggers.switch(name, on=order):
            lines = [words["done"].format(name=name, state=words["on" if order else "off"], count=count)]
        else:
            nearest = self.bot.triggers.nearest(name)
            lines = [words["nearest" if nearest else "unknown"].format(name=name, nearest=nearest)]
        for line in lines:
            await self.mud.reply(command, line)

    def read(self, rest: str) -> tuple[bool | None, str]:
        """`on combat`, `开战斗`: whether on, and what."""
        first, _, name = rest.partition(" ")
        if first[:1] in ("开", "关"):  # Chinese is written without spaces
            return SWITCH[first[0]], f"{first[1:]} {name}".strip()
        return SWITCH.get(first.casefold()), name.strip()

    def listed(self) -> list[str]:
        """The groups, the outer ones first, in four lines at most."""
        words, groups = WORDS[self.language], self.bot.triggers.groups()
        names = sorted(groups, key=lambda name: (name.count("/"), name))
        lines = [
            words["group"].format(
                name=name,
                state=words["on" if groups[name].on else "off"],
                size=groups[name].size,
                fired=groups[name].fired,
            )
            for name in names
        ]
        if alone := [trigger for trigger in self.bot.triggers if not trigger.group]:
            lines.insert(0, words["alone"].format(size=len(alone), fired=sum(trigger.fired for trigger in alone)))
        if len(lines) > 4:
            names = names[3 - len(lines) :]
            more = ", ".join(name if groups[name].on else f"{name} ({words['off']})" for name in names)
            lines[3:] = [words["more"].format(names=more if len(more) < 150 else f"{more[:150]}…")]
        return lines or [words["none"]]
