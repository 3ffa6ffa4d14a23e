"""The tavern: a small telnet MUD to try things out in, and for tests.

It speaks its own dialect, in English and Chinese, UTF-8 and GBK, with GMCP; or it takes on the manners of a family of
MUDs (`manners.DIALECTS`): login, formats, limits, prompts, flood rules, in the encodings they are found with.
``mudbot tavern`` and ``python -m mudbot.local.tavern`` run it on its own.
"""

from mudbot.local.tavern.flood import Offence
from mudbot.local.tavern.limits import Limits
from mudbot.local.tavern.manners import DIALECTS
from mudbot.local.tavern.server import Tavern

__all__ = ["DIALECTS", "Limits", "Offence", "Tavern"]
