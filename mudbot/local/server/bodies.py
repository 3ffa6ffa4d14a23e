"""What requests may say: OpenAI's bodies, checked, with messages that name the field.

Fields that are not listed are ignored: clients send some that concern OpenAI only (``store``, ``metadata``, ``user``).
"""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Literal, Self, TypeVar

from aiohttp import web
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from mudbot.local.server.problems import RequestError

_MANY_CHOICES = 16
_MANY_GENERATIONS = 32
"""Of one request: they run one after the other."""
_DEPTH = 64
"""Levels of a body: schemas of tools have ten, and deeper ones could exhaust the stacks of what reads them."""
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""What a surrogate looks like in JSON: half a pair is valid there, and nowhere behind it."""


def _joined(value: Any) -> Any:
    """A message's content given in parts: the texts, a line each."""
    if not isinstance(value, list):
        return value
    for part in value:
        if not isinstance(part, dict) or part.get("type", "text") not in ("text", "input_text", "refusal"):
            raise ValueError("the local model reads text only")
    return "\n".join(str(part.get("text") or part.get("refusal") or "") for part in value)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _no_tokens(value: Any) -> Any:
    if isinstance(value, list) and any(isinstance(item, int | list) for item in value):
        raise ValueError("token numbers are not understood here: send text")
    return value


def _prompts(value: Any) -> Any:
    """One or several prompts, each a text or the numbers of its tokens."""
    if isinstance(value, str):
        return [value]
    if not isinstance(value, list) or not value:
        raise ValueError("must be a text, a list of texts, a list of token numbers, or a list of such lists")
    if all(_is_token(item) for item in value):
        return [value]
    if not all(
        isinstance(item, str) or (isinstance(item, list) and item and all(map(_is_token, item))) for item in value
    ):
        raise ValueError("each prompt must be a text, or a list of token numbers with at least one in it")
    return value


def _is_token(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31


def _number(value: str) -> str:
    if not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise ValueError("the keys must be token numbers")
    return value


def _known_size(value: str) -> str:
    if value != "auto" and value not in SIZES:
        raise ValueError(f"must be one of {', '.join(SIZES)}")
    return value


SIZES = ("256x256", "512x512", "1024x1024", "1024x1536", "1536x1024", "1024x1792", "1792x1024")
"""Width x height: those of dall-e-2, dall-e-3 and gpt-image-1."""

Text = Annotated[str, BeforeValidator(_joined)]
Texts = Annotated[list[str], BeforeValidator(_no_tokens), BeforeValidator(_listed), Field(min_length=1)]
Stop = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=200)]], BeforeValidator(_listed), Field(max_length=4)
]
Prompts = Annotated[list[str | list[int]], BeforeValidator(_prompts)]
Bias = Annotated[float, Field(ge=-100, le=100)]
Biases = dict[Annotated[str, AfterValidator(_number)], Bias]


class Body(BaseModel):
    """What all bodies have in common."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    model: str | None = Field(None, max_length=200)
    """Any name: there is one model for each purpose."""


class Message(BaseModel):
    """One message of a chat."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    # The role is written into the prompt as it is: a free one could say anything there.
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | None = None
    tool_calls: list[dict[str, Any]] | None = None
    tool_call_id: str | None = None


class StreamOptions(BaseModel):
    """``stream_options``."""

    include_usage: bool = False


class Generation(Body):
    """What chats and completions have in common, llama.cpp's own sampling included."""

    n: int = Field(1, ge=1, le=_MANY_CHOICES)
    max_tokens: int | None = Field(None, ge=1)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, ge=0, le=1)
    stop: Stop | None = None
    stream: bool = False
    stream_options: StreamOptions | None = None
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    logit_bias: Biases | None = None
    seed: int | None = None
    min_p: float | None = Field(None, ge=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1000)
    repeat_penalty: float | None = Field(None, ge=0.1, le=2)
    repeat_last_n: int | None = Field(None, ge=-1, le=4096)
    grammar: str | None = Field(None, max_length=20_000)
    json_schema: dict[str, Any] | None = None


class ChatBody(Generation):
    """POST /chat/completions."""

    messages: list[Message] = Field(min_length=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool | None = None
    top_logprobs: int | None = Field(None, ge=0, le=20)
    response_format: dict[str, Any] | None = None
    tools: list[dict[str, Any]] | None = None
    tool_choice: str | dict[str, Any] | None = None

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.top_logprobs is not None and not self.logprobs:
            raise ValueError("top_logprobs: needs logprobs: true")
        return self


class CompletionBody(Generation):
    """POST /completions."""

    prompt: Prompts
    max_tokens: int | None = Field(16, ge=0)
    """0 writes nothing: with ``echo`` the prompt comes back, and the usage tells its tokens in any case."""
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=5)
    best_of: int | None = Field(None, ge=1, le=_MANY_CHOICES)
    suffix: str | None = Field(None, max_length=100_000)

    @model_validator(mode="after")
    def _possible(self) -> Self:
        tries = max(self.n, self.best_of or 1)
        if tries * len(self.prompt) > _MANY_GENERATIONS:
            raise ValueError(f"prompt: n or best_of times the prompts may be {_MANY_GENERATIONS} at most")
        if self.best_of is not None and self.best_of < self.n:
            raise ValueError("best_of: must be n or more, for the n best are chosen from so many")
        if self.stream and tries > self.n:
            raise ValueError("best_of: the best cannot be chosen in a stream; leave it or stream out")
        if self.suffix and (self.echo or not all(isinstance(prompt, str) for prompt in self.prompt)):
            raise ValueError("suffix: goes neither with echo nor with a prompt of token numbers")
        return self


class EmbeddingBody(Body):
    """POST /embeddings."""

    input: Annotated[Texts, Field(max_length=2048)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None
    input_type: Literal["query", "passage", "document"] = "passage"
    """Not OpenAI's, but other servers' too: whether the texts are what one looks for, or what one looks through."""


class ModerationBody(Body):
    """POST /moderations."""

    input: Annotated[list[Text], BeforeValidator(lambda v: _parts(_listed(v))), Field(min_length=1, max_length=256)]


def _parts(value: Any) -> Any:
    """Content parts, which omni-moderation judges together, are one input."""
    return [value] if isinstance(value, list) and value and all(isinstance(part, dict) for part in value) else value


class ImageBody(Body):
    """POST /images/generations."""

    prompt: str = Field(min_length=1, max_length=32_000)
    n: int = Field(1, ge=1, le=10)
    size: Annotated[str, AfterValidator(_known_size)] = "1024x1024"
    response_format: Literal["url", "b64_json"] = "url"
    output_format: Literal["png"] = "png"
    stream: bool = False
    partial_images: int | None = Field(None, ge=0, le=3)
    seed: int | None = Field(None, ge=0, lt=2**32)
    """Not OpenAI's: another seed gives another picture of the same prompt."""

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height."""
        width, _, height = ("1024x1024" if self.size == "auto" else self.size).partition("x")
        return int(width), int(height)


Kind = TypeVar("Kind", bound=Body)


async def read(request: web.Request, kind: type[Kind], *, lenient: bool = False) -> Kind:
    """The request's body.  Raises RequestError that names what is wrong with it; see ``checked``."""
    if request.content_type != "application/json":
        # Browsers send any page's forms as other types without asking; JSON they ask leave for.
        raise RequestError("Send the body as JSON, with Content-Type: application/json", status=415)
    content = await request.read()
    try:
        value = json.loads(content)
        if _HALF.search(content):
            json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RequestError(
            "The body has half a surrogate pair (\\ud800 to \\udfff alone), which no text may have", code="invalid_json"
        ) from None
    except (ValueError, RecursionError) as error:
        raise RequestError(f"The body is not JSON: {error}", code="invalid_json") from None
    if not isinstance(value, dict):
        raise RequestError("The body must be a JSON object", code="invalid_json")
    if _deeper(value, _DEPTH):
        raise RequestError(f"The body is nested more than {_DEPTH} levels deep", code="invalid_json")
    return checked(value, kind, lenient=lenient)


def checked(value: dict[str, Any], kind: type[Kind], *, lenient: bool = False) -> Kind:
    """*value* as a body of that *kind*.  Raises RequestError that names the field that is wrong.

    With *lenient* (contract mode) parameters that are wrong here and may be left out are left out.
    """
    value = {name: inner for name, inner in value.items() if inner is not None}  # null is "not given", as at OpenAI
    if lenient:
        value = {name: _worded(inner) if name in _TEXTS else inner for name, inner in value.items()}
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        refusal = _refusal(error)
        wrong = {str(each["loc"][0]) for each in error.errors(include_url=False) if each["loc"]} | {str(refusal.param)}
    optional = {
        name for name in wrong & value.keys() if name in kind.model_fields and not kind.model_fields[name].is_required()
    }
    if not lenient or not optional:
        raise refusal
    return checked({name: inner for name, inner in value.items() if name not in optional}, kind, lenient=True)


_TEXTS = frozenset({"prompt", "input", "messages"})


def _worded(value: Any) -> Any:
    """*value* with a word wherever the API allows tokens, pictures, sounds or files, which nothing here can read."""
    if not isinstance(value, list):
        return value
    if value and all(isinstance(item, int) for item in value):
        return "tokens"
    return [_worded_part(item) if isinstance(item, dict) else _worded(item) for item in value]


def _worded_part(part: dict[str, Any]) -> dict[str, Any]:
    if "content" in part:
        return part | {"content": _worded(part["content"])}
    kind = part.get("type", "text")
    known = kind in ("text", "input_text", "refusal") or not isinstance(kind, str)
    return part if known else {"type": "text", "text": kind}


def _deeper(value: Any, levels: int) -> bool:
    """Whether *value* has more than that many containers inside one another."""
    layer = [value]
    while layer and levels >= 0:
        layer = [
            inner
            for outer in layer
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        levels -= 1
    return bool(layer)


def _refusal(error: ValidationError) -> RequestError:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    message = first["msg"].removeprefix("Value error, ")
    where = ".".join(str(step) for step in first["loc"] if not str(step).startswith(("function-", "[key]")))
    if not where:
        where, _, message = message.partition(": ")
    code = "missing_required_parameter" if first["type"] == "missing" else "invalid_value"
    return RequestError(f"'{where}': {message}", param=where, code=code)
