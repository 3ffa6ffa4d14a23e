"""Runs programs for a test run, and makes sure that none of them outlives it: mudbot's own."""

from mudbot.testing.servers import keeper
from mudbot.testing.servers.keeper import PATIENCE, group_alive, main, start, stop, wait_for_the_end

__all__ = ["PATIENCE", "group_alive", "main", "start", "stop", "wait_for_the_end"]

__file__ = keeper.__file__
"""What is run is the program itself."""
