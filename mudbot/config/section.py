"""What every part of the configuration is made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A part of the configuration: unknown keys refused, values frozen, nothing of them in pydantic's own errors."""

    # defer_build: the validators are built when a file is first read, which halves the time of `import mudbot.config`.
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, defer_build=True)
