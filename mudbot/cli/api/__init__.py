"""``mudbot api RESOURCE.ACTION``: every call of the API, by the names of the old ``openai api``."""

from mudbot.cli.api.group import command

__all__ = ["command"]
