"""What an OpenAI-compatible API can be asked: every endpoint as a method, whoever sends it.

A method only builds a ``Call``: its path, body, cost and the type of its answer.  Nothing here knows HTTP, queues or
money; ``Api`` sends.
"""

from mudbot.api.endpoints.catalogue import CatalogueCalls
from mudbot.api.endpoints.files import FileCalls
from mudbot.api.endpoints.pictures import PictureCalls
from mudbot.api.endpoints.text import TextCalls
from mudbot.api.endpoints.tuning import TuningCalls

__all__ = ["Endpoints"]


class Endpoints(TextCalls, PictureCalls, FileCalls, TuningCalls, CatalogueCalls):
    """All of them.  Who inherits from it says how a call is sent: ``_one``, ``_pieces`` and ``_sleep``.

    Every method takes, besides what its endpoint needs:

    *deadline*: seconds for the whole call, waiting and retries included (default: ``Limits.deadline``);
    *caller*: on whose behalf it is made: whose turn, whose budget, how urgent;
    *organization*: who pays, where it is neither the caller's nor the Api's own;
    *any other parameter* of its endpoint, by its name; one that is None is not sent.

    All raise ApiError: RateLimitError, QuotaError, BudgetError, QueueFullError, CircuitOpenError, ApiTimeoutError,
    ApiConnectionError, ServerError, AuthenticationError, NotFoundError, BadRequestError, RefusedError or
    BadAnswerError, each saying what to do.
    """
