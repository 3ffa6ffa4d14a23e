"""Files: upload, list, fetch, delete."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal
from urllib.parse import quote

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from mudbot.local.server.bodies import Body, checked
from mudbot.local.server.filestore import Draft, FileStore, Kept
from mudbot.local.server.forms import FormPart, form_parts, missing_file, put
from mudbot.local.server.paging import listed, page_of
from mudbot.local.server.problems import RequestError
from mudbot.local.server.wire import json_response
from mudbot.local.server.workshop import Workshop

_BLOCK = 1 << 20
"""Bytes that go to the disk at once."""
_PAGE = 10_000
"""Files of one list, as at OpenAI."""
_HOUR, _MONTH = 3600, 30 * 24 * 3600


class _Expiry(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    anchor: Literal["created_at"]
    seconds: Annotated[int, Field(ge=_HOUR, le=_MONTH)]


Purpose = Literal[
    "assistants", "batch", "fine-tune", "vision", "user_data", "evals", "search", "answers", "classifications"
]
"""Today's, and the last three of 2022, which old clients send."""


class UploadBody(Body):
    """POST /files, without the file."""

    purpose: Purpose
    expires_after: _Expiry | None = None


class FileRows:
    """GET and POST /files, GET and DELETE /files/{file}, GET /files/{file}/content."""

    def __init__(self, shop: Workshop, store: FileStore) -> None:
        self._shop, self._store = shop, store

    def routes(self) -> list[web.RouteDef]:
        """What the application serves."""
        return [
            web.get("/v1/files", self.list),
            web.post("/v1/files", self.upload),
            web.get("/v1/files/{file}", self.get),
            web.delete("/v1/files/{file}", self.delete),
            web.get("/v1/files/{file}/content", self.content),
        ]

    async def list(self, request: web.Request) -> web.Response:
        """GET /files."""
        page = page_of(request.query, usual=_PAGE, most=_PAGE, lenient=self._shop.contract)
        purpose = request.query.get("purpose") or None
        files, more = await self._shop.writing.run(self._store.list, page, purpose)
        return json_response(listed([kept.json() for kept in files], more=more))

    async def upload(self, request: web.Request) -> web.Response:
        """POST /files.  The file goes to the disk as it comes."""
        fields: dict[str, Any] = {}
        name: str | None = None
        draft: Draft | None = None
        run = self._shop.writing.run
        try:
            async for part in form_parts(request):
                if part.base != "file":
                    put(fields, part.name, await part.text())
                elif draft is not None:
                    raise RequestError("'file': send one file a request", param="file")
                else:
                    draft = await run(self._store.begin)
                    name = part.filename or "file"
                    await self._receive(part, draft)
            if draft is None or name is None:
                raise missing_file("file")
            body = checked(fields, UploadBody, lenient=self._shop.contract)
            if body.purpose == "fine-tune" and not self._shop.contract:
                await run(_check_lines, draft)
            seconds = body.expires_after.seconds if body.expires_after else None
            return json_response((await run(draft.keep, name, body.purpose, seconds)).json())
        finally:
            if draft is not None:
                draft.drop()  # not in the lane, which may be closed or full

    async def _receive(self, part: FormPart, draft: Draft) -> None:
        block = bytearray()
        async for chunk in part.chunks(self._store.room.file_bytes):
            block += chunk
            if len(block) >= _BLOCK:
                await self._shop.writing.run(draft.write, bytes(block))
                block.clear()
        await self._shop.writing.run(draft.write, bytes(block))

    async def get(self, request: web.Request) -> web.Response:
        """GET /files/{file}."""
        return json_response((await self._found(request)).json())

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE /files/{file}."""
        file = request.match_info["file"]
        if not await self._shop.writing.run(self._store.delete, file) and not self._shop.contract:
            raise no_file(file)
        return json_response({"id": file, "object": "file", "deleted": True})

    async def content(self, request: web.Request) -> web.StreamResponse:
        """GET /files/{file}/content: the bytes as they were sent."""
        kept = await self._found(request)
        headers = {
            "Content-Type": "application/octet-stream",
            # What a stranger sent must not become a page of this server's in somebody's browser.
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(kept.name, safe='', errors='replace')}",
            "X-Content-Type-Options": "nosniff",
        }
        path = self._store.path(kept)
        if self._shop.contract and not path.exists():
            return web.Response(body=b"{}\n", headers=headers)
        return web.FileResponse(path, headers=headers)

    async def _found(self, request: web.Request) -> Kept:
        file = request.match_info["file"]
        kept = await self._shop.writing.run(self._store.get, file)
        if kept is None and self._shop.contract:
            kept = Kept(file, "contract.jsonl", "fine-tune", 3, self._shop.now())
        if kept is None:
            raise no_file(file)
        return kept


def no_file(file: str, param: str = "id") -> RequestError:
    """The refusal of a file's id that is unknown."""
    return RequestError(
        f"No such File object: {file[:100]} (GET /v1/files lists them)", status=404, param=param, code="file_not_found"
    )


def _check_lines(draft: Draft) -> None:
    """Refuse what is no JSON Lines at its first line; a job reads all of them.  Blocks."""
    draft.sync()
    with draft.path.open("rb") as file:
        line = file.readline(_BLOCK)
        while line and not line.strip() and len(line) < _BLOCK:
            line = file.readline(_BLOCK)
    try:
        whole = len(line) < _BLOCK  # of a longer one only its beginning is looked at
        good = isinstance(json.loads(line), dict) if whole else line.lstrip().startswith(b"{")
    except (ValueError, RecursionError):
        good = False
    if not good:
        raise RequestError(
            "'file': for the purpose fine-tune every line must be a JSON object, and the first one is not "
            f"(it begins with {line[:40].decode('utf-8', 'replace')!r})",
            param="file",
            code="invalid_file_format",
        )
