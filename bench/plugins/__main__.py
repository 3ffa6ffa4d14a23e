"""``python -m bench.plugins``."""

from __future__ import annotations

from bench.plugins import main

if __name__ == "__main__":
    main()
