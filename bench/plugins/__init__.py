"""``python -m bench.plugins``: the same five plugins in five frameworks; every framework's tests, then lines of code.

README.md has the specification that all of them fulfil.
"""

from __future__ import annotations

from bench.plugins import count, proof


def main() -> None:
    """Run the tests of all and print the table."""
    for framework in count.FRAMEWORKS:
        print(f"plugins for {framework:9} {proof.tested(framework)}", flush=True)
    print()
    count.main()
