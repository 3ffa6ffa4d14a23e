"""``make bench``: every benchmark, each against its rival in the same run; prints ratios.

Absolute times differ between machines, so nothing here is a test.  Of the trigger engine only a minute's worth is run;
``make bench-triggers`` measures all of it, in up to ten.
"""

from __future__ import annotations

import asyncio

from bench import (
    adapter,
    dashboard,
    first_words,
    floods,
    lines,
    memory,
    plugins,
    queue,
    reply_delay,
    sessions,
    shared,
    start_up,
    triggers,
)


def main() -> None:
    """Run all and print the table."""
    print("mudbot benchmarks: medians; each rival is measured in turn with ours\n")
    start_up.main()
    asyncio.run(reply_delay.main())
    first_words.main()
    lines.main()
    floods.main()
    sessions.main()
    asyncio.run(adapter.main())
    queue.main()
    shared.main()
    memory.main()
    dashboard.main()
    triggers.main(quick=True)
    plugins.main()


if __name__ == "__main__":
    main()
