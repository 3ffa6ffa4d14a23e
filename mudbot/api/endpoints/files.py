"""Files that the server keeps: training data, results, batches."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mudbot.api.calls import NOBODY, Call, Caller, Progress, Upload
from mudbot.api.endpoints.base import Calls, at, how, whole
from mudbot.api.types import Answer, Deleted, File, Files

_FILES = "/files"


class FileCalls(Calls):
    """Upload, list, read and delete files."""

    async def files(
        self,
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> Files:
        """``GET /files``: a page of the files; *params* (``purpose``, ``limit``, ``order``, ``after``) go to its query.

        Where ``has_more`` is true, the next page is ``files(after=page.last_id)``.
        """
        return await self._get(_FILES, Files, how(deadline, caller, organization), params)

    async def upload_file(
        self,
        file: Upload,
        purpose: str,
        *,
        progress: Progress | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> File:
        """``POST /files``: hand *file* to the server, for example with the purpose ``fine-tune``.

        *progress* is told of the bytes sent and of the bytes in all; a retry begins again at 0.
        """
        whole(_FILES, params)
        call = Call("POST", _FILES, File, body=params | {"purpose": purpose}, files={"file": file}, progress=progress)
        return await self._one(call, how(deadline, caller, organization))

    async def file(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
        **params: Any,
    ) -> File:
        """``GET /files/{id}``: what the server knows of one file."""
        return await self._get(at(_FILES, id), File, how(deadline, caller, organization), params)

    async def delete_file(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        *,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
    ) -> Deleted:
        """``DELETE /files/{id}``: the server forgets the file."""
        return await self._delete(at(_FILES, id), Deleted, how(deadline, caller, organization))

    async def file_content(
        self,
        id: str,  # noqa: A002 - the endpoint's own name for it
        path: str | os.PathLike[str],
        *,
        progress: Progress | None = None,
        deadline: float | None = None,
        caller: Caller = NOBODY,
        organization: str | None = None,
    ) -> Path:
        """``GET /files/{id}/content``: write the file's bytes to *path* as they come, and return *path*.

        A file at *path* is replaced when all has come, not before.  *progress* is told of the bytes received and, where
        the server says so, of the bytes in all.
        """
        into = Path(path)
        # Not shared: two callers may want two copies.
        call = Call("GET", at(_FILES, id, "/content"), Answer, into=into, progress=progress)
        await self._one(call, how(deadline, caller, organization))
        return into
