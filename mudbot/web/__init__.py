"""Pictures behind short links, and whether the bot is alive."""
