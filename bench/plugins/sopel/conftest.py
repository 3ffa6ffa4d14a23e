import pytest
from sopel.tests import rawlist

CORE = "[core]\nnick = Bot\nowner = Owner\nprefix = !\nflood_max_wait = 0\nextra = {folder}\nenable = {name}\n"


@pytest.fixture
def irc(configfactory, botfactory, ircfactory, request):
    def irc(name, settings=""):
        core = CORE.format(folder=request.path.parent, name=name)
        bot = botfactory.preloaded(configfactory("test.cfg", f"{core}[{name}]\n{settings}\n"), [name])
        server = ircfactory(bot)
        server.channel_joined("#inn")
        return server

    return irc


@pytest.fixture
def said():
    def said(irc, *lines):
        sent = [line for line in irc.bot.backend.clear_message_sent() if line.startswith(b"PRIVMSG")]
        return sent == rawlist(*(f"PRIVMSG #inn :{line}" for line in lines))

    return said
