"""Patterns that run away, found before they do."""

from mudbot.triggers.lint.check import Finding, lint

__all__ = ["Finding", "lint"]
