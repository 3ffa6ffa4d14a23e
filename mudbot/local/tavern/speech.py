"""What a player of a family types, and what comes of it: its verbs, formats and manners from its file."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Callable, Mapping, Sequence

from mudbot.local.tavern.manners import Act
from mudbot.local.tavern.markup import render
from mudbot.local.tavern.phrases import load_phrasebook
from mudbot.local.tavern.rooms import OPPOSITE
from mudbot.local.tavern.world import Character, World

_VERBS: Mapping[str, tuple[str, ...]] = {
    "look": ("look", "l"),
    "who": ("who",),
    "help": ("help",),
    "news": ("news",),
    "quit": ("quit",),
    "set": ("set",),
}


def obey(world: World, character: Character, line: str) -> None:
    """Do what *line* says, as the world's family understands it."""
    if not world.settle(character, character.judge.command(line, world.clock())):
        return
    assert character.history is not None
    lines, says = character.history.read(line.strip())
    character.show(says)
    for each in lines:
        if each and character.ears is not None:
            _obey_one(world, character, each)


def _obey_one(world: World, character: Character, line: str) -> None:
    manners = world.manners
    sign = next((sign for sign in manners.shortcuts if line.startswith(sign)), None)
    if sign is not None:
        word, rest = manners.shortcuts[sign], line[len(sign) :].strip()
    else:
        word, _, rest = line.lstrip(manners.shell.ignore or " ").partition(" ")
    word, rest = word.casefold(), rest.strip()
    world.deeds.append((character.login, word, rest))
    for name, act in manners.speech.items():
        if word in act.words:
            _utter(world, character, name, rest)
            return
    letter = load_phrasebook().words().get(word, "")
    verb = next((verb for verb, words in _VERBS.items() if word in manners.verbs.get(verb, words)), None)
    if letter in OPPOSITE:
        if not world.move(character, letter):
            character.hear("no_way")
    elif verb is not None:
        _DOES[verb](world, character, rest)
    else:
        character.hear("huh", command=word)


# -- speech --------------------------------------------------------------------------------------------------------


def _utter(world: World, speaker: Character, name: str, rest: str) -> None:
    act = world.manners.speech[name]
    addressed = _address(world, speaker, act, rest)
    if addressed is None:
        return
    targets, text = addressed
    text = text or act.empty
    if not text:
        missing = f"what_{name}"
        speaker.hear(missing if missing in speaker.phrases.texts else "huh", command=name)
        return
    if speaker in targets and len(targets) == 1:
        speaker.hear("to_yourself")
        return
    if not world.settle(speaker, speaker.judge.word(act.counts, text, world.clock())):
        return
    _deliver(world, speaker, act, targets, render(world.manners.markup, text, speaker.name))


def _address(world: World, speaker: Character, act: Act, rest: str) -> tuple[list[Character], str] | None:
    """Whom it is for, and the text; None where somebody is not there, which the speaker was told."""
    if act.address == "none":
        return [], rest
    names, text = _ADDRESSES[act.address](speaker, rest)
    found = []
    for name in names:
        person = _person(world, speaker, act, name)
        if person is None:
            speaker.hear("absent_reply" if act.address == "last" else "absent", target=name)
        elif person not in found:
            found.append(person)
    if not names:
        speaker.hear("what_reply" if act.address == "last" else "what_tell")
    elif act.address == "equals" and found:
        speaker.paged_last = tuple(each.login for each in found)
    return (found, text) if found else None


def _person(world: World, speaker: Character, act: Act, name: str) -> Character | None:
    if world.manners.ids and name != name.lower():  # a tell goes to the login id, as it is written
        return None
    person = world.present(name)
    if person is None and not world.manners.ids:
        person = next(
            (each for each in world.everyone() if each.alias and each.alias.casefold() == name.casefold()), None
        )
    if person is not None and act.reach == "room" and person.room is not speaker.room:
        return None
    return person


def _words(_speaker: Character, rest: str) -> tuple[Sequence[str], str]:
    name, _space, text = rest.partition(" ")
    return [name] if name else [], text.strip()


def _equals(speaker: Character, rest: str) -> tuple[Sequence[str], str]:
    names, sign, text = rest.partition("=")
    if not sign:
        return speaker.paged_last, rest
    return names.replace(",", " ").split()[:10], text.strip()


def _with(_speaker: Character, rest: str) -> tuple[Sequence[str], str]:
    name, _space, text = rest.partition(" ")
    return [name] if name else [], _unquoted(text.strip().removeprefix("with ").strip())


def _to(speaker: Character, rest: str) -> tuple[Sequence[str], str]:
    if rest.startswith("to "):
        return _words(speaker, rest[3:].strip())
    text, sign, name = rest.rpartition(" to ")
    return ([name.strip()], _unquoted(text)) if sign else ([], "")


def _last(speaker: Character, rest: str) -> tuple[Sequence[str], str]:
    return speaker.spoke_last, rest


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text


_ADDRESSES: Mapping[str, Callable[[Character, str], tuple[Sequence[str], str]]] = {
    "words": _words,
    "equals": _equals,
    "with": _with,
    "to": _to,
    "last": _last,
}


def _deliver(world: World, speaker: Character, act: Act, targets: Sequence[Character], text: str) -> None:
    if act.turn == "sentence":
        text = text[:1].upper() + text[1:] + ("" if text[-1:] in ".!?" else ".")
    values = _values(speaker, act, targets, text)
    own, others = _kind(act, text)
    if act.pose and text[:1] in (":", ";"):
        values |= {"text": text[1:], "gap": " " if text[0] == ":" else ""}
        own, them = act.own_pose, act.pose
    else:
        them = act.many if len(targets) > 1 and act.many else act.them
    speaker.tell((own if own is not None else others or "").format_map(values))
    for each in targets:
        each.tell(them.format_map(values))
        if act.address != "none":
            each.spoke_last = (speaker.login,)
    if others is not None:
        line = others.format_map(values)
        for each in world.everyone() if act.reach == "world" else world.others_with(speaker):
            if each is not speaker and each not in targets:
                each.tell(line)


def _kind(act: Act, text: str) -> tuple[str | None, str | None]:
    """The formats for the speaker and the others, by how the text ends."""
    if text.endswith("?") and act.asks:
        return act.own_asks, act.asks
    if text.endswith("!") and act.exclaims:
        return act.own_exclaims, act.exclaims
    return act.own, act.others


def _values(speaker: Character, act: Act, targets: Sequence[Character], text: str) -> dict[str, object]:
    target = targets[0] if targets else speaker
    names = [each.name for each in targets]
    everyone = ", ".join(names[:-1]) + ("," if len(names) > 2 else "") + f" and {names[-1]}" if len(names) > 1 else ""
    return {
        "name": speaker.name,
        "login": speaker.login,
        "Login": speaker.login.capitalize(),
        "alias": f" ({speaker.alias})" if speaker.alias else "",
        "target": everyone or target.name,
        "target_login": target.login,
        "Target": target.login.capitalize(),
        "everyone": everyone,
        "text": text,
        "place": speaker.room.name[speaker.phrases.language],
        "mark": "" if "no_prefix" in speaker.options else act.mark,
        "time": clock_time(),
        "gap": " ",
    }


def clock_time() -> str:
    """HH:MM, as channel lines have it."""
    return time.strftime("%H:%M")


# -- other verbs ---------------------------------------------------------------------------------------------------


def _look(world: World, character: Character, rest: str) -> None:
    if not rest:
        world.show_room(character)
        return
    thing, person = character.room.thing(rest), world.present(rest)
    if thing is not None:
        character.show(thing.text[character.phrases.language])
    elif person is not None and person.room is character.room:
        character.hear("person", name=person.name)
    else:
        character.hear("thing_missing", text=rest)


def _who(world: World, character: Character, _: str) -> None:
    everyone = world.everyone()
    character.hear("who_head", count=len(everyone))
    for each in everyone:
        place = each.room.name[character.phrases.language]
        character.hear("who_row", name=each.name, place=place, login=each.login, Login=each.login.capitalize())


def _help(_: World, character: Character, __: str) -> None:
    character.page(character.phrases.text("help").split("\n"))


def _news(world: World, character: Character, _: str) -> None:
    """A long text: all that there is to see in the world."""
    language = character.phrases.language
    width = 38 if language == "zh" else 76
    lines = []
    for room in world.atlas.rooms.values():
        lines += ["", room.name[language]]
        for text in (room.desc[language], *(thing.text[language] for thing in room.things)):
            lines += textwrap.wrap(text, width)
    character.page(lines)


def _set(_world: World, character: Character, rest: str) -> None:
    """``set no_prefix 1``: an ES2 player may leave out what marks his emotes."""
    option, _space, value = rest.partition(" ")
    if option != "no_prefix":
        character.hear("huh", command="set")
        return
    (character.options.discard if value.strip() in ("0", "off") else character.options.add)(option)
    character.show("Ok.")


def _quit(world: World, character: Character, _: str) -> None:
    character.hear("goodbye", name=character.name)
    if character.ears is not None:
        ears = character.ears
        character.left_at = world.clock()
        world.leave(character, ears)
        ears.close()


_DOES: Mapping[str, Callable[[World, Character, str], None]] = {
    "look": _look,
    "who": _who,
    "help": _help,
    "news": _news,
    "quit": _quit,
    "set": _set,
}
