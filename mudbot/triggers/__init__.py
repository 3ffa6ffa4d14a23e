"""Patterns to handlers.  Pure: no asyncio, no MUD."""
