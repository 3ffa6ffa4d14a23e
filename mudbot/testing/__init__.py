"""What tests need, shipped for plugin authors."""

from mudbot.testing.clock import FakeClock

__all__ = ["FakeClock"]
