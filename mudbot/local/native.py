"""llama.cpp through xllamacpp: loads a model, answers one request after the other.  Blocks; runs in the worker process.

The library holds Python's lock while it loads (2.3 s for the 1.5B model), which is why no event loop may share its
process.

A request is a body of the API, or a task that the API has no endpoint for: ``{"task": "read", "prompt"}`` tells a
prompt's tokens, ``{"task": "score", "tokens", "top"}`` how likely the model finds each of them after those before it.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

from mudbot.errors import LocalError
from mudbot.local.gguf import read_header
from mudbot.local.scoring import Scorer
from mudbot.local.shield import Shield
from mudbot.local.stopping import Stopping
from mudbot.local.tokens import Tokenizer

Chunk = dict[str, Any]

DEFAULTS: Mapping[str, Any] = {"min_p": 0.05, "top_k": 40, "repeat_penalty": 1.05}
"""Sampling where a request does not say; OpenAI's API has no names for these, so its clients never send them."""

_OPENAI = {"temperature", "top_p", "max_tokens", "presence_penalty", "frequency_penalty", "logit_bias", "seed"}
_OPENAI |= {"response_format", "tools", "tool_choice", "logprobs", "top_logprobs"}
PASSED = frozenset({"grammar", "json_schema", "min_p", "top_k", "repeat_penalty", "repeat_last_n", *_OPENAI})
"""The parameters that reach llama.cpp; it knows more, some of which (slots, files, adapters) are not a client's."""

_PLAIN_SYSTEM = "You are a helpful assistant."
"""Said where a chat has no system message: the templates would put in one that names the model's maker."""

_BATCH = 64
"""Prompt tokens computed at once: as fast as 512 on a CPU, and a cancelled request ends within one (about 2 s)."""
_CACHE_MIB = 256
"""Memory for prompts that lost their slot: about ten personas of the 1.5B model."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How to load a model."""

    path: str
    threads: int
    context: int
    """Tokens of one prompt and its answer together."""
    slots: int
    """How many prompts stay warm."""

    def json(self) -> dict[str, Any]:
        """For the wire."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Loaded:
    """What there is to know of a loaded model."""

    context: int
    """As asked for, or the model's own where that is less."""
    address: str
    """Of the library's own HTTP port, which is closed with a key that nobody else knows."""
    infills: bool = False
    """Whether it was trained to write what stands between two texts."""


class Native:
    """One loaded model."""

    def __init__(self, server: Any, shield: Shield, loaded: Loaded, tokenizer: Tokenizer) -> None:
        self._server, self._shield, self.loaded, self._tokenizer = server, shield, loaded, tokenizer

    @classmethod
    def load(cls, settings: Settings) -> Self:
        """Load it.  Raises LocalError that says what is wrong with the file, the memory or the installation."""
        # Threads that wait for work must sleep, not spin: spinning ones take the core from the rest of the machine.
        os.environ.setdefault("OMP_WAIT_POLICY", "passive")
        try:
            import xllamacpp
        except ImportError as error:
            raise LocalError(
                f"the local language model needs the package xllamacpp ({error}): pip install 'mudbot[local]'"
            ) from error
        header = read_header(Path(settings.path))
        context = min(settings.context, header.context or settings.context)
        key = secrets.token_hex(32)
        try:
            server = xllamacpp.Server(_params(xllamacpp.CommonParams(), settings, context, key))
        except (RuntimeError, ValueError, MemoryError) as error:
            raise LocalError(
                f"the language model {settings.path} cannot be loaded ({error}): it may need more memory than is free "
                "(choose a smaller one: `mudbot models list`), or its format is too new for the installed xllamacpp"
            ) from None
        tokenizer = Tokenizer(server.listening_address, key)
        loaded = Loaded(context, server.listening_address, infills=tokenizer.infill is not None)
        return cls(server, Shield(header.control_tokens), loaded, tokenizer)

    def generate(self, body: Mapping[str, Any], take: Callable[[Chunk], bool]) -> None:
        """Answer *body*, giving *take* each chunk; where it returns True the answer ends.

        Errors of the request come as a chunk with ``error``, or as ValueError or TypeError.
        """
        task = body.get("task")
        if task == "read":
            take({"read": self._read(body["prompt"])})
        elif task == "score":
            for score in Scorer(self._server, self._tokenizer).scores(body["tokens"], body["top"]):
                if take(score):
                    return
        else:
            chat = "messages" in body
            handler = self._server.handle_chat_completions if chat else self._server.handle_completions
            handler(self._payload(body, chat=chat), Stopping(stops, take) if (stops := body.get("stop")) else take)

    def _read(self, prompt: str | Sequence[int]) -> Chunk:
        if isinstance(prompt, str):
            return {"text": prompt, "tokens": self._tokenizer.ids(self._shield.text(prompt))}
        return {"text": self._plain(prompt), "tokens": list(prompt)}

    def _plain(self, tokens: Sequence[int]) -> str:
        """The text of a prompt given as numbers.  Raises ValueError for those that no text of a player's could be."""
        text = self._tokenizer.text(tokens)
        if self._shield.text(text) != text:
            raise ValueError("the prompt holds control tokens, which are not taken in prompts: send plain text")
        return text

    def _payload(self, body: Mapping[str, Any], *, chat: bool) -> Chunk:
        payload = {**DEFAULTS, **{k: v for k, v in body.items() if k in PASSED and v is not None}}
        payload |= {"stream": True, "stream_options": {"include_usage": True}, "cache_prompt": True}
        payload["timings_per_token"] = bool(body.get("stop"))  # see Stopping
        payload["return_progress"] = True  # a call-back for each batch of the prompt: the chance to cancel there
        if isinstance(payload.get("seed"), int):
            payload["seed"] %= 2**32 - 1  # the one value left out means "random" to llama.cpp
        if not chat:
            return {**payload, "prompt": self._prompt(body.get("prompt", ""), body.get("suffix"))}
        messages = [_message(self._shield.deep(message)) for message in body["messages"]]
        if not any(message["role"] == "system" for message in messages):
            messages.insert(0, {"role": "system", "content": _PLAIN_SYSTEM})
        if "tools" in payload:
            payload["tools"] = self._shield.deep(payload["tools"])
        return {**payload, "messages": messages}

    def _prompt(self, prompt: str | list[int], suffix: str | None) -> str | list[Any]:
        if isinstance(prompt, list):
            self._plain(prompt)
            return prompt
        text = self._shield.text(prompt)
        if not suffix:
            return text or self._tokenizer.beginning
        if self._tokenizer.infill is None:
            raise ValueError("suffix: this model was not trained to write between two texts; leave it out")
        before, after, middle = self._tokenizer.infill
        return [before, *([text] if text else []), after, self._shield.text(suffix), middle]


def _params(params: Any, settings: Settings, context: int, key: str) -> Any:
    params.model.path = settings.path
    params.n_ctx, params.n_parallel = context * settings.slots, settings.slots
    params.n_batch = params.n_ubatch = _BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = settings.threads
    params.cache_ram_mib, params.cache_idle_slots, params.n_ctx_checkpoints = _CACHE_MIB, False, 0
    params.verbosity = -1
    params.api_keys = [key]
    params.endpoint_slots = params.endpoint_props = params.endpoint_metrics = params.ui = False
    return params


def _message(message: Mapping[str, Any]) -> Chunk:
    role = "system" if message["role"] == "developer" else message["role"]
    return {**message, "role": role, "content": message.get("content") or ""}
