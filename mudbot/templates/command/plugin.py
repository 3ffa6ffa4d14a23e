"""!sketch: shares gold among people."""

from mudbot import Plugin, command


class Sketch(Plugin):
    # Words become arguments; who writes them wrong is told the usage.  What is returned is the answer.
    @command("sketch", cooldown=2)
    async def share(self, gold: int, people: int = 2) -> str:
        """share gold among people"""
        if gold < 0 or people < 1:
            return "There is nothing to share."
        each, rest = divmod(gold, people)
        return f"{each} for each, {rest} left over."
