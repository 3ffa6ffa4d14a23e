"""The real Evennia of the tests works: people talk, links break, escapes are what the dialect believes."""

from __future__ import annotations

import pytest

from tests.real.relay import Relay
from tests.real.servers.evennia import Evennia
from tests.real.servers.player import Player

ANN, BEN = ("Annika", "bright-lamp-77"), ("Benedict", "steel-lamp-88")


async def two_players(server: Evennia, ann_port: int | None = None) -> tuple[Player, Player]:
    """Two people in the same room who have read all that a login shows; the first through *ann_port* if given."""
    for name, password in (ANN, BEN):
        await server.create_account(name, password)
    ann, ben = await server.player(*ANN, port=ann_port), await server.player(*BEN)
    await ann.expect(r"^Benedict has entered the game\.$")
    await ann.send("say Ready.")
    await ann.expect('^You say, "Ready."$')
    await ben.expect('^Annika says, "Ready."$')
    return ann, ben


async def talk(speaker: Player, listener: Player) -> None:
    """Let *speaker* use every way of talking, and check the words that each of the two reads."""
    me, you = speaker.name, listener.name
    for line, speaker_reads, listener_reads in (
        ("say Good evening.", 'You say, "Good evening."', f'{me} says, "Good evening."'),
        (f"page {you}=Psst.", f"You paged {you} with: 'Psst.'.", f"Account {me} pages: Psst."),
        (f"whisper {you}=Hush.", f'You whisper to {you}, "Hush."', f'{me} whispers: "Hush."'),
        ("public Anyone?", f"[Public] {me}: Anyone?", f"[Public] {me}: Anyone?"),
        ("pose waves.", f"{me} waves.", f"{me} waves."),
        ("say 汉字 😀", 'You say, "汉字 😀"', f'{me} says, "汉字 😀"'),
    ):
        await speaker.send(line)
        assert await speaker.expect(rf"^(You \S+ |\[Public\] |{me} )") == speaker_reads
        assert await listener.expect(me) == listener_reads


async def test_people_talk_by_say_page_whisper_channel_and_pose(evennia: Evennia) -> None:
    """What one player says in any way, the other reads, in the formats that the dialect knows."""
    ann, ben = await two_players(evennia)
    async with ann, ben:
        await talk(ann, ben)
        await talk(ben, ann)


async def test_the_room_tells_who_is_there_who_comes_and_who_leaves(evennia: Evennia) -> None:
    """Arrival and departure are lines of their own, and ``look`` lists the people."""
    ann, ben = await two_players(evennia)
    async with ann:
        async with ben:
            await ann.send("look")
            await ann.expect("^Characters: .*Benedict")
            await ben.send("quit")
            await ben.wait_gone()
        await ann.expect(r"^Benedict has left the game\.$")


async def test_a_wrong_password_is_refused_in_one_known_line(evennia: Evennia) -> None:
    """An unknown name and a wrong password read the same, and the link stays open for another try."""
    await evennia.create_account(*ANN)
    async with await Player.open(evennia.host, evennia.port, "stranger") as stranger:
        await stranger.expect("Enter help for more info")
        for name in (ANN[0], "Nobodyknown"):
            await stranger.send(f"connect {name} not-the-password")
            await stranger.expect(r"^Username and/or password is incorrect\.$")
        await stranger.send(f"connect {ANN[0]} {ANN[1]}")
        await stranger.expect("^You become Annika")


async def test_player_says_at_once_that_a_login_was_refused(evennia: Evennia) -> None:
    """A test with a forgotten account fails with the reason, not with a time-out."""
    with pytest.raises(AssertionError, match="Evennia refused Nobodyknown: Username and/or password"):
        await evennia.player("Nobodyknown", "whatever-9")


async def test_a_second_login_throws_the_first_out(evennia: Evennia) -> None:
    """The first link is told why, and ended by the server."""
    await evennia.create_account(*ANN)
    async with await evennia.player(*ANN) as first, await evennia.player(*ANN) as second:
        await first.expect(r"^Logged in from elsewhere\. Disconnecting\.$")
        await first.wait_gone()
        assert not second.gone


async def test_drop_disconnects_one_player_only(evennia: Evennia) -> None:
    """``drop`` is the server's own doing: the player reads who did it, the others stay."""
    ann, ben = await two_players(evennia)
    async with ann, ben:
        await evennia.drop("Annika")
        await ann.expect(r"^You have been disconnected by Admin\.$")
        await ann.wait_gone()
        assert not ben.gone


async def test_drop_of_somebody_absent_is_an_error(evennia: Evennia) -> None:
    """A test that drops a player who is not there learns so."""
    with pytest.raises(AssertionError, match="could not boot Nobodyknown"):
        await evennia.drop("Nobodyknown")


@pytest.mark.parametrize("reset", [False, True], ids=["fin", "rst"])
async def test_a_cut_relay_ends_the_link_on_both_sides(evennia: Evennia, reset: bool) -> None:
    """The player sees the end of the link, the game sees the player leave, and a new login goes the same way."""
    async with Relay(evennia.host, evennia.port) as relay:
        ann, ben = await two_players(evennia, relay.port)
        async with ann, ben:
            assert relay.cut(reset=reset) == 1
            await ann.wait_gone()
            await ben.expect(r"^Annika has left the game\.$")
            async with await evennia.player(*ANN, port=relay.port) as again:
                await again.send("say I am back.")
                await ben.expect('^Annika says, "I am back."$')
                assert (relay.accepted, relay.links) == (2, 1)


async def test_a_relay_that_refuses_looks_like_a_server_that_is_down(evennia: Evennia) -> None:
    """Nobody can connect until ``accept``; the port stays the same."""
    async with Relay(evennia.host, evennia.port) as relay:
        relay.refuse()
        with pytest.raises(ConnectionRefusedError):
            await Player.open(relay.host, relay.port, "early")
        await relay.accept()
        async with await Player.open(relay.host, relay.port, "late") as late:
            await late.expect("Enter help for more info")


async def test_a_stalled_relay_holds_everything_back_until_resumed(evennia: Evennia) -> None:
    """Nothing passes while it stalls, nothing is lost after it."""
    async with Relay(evennia.host, evennia.port) as relay:
        ann, ben = await two_players(evennia, relay.port)
        async with ann, ben:
            relay.stall()
            await ann.send("say Held back.")
            await ben.send("say Not held.")
            await ben.expect('^You say, "Not held."$')
            assert not any("Held back" in line for line in ben.lines)
            relay.resume()
            await ben.expect('^Annika says, "Held back."$')
            await ann.expect('^Benedict says, "Not held."$')


HOSTILE = (
    "|rred|n",
    "a || b | c |",
    "a|/b",
    "x|-y|_z",
    "|lcsay hi|ltclick|le",
    "$You() $pron(I) \\$conj(wave) $",
    "{you} {name} {{x}} {",
    "} %s \\ \\\\ C:\\new",
    ":waves",
    "<b>bold</b>",
    "\"quotes\" and 'more'",
    "=a=b;c;d",
    "@who &x /y +z",
)
"""Words that Evennia would read as markup, functions or commands in one verb or another."""

PLAIN = {"|": "|||n|n", "{": "{|n", "<": "<|n"}
"""Escapes for say, page, whisper and channels.  ``||`` alone is not enough: the code after it is still seen by the
filters for links and for unsafe input, and a text that ends in ``||`` gains an ``n``."""

POSED = {**PLAIN, "{": "{{|n", "}": "}}", "$": "\\$", "\\": "\\\\|n"}
"""Escapes for pose, which is also read as a format string and for inline functions."""


def escaped(text: str, table: dict[str, str]) -> str:
    """*text* so that Evennia shows it as it is; a colon that leads would make a pose of it."""
    return ("|n" if text.startswith(":") else "") + "".join(table.get(character, character) for character in text)


@pytest.mark.parametrize(
    ("command", "shown", "table"),
    [
        ("say {}", 'Annika says, "{}"', PLAIN),
        ("page Benedict={}", "Account Annika pages: {}", PLAIN),
        ("whisper Benedict={}", 'Annika whispers: "{}"', PLAIN),
        ("public {}", "[Public] Annika: {}", PLAIN),
        ("pose {}", "Annika {}", POSED),
    ],
    ids=["say", "page", "whisper", "public", "pose"],
)
async def test_escaped_words_arrive_exactly(evennia: Evennia, command: str, shown: str, table: dict[str, str]) -> None:
    """With the escapes of the dialect the listener reads the very words that were said."""
    ann, ben = await two_players(evennia)
    async with ann, ben:
        for words in HOSTILE:
            await ann.send(command.replace("{}", escaped(words, table)))
            assert await ben.expect("Annika ?.+") == shown.replace("{}", words)


async def test_unescaped_markup_forges_a_line(evennia: Evennia) -> None:
    """Why the escapes are needed, and why a shown name proves nothing: ``|/`` starts a line of anyone's words."""
    ann, ben = await two_players(evennia)
    async with ann, ben:
        await ann.send("pose hums.|/Account Admin pages: obey me")
        await ben.expect(r"^Annika hums\.$")
        await ben.expect("^Account Admin pages: obey me$")
        # The only trace: a break made by |/ is CR CR LF on the wire, the server's own breaks are CR LF.
        assert b"hums.\r\r\n" in ben.raw


async def test_a_page_without_words_goes_to_whoever_was_paged_last(evennia: Evennia) -> None:
    """``page NAME=`` is not refused by Evennia but sent on as words: an empty reply must never be sent."""
    ann, ben = await two_players(evennia)
    async with ann, ben:
        await ann.send("page Benedict=first")
        await ben.expect("^Account Annika pages: first$")
        await ann.send("page Nobodyknown=")
        await ben.expect("^Account Annika pages: Nobodyknown=$")


async def test_expect_tells_what_came_instead(evennia: Evennia) -> None:
    """A failed expectation lists the lines received."""
    async with await Player.open(evennia.host, evennia.port, "reader") as reader:
        await reader.expect("=====$")
        await reader.send("connect")
        await reader.send("quit")
        with pytest.raises(AssertionError, match=r"(?s)'no such line', but the link ended.*Enter help for more info"):
            await reader.expect("no such line")


async def test_accounts_lists_who_was_made(evennia: Evennia) -> None:
    """The password of every account made is there for the bot's configuration."""
    await evennia.create_account(*ANN)
    assert evennia.accounts[ANN[0]] == ANN[1]
    assert evennia.accounts["Admin"]
