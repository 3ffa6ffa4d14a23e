"""Models, and engines, which is what models were called in 2021."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from mudbot.local.server import catalogue
from mudbot.local.server.problems import RequestError
from mudbot.local.server.wire import json_response
from mudbot.local.server.workshop import Workshop


class ModelRows:
    """GET /models, GET and DELETE /models/{model}, GET /engines, GET /engines/{engine}."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.get("/v1/models", self.models),
            web.get("/v1/models/{model:.+}", self.model),
            web.delete("/v1/models/{model:.+}", self.delete),
            web.get("/v1/engines", self.engines),
            web.get("/v1/engines/{engine}", self.engine),
        ]

    async def models(self, _request: web.Request) -> web.Response:
        """GET /models."""
        return json_response({"object": "list", "data": self._listed()})

    async def model(self, request: web.Request) -> web.Response:
        """GET /models/{model}."""
        return json_response(self._found(request.match_info["model"]))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /models/{model}: fine-tuned models only, and this server has none."""
        name = request.match_info["model"]
        if self._shop.contract:
            return json_response({"id": name, "object": "model", "deleted": True})
        self._found(name)
        raise RequestError(
            f"The model '{name[:100]}' belongs to the server: only fine-tuned models can be deleted",
            status=403,
            param="model",
            code="model_not_deletable",
        )

    async def engines(self, _request: web.Request) -> web.Response:
        """GET /engines."""
        return json_response({"object": "list", "data": [_as_engine(model) for model in self._listed()]})

    async def engine(self, request: web.Request) -> web.Response:
        """GET /engines/{engine}."""
        return json_response(_as_engine(self._found(request.match_info["engine"])))

    def _listed(self) -> list[dict[str, Any]]:
        return catalogue.models(self._shop.engine.name, self._shop.started)

    def _found(self, name: str) -> dict[str, Any]:
        found = catalogue.find(name, self._shop.engine.name, self._shop.started)
        if found is None and self._shop.contract:
            found = {"id": name, "object": "model", "created": self._shop.started, "owned_by": "mudbot-contract"}
        if found is None:
            raise RequestError(
                f"The model '{name[:100]}' does not exist: GET /v1/models lists them, "
                "and any other name works in requests",
                status=404,
                param="model",
                code="model_not_found",
            )
        return found


def _as_engine(model: dict[str, Any]) -> dict[str, Any]:
    return {**model, "object": "engine", "owner": model["owned_by"], "ready": True}
