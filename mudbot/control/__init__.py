"""What the owner asks of a running bot from the same machine, over a socket in the store's folder.

``wire`` the messages · ``actions`` what can be asked · ``server`` listens in the bot · ``client`` asks.
"""
