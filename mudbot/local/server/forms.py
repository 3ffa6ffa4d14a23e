"""Multipart bodies, read part by part and within bounds, so that a large file is never held in memory unasked.

RFC 7578.  Names with brackets are what OpenAI's clients make of lists and objects: ``image[]`` repeats ``image``,
``expires_after[seconds]`` is the field ``seconds`` of ``expires_after``.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import BodyPartReader, web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.multipart import BadContentDispositionHeader, BadContentDispositionParam

from mudbot.local.server.bodies import Kind, checked
from mudbot.local.server.problems import RequestError

_FIELDS = 64
"""Parts of a form; OpenAI's longest has twenty."""
_FIELD_BYTES = 256 * 1024
"""Of one field that is no file: prompts of 32,000 characters are the longest."""
_CHUNK = 1 << 16
_UNREADABLE = (ValueError, RuntimeError, AssertionError, LookupError, HttpProcessingError)
"""What aiohttp raises for parts that are cut off, badly encoded, or headed by what are no headers."""
_NAME = re.compile(r"([^\[\]]+)((?:\[[^\[\]]*\])*)")

# The warnings carry the client's own words to our standard error; what they warn of is refused here, or has no name.
for _warning in (BadContentDispositionHeader, BadContentDispositionParam):
    warnings.filterwarnings("ignore", category=_warning)


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that a form brought, held in memory."""

    name: str
    """What the client called it: any text, never a path of ours."""
    type: str
    """Its media type as the client says; nothing may be trusted to it."""
    content: bytes


@dataclass(slots=True)
class Form:
    """A multipart body."""

    fields: dict[str, Any] = field(default_factory=dict)
    """Texts by name; several of one name are a list, names with brackets are objects."""
    files: dict[str, list[Sent]] = field(default_factory=dict)
    """Files by name, ``image[]`` under ``image``."""

    def checked(self, kind: type[Kind], *, lenient: bool = False) -> Kind:
        """The texts as a body of that *kind*.  Raises RequestError that names the field that is wrong."""
        return checked(self.fields, kind, lenient=lenient)

    def file(self, name: str) -> Sent:
        """The (first) file called *name*.  Raises RequestError if there is none."""
        if not self.files.get(name):
            raise missing_file(name)
        return self.files[name][0]


class FormPart:
    """One part of a form that is being read."""

    def __init__(self, reader: BodyPartReader) -> None:
        self._reader = reader
        self.name = reader.name or ""
        self.filename = reader.filename
        self.type = reader.headers.get("Content-Type", "application/octet-stream")

    @property
    def base(self) -> str:
        """The name without brackets at its end: ``image`` of ``image[]``."""
        return self.name.partition("[")[0]

    async def chunks(self, limit: int) -> AsyncGenerator[bytes, None]:
        """The content.  Raises RequestError: 413 as soon as it is longer than *limit* bytes, 400 if it is cut off."""
        total = 0
        while not self._reader.at_eof():  # an empty chunk before the end is possible
            try:
                chunk = bytes(self._reader.decode(await self._reader.read_chunk(_CHUNK)))
            except _UNREADABLE as error:
                raise _broken() from error
            total += len(chunk)
            if total > limit:
                raise too_large(self.base, limit)
            if chunk:
                yield chunk

    async def content(self, limit: int) -> bytes:
        """All of it.  Raises RequestError as ``chunks`` does."""
        return b"".join([chunk async for chunk in self.chunks(limit)])

    async def text(self) -> str:
        """A field's text.  Raises RequestError if it is too long or no UTF-8."""
        try:
            return (await self.content(_FIELD_BYTES)).decode("utf-8")
        except UnicodeDecodeError:
            raise RequestError(f"'{self.base[:100]}': the text is not UTF-8", param=self.base) from None


async def form_parts(request: web.Request) -> AsyncGenerator[FormPart, None]:
    """The parts of a request's form, one after the other; each must be read before the next is asked for.

    Raises RequestError: 415 for another type of body, 400 for one that is no form.
    """
    if request.content_type != "multipart/form-data":
        raise RequestError("Send the body as a form, with Content-Type: multipart/form-data", status=415)
    try:
        reader = await request.multipart()
        for _ in range(_FIELDS):
            part = await reader.next()
            if part is None:
                return
            if not isinstance(part, BodyPartReader) or not part.name:
                raise RequestError("Every part of the form must have a name", code="invalid_form")
            yield FormPart(part)
    except _UNREADABLE as error:
        raise _broken() from error
    raise RequestError(f"The form has more than {_FIELDS} parts", code="invalid_form")


async def read_form(
    request: web.Request, *, files: dict[str, int], all_bytes: int = 64 << 20, lenient: bool = False
) -> Form:
    """The request's form in memory; *files* says which names are files, and how many bytes each may have.

    All together may have *all_bytes*.  A file sent under another name is refused, or with *lenient* (contract mode)
    overlooked.  Raises RequestError.
    """
    form, room = Form(), all_bytes
    async for part in form_parts(request):
        if part.base in files:
            if part.filename is None:
                raise RequestError(
                    f"'{part.base}': must be a file (with a filename in its Content-Disposition)", param=part.base
                )
            content = await part.content(min(files[part.base], room))
            form.files.setdefault(part.base, []).append(Sent(part.filename, part.type, content))
            room -= len(content)
        elif part.filename is not None and lenient:
            room -= len(await part.content(room))
        elif part.filename is not None:
            raise RequestError(f"'{part.base[:100]}': this call takes no file of that name", param=part.base[:100])
        else:
            put(form.fields, part.name, await part.text())
    return form


def put(fields: dict[str, Any], name: str, text: str) -> None:
    """Add the text of one form field to *fields*.  Raises RequestError if names contradict one another."""
    found = _NAME.fullmatch(name)
    if found is None:
        raise RequestError(f"The form's field name '{name[:100]}' is malformed", code="invalid_form")
    steps = [found[1], *re.findall(r"\[([^\[\]]*)\]", found[2])]
    listed = len(steps) > 1 and not steps[-1]
    if listed:
        steps.pop()
    inner: Any = fields
    for step in steps[:-1]:
        inner = inner.setdefault(step, {})
        if not isinstance(inner, dict):
            raise RequestError(f"'{name[:100]}': sent both as a text and as an object", param=found[1][:100])
    last = steps[-1]
    if last not in inner:
        inner[last] = [text] if listed else text
    elif isinstance(inner[last], dict):
        raise RequestError(f"'{name[:100]}': sent both as a text and as an object", param=found[1][:100])
    elif isinstance(inner[last], list):
        inner[last].append(text)
    else:
        inner[last] = [inner[last], text]


def too_large(name: str, limit: int) -> RequestError:
    """The refusal of a file or text that is longer than *limit* bytes."""
    size = f"{limit >> 20} MiB" if limit >= 1 << 20 else f"{limit} bytes"
    return RequestError(
        f"'{name[:100]}': larger than the {size} that are taken", status=413, param=name, code="file_too_large"
    )


def missing_file(name: str) -> RequestError:
    """The refusal of a form without its file."""
    return RequestError(f"'{name}': the file is missing from the form", param=name, code="missing_required_parameter")


def _broken() -> RequestError:
    return RequestError("The body is not a complete multipart form", code="invalid_form")
