"""Who the character is: one YAML file that an owner can write, read as a whole and checked as a whole.

A persona is data.  What a model is shown of it is decided in ``mudbot.mind.context``, what is refused in its name in
``mudbot.mind.check``.
"""

from __future__ import annotations

import difflib
import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from mudbot.errors import ConfigError, Problem

Language = Literal["en", "zh"]
Endpoint = Literal["chat", "completions", "auto"]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=32, pattern=r"^[^\n\r:：]+$")]
Stop = Annotated[str, StringConstraints(min_length=1, max_length=32)]

SHIPPED = Path(__file__).parent / "personas"
MAX_BYTES = 64 * 1024
"""A persona is a page of text; a file beyond this is not one, and a parser bomb needs no more."""


class _Shape(BaseModel):
    """Immutable, and strict about keys: a misspelt key would otherwise silently change nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Example(_Shape):
    """One exchange that shows the model how the character answers."""

    speaker: Name
    text: Text
    answer: Text


class Lore(_Shape):
    """Something the character knows that is shown to the model only when the talk comes to it.

    It stands right before the line to answer, where a small model heeds it most and a prompt cache loses least.  Write
    it as the character would say it: small models answer with it nearly word by word.
    """

    keys: tuple[Name, ...] = Field(min_length=1)
    """Words or phrases, in any case, also with s, es, ed, ing, er or y at the end.  Chinese is found anywhere."""
    text: Text


class Sampling(_Shape):
    """How freely the model chooses its words, in the terms of the OpenAI API."""

    temperature: float = Field(0.7, ge=0, le=2)
    top_p: float = Field(0.9, gt=0, le=1)
    max_tokens: int = Field(60, ge=1, le=4000)
    stop: tuple[Stop, ...] = Field((), max_length=4)
    """Texts that end the answer; the API takes four at most."""


class Samplings(_Shape):
    """The two ways to ask, each with its own settings: chat models want less freedom than plain completion."""

    chat: Sampling = Field(default_factory=lambda: Sampling.model_validate({}))
    completions: Sampling = Field(default_factory=lambda: Sampling.model_validate({"stop": ("\n",)}))


class Persona(_Shape):
    """A character: what it is called, what it knows, how it talks, and what it says when no good answer came."""

    name: Name
    aliases: tuple[Name, ...] = ()
    """Other names it answers to, in any language."""
    language: Language
    """The language it speaks; an answer in another script is refused."""
    description: Text
    """Who it is, in the third person: the same words open a chat and a plain transcript."""
    facts: tuple[Text, ...] = ()
    """What it always has in mind."""
    lore: tuple[Lore, ...] = ()
    """What comes to its mind when a key is heard."""
    style: str = Field("", max_length=2000)
    examples: tuple[Example, ...] = ()
    fallbacks: tuple[Text, ...] = Field(min_length=1)
    """Said in character when the model gave no good answer."""
    never: tuple[Text, ...] = ()
    """Words it must not say: an answer with one is refused.  The model is not told of them, telling invites them."""
    endpoint: Endpoint = "auto"
    """Which endpoint suits it; ``auto``: whatever suits the model."""
    sampling: Samplings = Samplings()

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it goes by, its own first."""
        return (self.name, *(alias for alias in self.aliases if alias != self.name))

    def recall(self, text: str, *, most: int = 1) -> tuple[str, ...]:
        """The lore that *text* calls up, at most *most* pieces: the longest key wins, then the order in the file."""
        found = [(max((len(key) for key in piece.keys if _heard(key, text)), default=0), piece) for piece in self.lore]
        found.sort(key=lambda pair: -pair[0])
        return tuple(piece.text for length, piece in found[:most] if length)

    def fallback(self, text: str) -> str:
        """The line to say instead of an answer to *text*: always the same for one text, differing between texts."""
        return self.fallbacks[zlib.crc32(text.encode("utf-8", "replace")) % len(self.fallbacks)]


def load_persona(source: str, *, folder: Path | None = None) -> Persona:
    """The persona that *source* names: a shipped one (``innkeeper``), or a YAML file, relative to *folder*.

    Raises ConfigError with every mistake in the file, each with its line.  No message prints a value.
    """
    path = _locate(source, folder)
    text = _read(path)
    data, lines, problems = _parse(text, path.name)
    if data is None:
        raise ConfigError(*problems)
    try:
        persona = Persona.model_validate(data)
    except ValidationError as error:
        found = {problem.where for problem in problems}
        more = [_explain(dict(detail), lines, path.name) for detail in error.errors(include_url=False)]
        problems += [problem for problem in more if problem.where not in found]
    else:
        if not problems:
            return persona
    raise ConfigError(*sorted(problems, key=lambda problem: int(problem.where.rpartition(":")[2])))


def _heard(key: str, text: str) -> bool:
    if key.isascii():
        pattern = rf"(?<![A-Za-z]){re.escape(key)}(?:'?s|es|ed|ing|ers?|y)?(?![A-Za-z])"
        return re.search(pattern, text, re.IGNORECASE) is not None
    return key in text


# -- finding and reading the file ----------------------------------------------------------------------------------


def _locate(source: str, folder: Path | None) -> Path:
    if "/" in source or "\\" in source or source.endswith((".yaml", ".yml")):
        return (folder or Path()) / source
    known = sorted(path.stem for path in SHIPPED.glob("*.yaml"))
    if source in known:
        return SHIPPED / f"{source}.yaml"
    raise ConfigError(
        Problem(
            "character",
            f"there is no persona of this name{_nearest(source, known)}; shipped are {', '.join(known)}; "
            "for a file of your own write its path, for example guard.yaml",
        )
    )


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        message = f"there is no file {path}: paths are relative to the folder of config.yaml"
    except IsADirectoryError:
        message = f"{path} is a folder: name the YAML file in it"
    except OSError as error:
        message = f"{path} cannot be read: {error.strerror}"
    else:
        if len(raw) > MAX_BYTES:
            message = f"{path.name} is larger than {MAX_BYTES // 1024} KiB: a persona is about a page"
        else:
            try:
                return raw.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                line = raw.count(b"\n", 0, error.start) + 1
                raise ConfigError(Problem(f"{path.name}:{line}", "is not UTF-8: save the file as UTF-8")) from None
    raise ConfigError(Problem("character", message))


# -- YAML with lines -----------------------------------------------------------------------------------------------

_Path = tuple[str | int, ...]


class _Walk:
    """Turns the parsed nodes into plain data and notes the line of each."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.lines: dict[_Path, int] = {}
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def problem(self, node: yaml.Node, message: str) -> None:
        self.problems.append(Problem(f"{self.file}:{node.start_mark.line + 1}", message))

    def value(self, node: yaml.Node, path: _Path) -> Any:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if id(node) in self._seen:  # also the end of an alias that contains itself, and of every bomb made of them
            self.problem(node, "anchors and aliases (& and *) are not read here: write the text out")
            return ""
        self._seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return [self.value(item, (*path, number)) for number, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: _Path) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, item in node.value:
            name = str(key.value)
            if name in result:
                first = self.lines[(*path, name)]
                self.problem(key, f"the key '{name}' is there twice, first in line {first}: keep one")
                continue
            self.lines[(*path, name)] = key.start_mark.line + 1
            result[name] = self.value(item, (*path, name))
        return result

    def _scalar(self, node: yaml.Node) -> Any:
        kind = node.tag.rpartition(":")[2]
        if kind == "null":
            self.problem(node, "there is nothing here: write a value, or leave the key out")
            return ""
        if kind == "bool":
            self.problem(node, "yes, no, on, off, true and false are not text in YAML: put the word in quotes")
        if kind in ("int", "float"):
            try:
                return float(node.value)
            except ValueError:
                return node.value
        return node.value


def _parse(text: str, file: str) -> tuple[Any, dict[_Path, int], list[Problem]]:
    """The file as plain data (None if it is not YAML), the line of each part, and what is wrong with the YAML."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return None, {}, [Problem(f"{file}:{line}", f"is not YAML: {error.problem}")]
    except (yaml.YAMLError, ValueError, RecursionError):
        return None, {}, [Problem(f"{file}:1", "is not YAML that can be read: compare it with a shipped persona")]
    if not isinstance(root, yaml.MappingNode):
        return None, {}, [Problem(f"{file}:1", "must be keys with values: name, language, description ...")]
    walk = _Walk(file)
    return walk.value(root, ()), walk.lines, walk.problems


# -- what is wrong, in our own words -------------------------------------------------------------------------------

_SHAPES: dict[str, type[_Shape]] = {
    "": Persona,
    "examples": Example,
    "lore": Lore,
    "sampling": Samplings,
    "chat": Sampling,
    "completions": Sampling,
}
_MESSAGES = {
    "string_type": "must be text: put it in quotes",
    "string_too_short": "must not be empty",
    "string_too_long": "is too long: at most {max_length} characters",
    "string_pattern_mismatch": "must be a name on one line, without a colon",
    "literal_error": "must be one of {expected}",
    "tuple_type": "must be a list: one line for each, starting with '- '",
    "model_type": "must be keys with values, indented below it",
    "too_short": "needs at least {min_length}",
    "too_long": "has too many: at most {max_length}",
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "int_from_float": "must be a whole number",
}


def _explain(detail: dict[str, Any], lines: dict[_Path, int], file: str) -> Problem:
    """One finding of pydantic as a Problem: place, key and remedy, never the value (it may hold a secret)."""
    path: _Path = tuple(detail["loc"])
    place = path
    while place not in lines:
        place = place[:-1]
    key = next((str(part) for part in reversed(path) if isinstance(part, str)), "the file")
    if detail["type"] == "extra_forbidden":
        parents = [part for part in path[:-1] if isinstance(part, str)]
        known = list(_SHAPES[parents[-1] if parents else ""].model_fields)
        message = f"there is no key '{key}'{_nearest(key, known)}; there are {', '.join(known)}"
    elif detail["type"] == "missing":
        message = f"'{key}' is missing: add the key"
    else:
        template = _MESSAGES.get(detail["type"], "must be a number")
        message = f"{key}: {template.format(**detail.get('ctx', {}))}"
    return Problem(f"{file}:{lines[place]}", message)


def _nearest(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, list(known), n=1)
    return f", did you mean '{close[0]}'?" if close else ""
