"""Trigger files of other clients into ``triggers:`` of a configuration.

Text in, triggers and notes out; nothing is run.  What a trigger does there is what it
does here, or a note says what does not, where it stood and why.
"""

from __future__ import annotations

from mudbot.triggers.imports import mudlet, mushclient, pymud, tintin
from mudbot.triggers.imports.found import Imported, Note
from mudbot.triggers.imports.reading import CODECS, MAX_BYTES, NAMES, SOURCES, Source, decode, detect
from mudbot.triggers.imports.writing import to_yaml

__all__ = [
    "CODECS",
    "MAX_BYTES",
    "NAMES",
    "SOURCES",
    "Imported",
    "Note",
    "Source",
    "convert",
    "decode",
    "detect",
    "to_yaml",
]

_CONVERTERS = {
    "tintin": tintin.convert,
    "mudlet": mudlet.convert,
    "mushclient": mushclient.convert,
    "pymud": pymud.convert,
}


def convert(text: str, source: Source) -> Imported:
    """The triggers in *text*, a file of the client *source*, and what of it is not carried over.

    Raises ConfigError, with the line, where the file cannot be read at all; nothing else, whatever the text.
    """
    return _CONVERTERS[source](text.removeprefix("\ufeff"))
