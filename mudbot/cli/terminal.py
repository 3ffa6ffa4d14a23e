"""The demo in a terminal: what the inn says above, what you type below."""

from __future__ import annotations

import asyncio

from mudbot.app import App
from mudbot.cli.guest import Guest
from mudbot.config import Config

WELCOME = {
    "en": """\
This is mudbot's tavern: a small text world on your own machine.  The innkeeper, Chen, is a bot with a small
language model of its own.  It wakes while you read this, up to half a minute on a slow machine; a line tells you when.

  say Good evening!          talk to the innkeeper (in the inn there are only the two of you)
  tell chen I am hungry      talk in private
  say !scene snow on the mountain path     have it painted; open the link in a browser
  look, south, west ...      walk about; help shows everything
  quit                       go home
""",
    "zh": """\
这里是 mudbot 的客栈：一个开在你自己机器上的小小文字世界。掌柜老陈是个机器人，脑子是一个小小的语言模型；
你读这几行字时它正在醒来，慢的机器要半分钟；醒了会有一行提示。

  说 掌柜的，来壶酒          和掌柜说话（楼里只有你们两位）
  告诉 老陈 我饿了           悄悄说
  说 !scene 山道落雪         请他画一幅画，链接用浏览器打开
  看、南、西……               四处走走；帮助 列出所有命令
  退出                       回家
""",
}


AWAKE = {"en": "(The innkeeper is awake.)", "zh": "（掌柜醒了。）"}


async def visit(config: Config) -> int:
    """Put the user into the inn until they leave; the exit status."""
    from prompt_toolkit import PromptSession, print_formatted_text
    from prompt_toolkit.formatted_text import FormattedText
    from prompt_toolkit.patch_stdout import patch_stdout

    language = config.sessions[0].language
    with patch_stdout():
        print_formatted_text(FormattedText([("ansicyan", WELCOME[language])]))
        app = App(config)
        await app.start()
        guest = Guest(app, print)
        prompt: PromptSession[str] = PromptSession("> ")
        reading: asyncio.Task[str] | None = None
        try:
            await guest.enter()
            if app.warmed is not None:
                app.warmed.add_done_callback(lambda _done: print(AWAKE[language]))
            over = asyncio.ensure_future(guest.over())
            while not over.done():
                reading = asyncio.ensure_future(prompt.prompt_async())
                await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
                if reading.done():
                    guest.type(reading.result())
        except (EOFError, KeyboardInterrupt):
            pass
        finally:
            if reading is not None:
                reading.cancel()
            guest.leave()
            await app.stop()
    return 0
