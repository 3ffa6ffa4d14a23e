"""Texts: completions, chats, edits."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.api.common import Common
from mudbot.cli.api.inputs import Text, merged, param_option, several, user_option, with_options
from mudbot.cli.api.options import Work, action
from mudbot.cli.api.printing import note, raw

if TYPE_CHECKING:
    from mudbot.api.types import Chat, ChatChunk, CompletionChunk, Message
    from mudbot.cli.api.job import Job

_MODEL = with_options(
    click.option("-m", "--model", metavar="MODEL", help="The model; without it that of the configuration."),
    click.option("-e", "--engine", metavar="MODEL", help="The same, as it was called in 2022."),
)
_CHANCE = with_options(
    click.option("-t", "--temperature", type=float, metavar="0-2", help="How freely it writes; 0: the likeliest."),
    click.option("-P", "--top_p", "--top-p", "top_p", type=float, metavar="0-1", help="Of the likeliest words only."),
)  # fmt: skip
_LENGTH = with_options(
    click.option("-M", "--max-tokens", "--max_tokens", type=int, metavar="N", help="How long the text may be."),
    _CHANCE,
    click.option("-n", "--n", type=int, metavar="N", help="How many texts."),
    click.option("--stop", multiple=True, type=Text(), metavar="TEXT", help="Where it ends; up to four times."),
    click.option("--presence-penalty", type=float, metavar="-2-2", help="Above 0: rather say something new."),
    click.option("--frequency-penalty", type=float, metavar="-2-2", help="Above 0: rather not repeat words."),
    click.option("--seed", type=int, metavar="N", help="The same number, about the same text."),
    user_option,
)


@action("completions.create", streams=True)
@_MODEL
@click.option("-p", "--prompt", type=Text(), required=True, help="What it goes on with; - reads standard input.")
@_LENGTH
@click.option("--logprobs", type=int, metavar="N", help="How likely the tokens were; see them with --json.")
@click.option("--echo", is_flag=True, default=None, help="The prompt before the text.")
@click.option("--suffix", type=Text(), help="What stands behind the text.")
@click.option("--best-of", type=int, metavar="N", help="Write N texts, answer the best.")
@param_option
def completions(
    common: Common, prompt: str, model: str | None, engine: str | None, extra: Sequence[Any], **options: Any
) -> Work:
    """Go on with a prompt, and print what follows it.

    \b
    mudbot api completions.create -m text-davinci-003 -p 'Once upon a time' --stream
    mudbot api completions.create --embedded -p - -M 200 < story.txt
    """
    params = _params(common, options, extra, "prompt", "model")
    name = _one_model(model, engine)

    async def work(job: Job) -> None:
        asked = job.model(name, "dialogue")
        if common.stream:
            await _stream(job, job.api.complete_stream(prompt, model=asked, **params))
            return
        answer = await job.api.complete(prompt, model=asked, **params)
        job.show(answer, lambda answer: _choices(job, {c.index: c.text for c in answer.choices}))

    return work


@action("chat.completions.create", streams=True)
@_MODEL
@click.option(
    "-g",
    "--message",
    "messages",
    type=(str, Text()),
    metavar="ROLE TEXT",
    multiple=True,
    required=True,
    help="A message (system, user, assistant) of the chat, in order; - reads standard input.",
)
@_LENGTH
@click.option("--response-format", metavar="TYPE|JSON", help="json_object, or a schema as JSON.")
@param_option
def chat(
    common: Common,
    messages: Sequence[tuple[str, str]],
    model: str | None,
    engine: str | None,
    extra: Sequence[Any],
    **options: Any,
) -> Work:
    """Answer the messages of a chat.

    \b
    mudbot api chat.completions.create -m gpt-4o-mini -g system 'You keep an inn.' -g user 'A room?' --stream
    mudbot api chat.completions.create --embedded -g user - < question.txt
    """
    options["response_format"] = _format(options["response_format"])
    params = _params(common, options, extra, "messages", "model")
    said = [{"role": role, "content": text} for role, text in messages]
    name = _one_model(model, engine)

    async def work(job: Job) -> None:
        asked = job.model(name, "dialogue")
        if common.stream:
            await _stream(job, job.api.chat_stream(said, model=asked, **params))
            return
        job.show(await job.api.chat(said, model=asked, **params), lambda answer: _messages(job, answer))

    return work


@action("edits.create")
@_MODEL
@click.option("-i", "--input", "text", type=Text(), default="", help="The text; - reads standard input.")
@click.option("--instruction", "-I", type=Text(), required=True, help="What to change.")
@_CHANCE
@click.option("-n", "--n", type=int, metavar="N", help="How many texts.")
@param_option
def edits(
    common: Common,
    text: str,
    instruction: str,
    model: str | None,
    engine: str | None,
    extra: Sequence[Any],
    **options: Any,
) -> Work:
    """Change a text as an instruction says.

    OpenAI itself closed this endpoint in 2024; chat.completions.create replaces it there.
    """
    params = _params(common, options, extra, "input", "instruction", "model")
    name = _one_model(model, engine)

    async def work(job: Job) -> None:
        answer = await job.api.edit(text, instruction, model=job.model(name, "dialogue"), **params)
        job.show(answer, lambda answer: _choices(job, {c.index: c.text for c in answer.choices}))

    return work


def _params(common: Common, options: dict[str, Any], extra: Sequence[Any], *own: str) -> dict[str, Any]:
    if "stop" in options:
        options["stop"] = several(options["stop"])
    params = merged(options, extra, *own)
    if common.stream and not common.machine and isinstance(params.get("n"), int) and params["n"] > 1:
        raise click.UsageError("--stream shows one text while it is written: leave out -n, or add --json")
    return params


def _one_model(model: str | None, engine: str | None) -> str | None:
    if model and engine and model != engine:
        raise click.UsageError("-m and -e are two names of the same: give one of them")
    return model or engine


def _format(given: str | None) -> Any:
    """``json_object`` as people write it, as the API wants it."""
    if given is None or not given.lstrip().startswith("{"):
        return given and {"type": given}
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        raise click.UsageError("--response-format: this is no JSON: write json_object, or a schema") from None


def _choices(job: Job, texts: dict[int, str]) -> None:
    """Print texts in their order: one alone as it is, several with a line before each."""
    if not texts:
        note("the server answered without a text")
    for index in sorted(texts):
        if len(texts) > 1:
            job.out.line(f"===== Completion {index} =====")
        job.out.text(texts[index])


def _messages(job: Job, answer: Chat) -> None:
    _choices(job, {choice.index: _said(choice.message) for choice in answer.choices})


def _said(message: Message) -> str:
    """What a message says: its text, why there is none, or what it wants called."""
    calls = [call.function for call in message.tool_calls or () if call.function]
    wanted = [f"{function.name} {_arguments(function.arguments)}" for function in calls]
    return "\n".join(part for part in (message.text, message.refusal, *wanted) if part)


def _arguments(given: Any) -> str:
    return given if isinstance(given, str) else json.dumps(given or {}, ensure_ascii=False)


async def _stream(job: Job, pieces: AsyncGenerator[CompletionChunk, None] | AsyncGenerator[ChatChunk, None]) -> None:
    """Print a text as it comes; for programs, each piece as an object on a line."""
    empty = True
    async with aclosing(pieces):
        async for piece in pieces:
            if job.common.machine:
                job.out.json(raw(piece), indent=None)
            elif piece.text:
                job.out.piece(piece.text)
            empty = empty and not piece.text
    if empty and not job.common.machine:
        note("the model answered without a text: --json shows all that came")


COMMANDS = {command.name: command for command in (completions, chat, edits)}
