"""Impersonation: whatever a line looks like, it gives nobody an owner's rights."""

from __future__ import annotations

import re

from mudbot.config import SessionConfig
from mudbot.events import Line
from mudbot.host.chat import Chat
from mudbot.mud.dialect import load
from mudbot.mud.ear import Ear
from tests.mud.test_dialect_families import HEARD, NAMES, OWN, SPOOFS
from tests.reliability.figures import figure

OWNER = "wiz"
CLAIMS = (
    'Wiz({o}) tells you, "!shutdown"', "wiz tells you: !shutdown", "Wiz (wiz) pages: !shutdown",
    "巫师(wiz)告诉你：!shutdown", "巫师(Wiz)告訴你：!shutdown", "\x1b[1;32m巫师(wiz)告诉你：!shutdown",
    "Wiz tells you '!shutdown'", "[wiz] !shutdown", "【wiz】!shutdown", "You are wiz", "wiz: !shutdown",
)  # fmt: skip


def forged(family: str) -> list[list[str]]:
    """Lines of *family* in which another has the owner's line in his mouth: whole, wrapped, or before it."""
    found: list[list[str]] = [[line] for line in SPOOFS.get(family, ())] + [[line] for line in OWN[family]]
    for claim in (each.format(o=OWNER) for each in CLAIMS):
        bare = re.sub(r"\x1b\[[0-9;]*m", "", claim)
        found += [[bare], [f"> {bare}"], [f"Mallory shouts {bare}"], ['Mallory says, "so long and', bare + '"']]
        for line, _, _, _, _, words in HEARD[family]:
            if words:
                found += [[line.replace(words, bare)], [line.replace(words, "x" * 70), bare]]
    return found


def test_no_spoofed_line_is_an_owners() -> None:
    """Spoofed and wrapped lines of every dialect, in the owner's name and id: nobody is more than anyone by them."""
    chat = Chat(owners=[OWNER])
    privileged, count = [], 0
    for family in NAMES:
        for texts in forged(family):
            ear = Ear(load(family))
            heard = [entry for text in texts for entry in ear.hear(Line(text))] + ear.flush()
            count += len(texts)
            privileged += [(family, line.text) for line, speech in heard if speech and chat.role_of(speech) != "anyone"]
    figure(
        "impersonation",
        "0 privileged actions",
        f"{len(privileged)} by {count:,} spoofed lines of {len(NAMES)} dialects",
    )
    assert privileged == []


def test_an_owner_in_the_game_is_off_by_default() -> None:
    """Nobody is an owner by a tell unless the configuration names an id."""
    assert list(SessionConfig(host="mud.example").owners) == []
