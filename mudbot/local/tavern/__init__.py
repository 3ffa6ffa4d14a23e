"""The tavern: a small telnet MUD to try things out in, and for tests.

In English and Chinese, UTF-8 and GBK, with GMCP.  ``python -m mudbot.local.tavern`` runs it on its own.
"""

from mudbot.local.tavern.link import Limits
from mudbot.local.tavern.server import Tavern

__all__ = ["Limits", "Tavern"]
