"""``python -m bench.triggers``, with ``--quick`` for less of it within a minute."""

from __future__ import annotations

import sys

from bench.triggers import main

if __name__ == "__main__":
    main(quick="--quick" in sys.argv[1:])
