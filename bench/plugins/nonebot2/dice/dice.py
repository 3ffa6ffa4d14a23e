"""!roll 2d6+1"""

import random
import re

from nonebot import on_command
from nonebot.adapters import Message
from nonebot.params import CommandArg

roll = on_command("roll")


@roll.handle()
async def _(args: Message = CommandArg()):
    text = args.extract_plain_text().strip()
    match = re.fullmatch(r"(\d{1,3})?d(\d{1,4})([+-]\d{1,4})?", text)
    count, sides, more = (int(n or d) for n, d in zip(match.groups(), (1, 0, 0))) if match else (0, 0, 0)
    if 1 <= count <= 100 and 2 <= sides <= 1000:
        await roll.finish(f"{text}: {sum(random.randint(1, sides) for _ in range(count)) + more}")
    await roll.finish("Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)")
