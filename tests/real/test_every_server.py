"""One script for every real server: two people log in, talk, attack, are cut off and come back, all through Session."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.real import places
from tests.real.bot import Bot
from tests.real.hostile import payloads
from tests.real.places import Person, Place
from tests.real.relay import Relay
from tests.real.servers.environment import UnavailableError
from tests.real.servers.wire import Wire

pytestmark = [pytest.mark.real, pytest.mark.timeout(600)]  # the first use installs the servers

TOKEN = "Zebrafish"
WORDS = {
    "utf-8": "客官，里面请。",
    "gbk": "功夫，許久，張三丰。",
    "big5": "功夫，許久，蓋世。",
    "ascii": 'It\'s "quoted", $(red), 5%.',
}
"""In the double-byte encodings some second bytes are metacharacters."""
LONG = "Beyond the ford the road forks: left, past the mill, it climbs to the pass; right, it follows the river. \
Take the left one, and be there before dark."
"""Longer than the 79 columns at which mudpy breaks."""


@pytest.fixture(scope="module", params=["evennia", *places.SMALL])
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each server in turn."""
    if request.param == "evennia":
        yield places.evennia(request.getfixturevalue("evennia"))
        return
    try:
        program, place = places.start(request.param)
    except UnavailableError as error:
        reason = f"{request.param} cannot be installed here: {error}"
        if os.environ.get("MUDBOT_REQUIRE_REAL") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield place
    finally:
        program.stop()


@pytest.fixture
async def ada(place: Place) -> Person:
    return await place.newcomer()


@pytest.fixture
async def bea(place: Place) -> Person:
    return await place.newcomer()


@pytest.fixture
async def cyr(place: Place) -> Person:
    return await place.newcomer()


@contextlib.asynccontextmanager
async def entered(place: Place, person: Person) -> AsyncIterator[Wire]:
    """Somebody in the game by way of a plain client, which shares no code with the product."""
    values = {"name": person.character.name, "password": person.character.password}
    async with await Wire.open(place.host, place.port, person.shown) as wire:
        success = place.dialect.login.success
        assert success is not None
        for step in place.dialect.login.steps:
            if re.search(success, await wire.until(f"{success}|{step.when}"), re.MULTILINE):
                break  # a login can be shorter for who is in the game already
            await wire.send(step.send.format(**values))
        else:
            await wire.until(success)
        yield wire
        if place.falls and not wire.gone:  # spare the others
            await wire.send("quit")
            await wire.wait_gone()


async def settled(place: Place, first: Bot, second: Bot) -> None:
    """Return once the two have read all that the second's entry shows."""
    if place.entry is not None:
        await first.reads(place.entry[0])
        await second.reads(place.entry[1])


async def test_what_one_says_the_other_hears_and_nobody_hears_himself(place: Place, ada: Person, bea: Person) -> None:
    """A say is heard with its speaker and very words and answered, its echo is no speech; so for every other way."""
    async with Bot(place, ada) as one, Bot(place, bea) as other:
        await settled(place, one, other)
        for words in (LONG, WORDS[place.encoding]):
            assert one.session.say("say", words)
            heard = await other.hears()
            assert (heard.kind, heard.speaker, (heard.text or "").strip()) == ("say", ada.shown, words)
        assert other.session.answer(heard, "The same to you.")
        answer = await one.hears()
        assert (answer.kind, answer.speaker) == ("say", bea.shown)
        for verb, channel in place.ways:
            assert one.session.say(verb, f"By {verb}.", channel or bea.shown)
            heard = await other.hears()
            assert (heard.kind, heard.speaker, heard.text) == (verb, ada.shown, f"By {verb}.")
            assert other.session.answer(heard, f"Back by {verb}.")
            answer = await one.hears()
            assert (answer.kind, answer.speaker, answer.channel) == (verb, bea.shown, heard.channel)
        assert len(one.speeches) == len(other.speeches) - 1 == 1 + len(place.ways)


async def test_hostile_words_stay_words(place: Place, ada: Person, bea: Person) -> None:
    """Of all hostile texts each arrives as something said, and none runs a command."""
    command = place.command.format(token=TOKEN)
    texts = payloads(command)
    assert len(texts) >= 60
    async with entered(place, bea) as witness, Bot(place, ada) as bot:
        for text in texts:
            bot.session.say("say", text)
        bot.session.say("say", "That was all.")
        seen = re.sub(r"\s*\n(?!\w+: )", " ", await witness.until(r"That was all\.", 60))
        assert not re.search(place.effect.format(name=ada.shown, token=TOKEN), seen)
        assert not [text for text in texts if (number := re.match(r"\(\d+\)", text)) and number[0] not in seen]
        assert len(re.findall(place.says.format(name=ada.shown), seen)) == bot.session.outbox.sent
        assert not [text for text in bot.texts if re.search(place.refusals, text)]
        assert (bot.logins, bot.drops) == (1, [])


async def test_without_the_gate_the_same_words_run_commands(place: Place, bea: Person, cyr: Person) -> None:
    """The script can fail: sent as they are, some of the texts do what they are meant to do."""
    command = place.command.format(token=TOKEN)
    effect = place.effect.format(name=cyr.shown, token=TOKEN)
    async with entered(place, bea) as witness, entered(place, cyr) as attacker:
        # Whoever quits the chat had better not go on: it would take the rest for the next one's words.
        for text in payloads(command)[: 1 if place.falls else None]:
            # What the dialect puts before the words, without what it does for safety.
            line = place.dialect.speak["say"].replace("{text}", text).rstrip(' "')
            await attacker.send_raw(line.encode(place.encoding, "replace") + b"\r\n")
        await witness.until(f"(?i){effect}")


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
async def test_who_is_cut_off_comes_back_and_speaks_again(place: Place, ada: Person, bea: Person, reset: bool) -> None:
    """The link ends under a character in the game: it logs in again by itself, hears and is heard."""
    async with Relay(place.host, place.port) as relay, Bot(place, ada, relay.port) as bot:
        assert relay.cut(reset=reset) == 1
        await bot.until_dropped(1)
        await bot.until_in(2)
        async with entered(place, bea) as guest:
            bot.session.say("say", "Here I am again.")
            await guest.until(place.says.format(name=ada.shown) + r"Here I am again\.")


async def test_when_the_server_goes_down_the_character_waits_for_it(place: Place, ada: Person) -> None:
    """Nobody answers at the port for a while: no login is given up, and it is in the game once that is possible."""
    async with Relay(place.host, place.port) as relay, Bot(place, ada, relay.port) as bot:
        relay.refuse()
        relay.cut()
        await bot.until_dropped(1)
        assert bot.session.state == "waiting"
        await relay.accept()
        await bot.until_in(2)
        assert not bot.session.refused


@pytest.mark.parametrize("place", ["evennia", "mudpy"], indirect=True)
async def test_who_is_thrown_out_by_another_login_stays_away(place: Place, ada: Person) -> None:
    """The owner may want to play the character: two logins must not throw each other out again and again."""
    async with Bot(place, ada) as bot, entered(place, ada) as owner:
        await bot.until_dropped(1)
        assert bot.session.state == "waiting"
        assert "somebody else" in bot.session.why
        assert not owner.gone


@pytest.mark.parametrize("place", ["mudpy", "nanomud"], indirect=True)
async def test_nobody_is_heard_to_say_what_another_made_look_like_his_line(
    place: Place, ada: Person, bea: Person, cyr: Person
) -> None:
    """Where the server wraps or joins what it shows, a player can make a line of another's: it is not heard as that."""
    async with (
        Bot(place, bea) as bot,
        entered(place, await place.newcomer()) as witness,
        entered(place, cyr) as mallory,
    ):
        await bot.reads("is here|has entered")
        await mallory.send(forged(place.name, cyr.shown, ada.shown))
        await witness.until(rf'(?:^|"){ada.shown} says, "Obey me')
        await mallory.send("say Afterwards.")
        await bot.hears("Afterwards.")
        assert {speech.speaker for speech in bot.speeches} == {cyr.shown}


def forged(server: str, speaker: str, victim: str) -> str:
    """What *speaker* must send so that a line of *victim*'s seems to stand on the screens of others."""
    if server == "nanomud":
        return f'say Well."{victim} says, "Obey me.'
    # mudpy breaks before the first word that does not fit into 79 columns.
    filling = 78 - len(f'{speaker} says, "')
    return f'say "{"a " * (filling // 2)}{"b" * (filling % 2)} {victim} says, "Obey me."'
