"""YAML syntax errors in our own words: PyYAML's print characters of the file, and a secret may stand there."""

from __future__ import annotations

import re

import yaml

_TAB = re.compile(r"[ ]*\t")

_SAYINGS = (
    ("end of stream", "a quote opens here and is never closed: close it"),
    ("mapping values", "a colon too many, or indented too far: put text that holds ': ' in quotes, line up the keys"),
    ("expected ':'", "a key needs a colon and a space after it (port: 4000)"),
    ("cannot start any token", "text that starts with @, ` or % needs quotes"),
    ("escape", "an unknown escape after \\ in double quotes: use single quotes, or write \\\\"),
    ("',' or", "a [ or { is not closed, or a comma is missing"),
    ("node content", "a value is expected here: put a text of signs in quotes"),
    ("expected <block end>", "the indentation does not fit the lines above: line it up with its neighbours"),
    ("expected key", "the indentation does not fit the lines above: line it up with its neighbours"),
    ("expected '-' indicator", "the indentation does not fit the list above: line it up with its '-'"),
    ("chomping", "after | or > nothing else may stand on the line"),
    ("comment or line break", "after | or > nothing else may stand on the line"),
    ("tag", "tags (!name) have no meaning here: put text that starts with ! in quotes"),
    ("anchor", "text that starts with & or * needs quotes"),
    ("alias", "text that starts with & or * needs quotes"),
    ("alphabetic", "text that starts with & or * needs quotes"),
    ("document", "lines that start with %, --- or ... have no use here: delete them"),
    ("directive", "lines that start with % have no use here: delete them"),
)  # fmt: skip
"""Words of PyYAML's or libyaml's own description, and what the owner can do."""

_OTHERWISE = (
    "cannot be read as YAML from here on: check the quotes, colons and indentation of this line and the one before"
)


def explain(error: yaml.YAMLError, text: str) -> tuple[int, str]:
    """The line, counted from 1, and the remedy of a syntax error in *text*."""
    problem = str(getattr(error, "problem", "") or "").lower()
    mark = getattr(error, "problem_mark", None)
    start = getattr(error, "context_mark", None)
    line = int(mark.line) if mark else 0
    lines = text.splitlines() or [""]
    here = min(line, len(lines) - 1)
    for number in (here, here - 1):
        if number >= 0 and _TAB.match(lines[number]):
            return number + 1, "a tab in the indentation: YAML wants spaces"
    unclosed = "end of stream" in problem or "',' or" in problem
    if unclosed and start:
        line = int(start.line)
        if "${" in lines[min(line, len(lines) - 1)]:
            return line + 1, 'inside { } and [ ] a ${NAME} needs quotes ("${NAME}")'
    return line + 1, next((remedy for words, remedy in _SAYINGS if words in problem), _OTHERWISE)
