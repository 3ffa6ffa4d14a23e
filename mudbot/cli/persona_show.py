"""``mudbot persona show``: who a character is, on one page."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mudbot.cli.options import as_json, json_option
from mudbot.cli.persona_find import find
from mudbot.cli.persona_list import existing, maybe_config_option
from mudbot.logs import visible

if TYPE_CHECKING:
    from mudbot.mind.persona import Persona
    from mudbot.mind.shape import Lore

WIDTH = 100
SHORT = 300
"""Signs of a text that are shown without --all."""


@click.command("show", short_help="Who a character is: names, lore, what a prompt of it costs.")
@maybe_config_option
@click.option("--all", "whole", is_flag=True, help="Every text whole, every piece of lore.")
@json_option("The whole persona as one JSON object.")
@click.argument("name", metavar="NAME|FILE")
def show(name: str, path: Path, *, whole: bool, machine: bool) -> None:
    """Show a persona: its names and languages, what is always told to a model and how many tokens that takes, its lore
    and what calls it, how it samples, and of a card what its maker says of it.
    """
    from mudbot.mind.persona import load_persona

    persona = load_persona(find(name, existing(path)))
    if machine:
        print(as_json(as_data(persona), indent=2))
        return
    for line in _page(persona, whole=whole):
        print(visible(line))


def as_data(persona: Persona) -> dict[str, Any]:
    """*persona* as plain data, with the tokens of what is always told."""
    from mudbot.mind.cards import parse

    data = persona.model_dump(exclude={"card"})
    data["tokens"] = _tokens(persona)
    data["card"] = parse(persona.card) if persona.card else None
    return data


def _tokens(persona: Persona) -> dict[str, int]:
    from mudbot.mind.context import Scene, build, estimate_tokens

    prompt = build(persona, Scene(), "guest", "")
    return {"persona": estimate_tokens(prompt.system), "prompt": estimate_tokens(prompt.transcript())}


def _page(persona: Persona, *, whole: bool) -> Iterator[str]:
    tokens = _tokens(persona)
    yield persona.name
    yield from _fields(persona)
    yield f"  prompt      about {tokens['prompt']} tokens before anybody says a word, {tokens['persona']} for who it is"
    yield from _text("description", persona.description, whole=whole)
    yield from _listed("facts", persona.facts, whole=whole)
    yield from _text("style", persona.style, whole=whole)
    for example in persona.examples:
        yield from _text(
            "example", f"{example.speaker}: {example.text} / {persona.name}: {example.answer}", whole=whole
        )
    yield from _lore(persona, whole=whole)
    yield from _listed("fallbacks", persona.fallbacks, whole=whole)
    yield from _sampling(persona)
    if persona.card:
        yield from _card(persona.card, whole=whole)


def _fields(persona: Persona) -> Iterator[str]:
    for label, values in (
        ("aliases", persona.aliases),
        ("titles", persona.titles),
        ("languages", persona.languages),
        ("never says", persona.never),
        ("groups", [f"{group} ({len(people)})" for group, people in persona.groups.items()]),
    ):
        if values:
            yield f"  {label:<11} {', '.join(values)}"


def _text(label: str, text: str, *, whole: bool) -> Iterator[str]:
    if not text.strip():
        return
    shown = text if whole or len(text) <= SHORT else f"{text[:SHORT].rstrip()} … ({len(text):,} signs, --all for all)"
    lines = [part for line in shown.splitlines() for part in textwrap.wrap(line, WIDTH - 14) or [""]]
    for number, line in enumerate(lines):
        yield f"  {label if number == 0 else '':<11} {line}"


def _listed(label: str, texts: tuple[str, ...], *, whole: bool) -> Iterator[str]:
    for number, text in enumerate(texts if whole else texts[:5]):
        yield from _text(label if number == 0 else "", text, whole=whole)
    if len(texts) > 5 and not whole:
        yield f"  {'':<11} … and {len(texts) - 5} more"


def _lore(persona: Persona, *, whole: bool) -> Iterator[str]:
    from mudbot.mind.context import estimate_tokens

    if not persona.lore:
        return
    book, tokens = persona.lorebook, sum(estimate_tokens(piece.text) for piece in persona.lore)
    most = f"{book.most} at once" if book.most else "as many as fit"
    budget = f", {book.token_budget} tokens" if book.token_budget else ""
    deep = f", called by lore {book.recursion} deep" if book.recursion else ""
    yield f"  {'lore':<11} {len(persona.lore)} pieces, about {tokens:,} tokens; {most}{budget}, called by the last " + (
        f"{book.scan_depth} messages{deep}" if book.scan_depth != 1 else f"message{deep}"
    )
    for piece in persona.lore if whole else persona.lore[:8]:
        yield from _text("", f"{_calls(piece)}: {piece.text}", whole=whole)
    if len(persona.lore) > 8 and not whole:
        yield f"  {'':<11} … and {len(persona.lore) - 8} more"


def _calls(piece: Lore) -> str:
    """What calls a piece, in a line."""
    keys = ", ".join(piece.keys[:6]) + (" …" if len(piece.keys) > 6 else "")
    parts = ["always" if piece.constant else keys]
    if piece.secondary:
        parts.append(f"{piece.logic} of {', '.join(piece.secondary[:6])}")
    told = piece.model_dump(exclude_defaults=True, exclude={"keys", "text", "title", "secondary", "logic", "constant"})
    parts += [f"{key} {_value(value)}" if value is not True else key for key, value in told.items()]
    return f"[{'; '.join(parts)}]"


def _value(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def _sampling(persona: Persona) -> Iterator[str]:
    chosen = persona.sampling
    for name, each in (("chat", chosen.chat), ("completions", chosen.completions)):
        told = ", ".join(
            f"{key} {_value(value)!r}" if key == "stop" else f"{key} {value}" for key, value in each if value
        )
        yield f"  {'sampling' if name == 'chat' else '':<11} {name}: {told}"
    for pattern, other in chosen.models.items():
        told = ", ".join(f"{key} {_value(value)}" for key, value in other if value is not None)
        yield f"  {'':<11} {pattern}: {told}"


def _card(text: str, *, whole: bool) -> Iterator[str]:
    """What a card says of itself: for people alone."""
    from mudbot.mind.cards import Card, parse

    card = Card(parse(text), "")
    data = card.data
    made = [f"a card of {card.version}"]
    for key, word in (("creator", "by"), ("character_version", "version")):
        if isinstance(data.get(key), str) and data[key].strip():
            made.append(f"{word} {data[key].strip()}")
    yield from _text("card", ", ".join(made), whole=whole)
    tags = data.get("tags")
    if isinstance(tags, list) and tags:
        yield from _text("tags", ", ".join(map(str, tags)), whole=whole)
    if isinstance(data.get("creator_notes"), str):
        yield from _text("its maker", data["creator_notes"], whole=whole)
