"""What a player types, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache

from mudbot.local.tavern.phrases import load_phrasebook
from mudbot.local.tavern.rooms import OPPOSITE
from mudbot.local.tavern.world import Character, World

Action = Callable[[World, Character, str], None]


def act(world: World, character: Character, line: str) -> None:
    """Do what *line* says.  An empty line does nothing; a line is one command, ``;`` and all."""
    line = line.strip()
    if not line:
        return
    command, rest = _read(line)
    if command is None:
        character.hear("huh")
    elif command in OPPOSITE:
        if not world.move(character, command):
            character.hear("no_way")
    else:
        ACTIONS[command](world, character, rest)


def _read(line: str) -> tuple[str | None, str]:
    """The command, or the letter of a direction, that *line* begins with, and what follows it."""
    words, shortcuts = _vocabulary()
    if line[0] in shortcuts:
        return shortcuts[line[0]], line[1:].strip()
    word, rest = _first_word(line)
    return words.get(word.casefold()), rest


def _first_word(text: str) -> tuple[str, str]:
    """The first word and what follows it; any white space parts them, U+3000 too."""
    word, *rest = text.split(maxsplit=1) or [""]
    return word, "".join(rest)


@cache
def _vocabulary() -> tuple[Mapping[str, str], Mapping[str, str]]:
    book = load_phrasebook()
    return book.words(), book.shortcuts()


def _look(world: World, character: Character, rest: str) -> None:
    if not rest:
        world.show_room(character)
        return
    language = character.phrases.language
    thing, person = character.room.thing(rest), world.present(rest)
    if thing is not None:
        character.show(thing.text[language])
    elif person is not None and person.room is character.room:
        character.hear("person", name=person.name)
    else:
        character.hear("thing_missing", text=rest)


def _say(world: World, character: Character, rest: str) -> None:
    if not rest:
        character.hear("what_say")
        return
    character.hear("say_self", text=rest)
    for each in world.others_with(character):
        each.hear("say", name=character.name, text=rest)


def _tell(world: World, character: Character, rest: str) -> None:
    name, text = _first_word(rest)
    target = world.present(name)
    if not text:
        character.hear("what_tell")
    elif target is None:
        character.hear("absent", target=name)
    elif target is character:
        character.hear("to_yourself")
    else:
        character.hear("tell_self", target=target.name, text=text)
        target.hear("tell", name=character.name, text=text)


def _chat(world: World, character: Character, rest: str) -> None:
    if not rest:
        character.hear("what_chat")
        return
    for each in world.everyone():
        each.gmcp("Comm.Channel.Text", {"channel": "chat", "talker": character.name, "text": rest})
        each.hear("chat", name=character.name, text=rest)


def _emote(world: World, character: Character, rest: str) -> None:
    if not rest:
        character.hear("what_emote")
        return
    character.hear("emote", name=character.name, text=rest)
    for each in world.others_with(character):
        each.hear("emote", name=character.name, text=rest)


def _who(world: World, character: Character, _: str) -> None:
    everyone = world.everyone()
    character.hear("who_head", count=len(everyone))
    for each in everyone:
        character.hear("who_row", name=each.name, place=each.room.name[character.phrases.language])


def _help(_: World, character: Character, __: str) -> None:
    character.hear("help")


def _language(world: World, character: Character, rest: str) -> None:
    chosen = world.phrasebook.find(rest) if rest else character.phrases
    if chosen is None:
        character.show(character.phrases.listing("language_unknown", world.phrasebook.languages, text=rest))
        return
    character.phrases = chosen
    character.hear("language_is")


def _quit(world: World, character: Character, _: str) -> None:
    character.hear("goodbye", name=character.name)
    if character.ears is not None:
        ears = character.ears
        world.leave(character, ears)
        ears.close()


ACTIONS: Mapping[str, Action] = {
    "look": _look,
    "say": _say,
    "tell": _tell,
    "chat": _chat,
    "emote": _emote,
    "who": _who,
    "help": _help,
    "language": _language,
    "quit": _quit,
}
