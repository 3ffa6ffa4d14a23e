"""Plugins: declare, load, run, contain."""
