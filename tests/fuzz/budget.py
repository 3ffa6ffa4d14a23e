"""How much is tried: some seconds in CI, minutes in ``make fuzz``, which sets ``MUDBOT_FUZZ`` to examples a test.

What was found is kept in tests/fuzz/corpus, in Hypothesis' own form, and is tried first the next time.
"""

from __future__ import annotations

import os
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase, MultiplexedDatabase, ReadOnlyDatabase

CORPUS = Path(__file__).parent / "corpus"
_EXAMPLES = int(os.environ.get("MUDBOT_FUZZ") or 0)
_KEPT = DirectoryBasedExampleDatabase(CORPUS)

FUZZ = settings(
    max_examples=_EXAMPLES or 60,
    deadline=None,
    derandomize=False,
    # In CI the corpus is read only: what is found there is in its log.
    database=MultiplexedDatabase(_KEPT) if _EXAMPLES else ReadOnlyDatabase(_KEPT),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
