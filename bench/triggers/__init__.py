"""Ten thousand triggers at the speed of ten: ``make bench-triggers``."""

from __future__ import annotations


def main(*, quick: bool = False) -> None:
    """Print the table, within ten minutes; with *quick* less of it, within one."""
    # Not above: a rival runs parts of this package in an environment of its own.
    from bench.triggers import run

    run.main(quick=quick)
