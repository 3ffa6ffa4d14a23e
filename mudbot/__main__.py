"""``python -m mudbot``."""

from mudbot.cli import main

main()
