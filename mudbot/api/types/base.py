"""What all answers are made of: open models that forgive a null, the usage, a page of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Generic, Self, TypeVar

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler, GetPydanticSchema, PrivateAttr
from pydantic_core import CoreSchema, core_schema

if TYPE_CHECKING:
    from collections.abc import Callable


def _null_is(make: Callable[[], Any]) -> GetPydanticSchema:
    """Null stands for what *make* makes: some servers write it where the API promises a number, a text or a list.

    Written as a schema, not as a function that pydantic calls for each value: chats are parsed 10,000 times a second.
    """

    def schema(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        inner = handler(source)
        empty = core_schema.with_default_schema(inner, default_factory=make, on_error="default")
        null = core_schema.chain_schema([core_schema.none_schema(), empty])  # None fits no *inner*: the default comes
        return core_schema.union_schema([(inner, "value"), (null, "null")], mode="left_to_right")

    return GetPydanticSchema(schema)


def _wrong_is_none(source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    return core_schema.with_default_schema(handler(source), default=None, on_error="default")


_T = TypeVar("_T")

Count = Annotated[int, _null_is(int)]
Text = Annotated[str, _null_is(str)]

Maybe = Annotated[_T | None, GetPydanticSchema(_wrong_is_none)]
"""Something beside the matter: None where a server writes what it is not, since no answer should be lost for it."""

Time = Maybe[int | float]
"""Seconds since 1970; some servers give fractions."""


class Open(BaseModel):
    """Keeps the fields that it does not know."""

    # The stock messages print what they refuse: a prompt or a private word would end in a log.
    model_config = ConfigDict(extra="allow", hide_input_in_errors=True, protected_namespaces=())


class Usage(Open):
    """Tokens as the server counted them."""

    prompt_tokens: Count = 0
    completion_tokens: Count = 0
    total_tokens: Count = 0
    prompt_tokens_details: Maybe[dict[str, Any]] = None
    completion_tokens_details: Maybe[dict[str, Any]] = None

    @property
    def cached_tokens(self) -> int:
        """How many tokens of the prompt the server had read before, which it may charge less for."""
        found = (self.prompt_tokens_details or {}).get("cached_tokens")
        return found if isinstance(found, int) else 0


class Answer(Open):
    """What every answer has.

    ``model_dump()`` gives all of it, unknown fields too; with ``exclude_unset=True`` only what the server sent.
    """

    __slots__ = ("_request_id",)  # no field, which would mix with what was sent; a private attribute costs 1.5 µs
    if TYPE_CHECKING:
        _request_id: str | None = PrivateAttr(default=None)

    usage: Usage | None = None

    @property
    def request_id(self) -> str | None:
        """The server's name for the call, for a question to its operator."""
        return getattr(self, "_request_id", None)

    @property
    def text(self) -> str:
        """The text of the first choice; empty where there is none."""
        return ""

    def __copy__(self) -> Self:
        return self._named(super().__copy__())

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        return self._named(super().__deepcopy__(memo))

    def _named(self, copy: Self) -> Self:
        copy._request_id = self.request_id
        return copy


class Piece(Answer):
    """A chunk of a stream."""

    @property
    def finished(self) -> bool:
        """Whether it says that a choice is complete."""
        return False


class Item(Answer):
    """Something in a list that has an id; also an answer by itself."""

    id: Text = ""
    object: Text = ""


ItemT = TypeVar("ItemT", bound=Item)


class Listing(Answer, Generic[ItemT]):
    """A list, or a page of one: where ``has_more`` is true, the next page comes ``after`` the last of ``ids``."""

    data: Annotated[list[ItemT], _null_is(list)]
    has_more: Annotated[bool, _null_is(bool)] = False
    first_id: str | None = None
    last_id: str | None = None

    @property
    def ids(self) -> list[str]:
        """The names of its items, as the server orders them."""
        return [item.id for item in self.data]
