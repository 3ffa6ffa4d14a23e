"""What a server offers: models, and engines as models were called in 2022."""

from __future__ import annotations

from typing import Any

from mudbot.api.calls import NOBODY, Caller
from mudbot.api.endpoints.base import Calls, at, how
from mudbot.api.types import Deleted, Engine, Engines, Model, Models

_MODELS, _ENGINES = "/models", "/engines"


class CatalogueCalls(Calls):
    """Models and engines."""

    async def models(
        self,
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Models:
        """``GET /models``: what the server offers; ``.ids`` has the names."""
        return await self._get(_MODELS, Models, how(deadline, caller, organization), params)

    async def model(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Model:
        """``GET /models/{id}``: one model."""
        return await self._get(at(_MODELS, id), Model, how(deadline, caller, organization), params)

    async def delete_model(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
    ) -> Deleted:
        """``DELETE /models/{id}``: remove a fine-tuned model of one's own."""
        return await self._delete(at(_MODELS, id), Deleted, how(deadline, caller, organization))

    async def engines(
        self,
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Engines:
        """``GET /engines``: what ``models`` was called until 2022; OpenAI itself has closed it."""
        return await self._get(_ENGINES, Engines, how(deadline, caller, organization), params)

    async def engine(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Engine:
        """``GET /engines/{id}``: one engine; see ``engines``."""
        return await self._get(at(_ENGINES, id), Engine, how(deadline, caller, organization), params)
