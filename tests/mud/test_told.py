"""What a MUD tells beside its text, in the shapes in which MUDs tell it."""

from __future__ import annotations

from typing import Any

import pytest

from mudbot.events import Gmcp, Msdp
from mudbot.mud.told import MOST, Tidings, canonical

# As they are documented by the families themselves.
IRE = {
    "hp": "350", "maxhp": "400", "mp": "310", "maxmp": "350", "ep": "600", "maxep": "600", "nl": "0", "bal": "1",
    "string": "H:350/400 M:310/350", "charstats": ["Bleed: 0", "Rage: 0"],
}  # fmt: skip


def told(*events: Gmcp | Msdp) -> Tidings:
    made = Tidings("Chen")
    for event in events:
        made.hear(event)
    return made


@pytest.mark.parametrize(
    ("events", "vitals"),
    [
        ([Gmcp("Char.Vitals", IRE)], {"hp": 350, "maxhp": 400, "mp": 310, "ep": 600, "nl": 0, "bal": 1}),
        (
            [
                Gmcp("char.vitals", {"hp": 100, "mana": 90, "moves": 41}),
                Gmcp("char.maxstats", {"maxhp": 200, "maxmana": 95, "maxmoves": 50, "maxstr": 51}),
            ],
            {"hp": 100, "mp": 90, "mana": 90, "mv": 41, "moves": 41, "maxhp": 200, "maxmp": 95, "maxmv": 50},
        ),
        ([Gmcp("Char.Vitals", {"hp": 71, "mana": 90, "mp": 121, "maxmp": 130})], {"mana": 90, "mp": 121, "maxmp": 130}),
        ([Gmcp("Char.Vitals", [[5], {"hp": 8, "hp_max": 10}])], {"hp": 8, "maxhp": 10, "hp_max": 10}),
        ([Gmcp("Char.Vitals", {"hp": {"current": 5, "max": 10}})], {"hp": 5, "maxhp": 10}),
        ([Gmcp("Char.Vitals", {"HP": "5/10", "Poisoned": True})], {"hp": 5, "maxhp": 10, "poisoned": 1}),
        (
            [Msdp({"HEALTH": "120", "HEALTH_MAX": "150", "MOVEMENT": "7.5", "OPPONENT_HEALTH": "9", "ROOM": {}})],
            {"hp": 120, "health": 120, "maxhp": 150, "health_max": 150, "mv": 7.5},
        ),
        ([Gmcp("GMCP.Status", {"id": "chen", "qi": 900, "max_qi": 1000})], {"hp": 900, "qi": 900, "maxhp": 1000}),
        ([Gmcp("Char.Vitals", {"hp": "+inf", "mp": float("nan"), "mv": "-nan"})], {}),
        ([Gmcp("GMCP.Status", {"id": "wolf#3", "qi": 9}), Gmcp("GMCP.Status", "x"), Gmcp("Char.Vitals")], {}),
    ],
)
def test_vitals_are_numbers_by_one_name_whatever_the_mud_calls_them(events: Any, vitals: dict[str, float]) -> None:
    known = told(*events).vitals
    assert {name: known[name] for name in vitals} == vitals
    assert vitals.keys() <= set(known)
    assert "opponent_health" not in known
    assert len(list(known)) == len(known)
    if not vitals:
        assert not known


def test_what_a_message_does_not_name_stays_as_it_was() -> None:
    """Many MUDs tell only what changed."""
    known = told(Gmcp("Char.Vitals", {"hp": 5, "mp": 3}), Gmcp("Char.Vitals", {"hp": "4", "mp": "none"})).vitals
    assert (known["hp"], known["MP"], known.get("mv"), "mv" in known) == (4, 3, None, False)


def test_the_last_data_of_each_package_is_found_in_any_case() -> None:
    gmcp = told(Gmcp("Room.Info", {"num": 1}), Gmcp("room.info", {"num": 2}), Gmcp("Core.Ping")).gmcp
    assert (gmcp["ROOM.info"], list(gmcp), gmcp["core.ping"]) == ({"num": 2}, ["room.info", "Core.Ping"], None)


def test_msdp_variables_are_kept_by_their_name() -> None:
    assert told(Msdp({"ROOM": {"VNUM": "1"}}), Msdp({"LEVEL": "3"})).msdp == {"ROOM": {"VNUM": "1"}, "LEVEL": "3"}


def test_a_new_link_knows_nothing() -> None:
    made = told(Gmcp("Char.Vitals", IRE), Msdp({"HEALTH": "1"}))
    made.forget()
    assert (dict(made.vitals), dict(made.gmcp), made.msdp) == ({}, {}, {})


def test_a_mud_that_makes_up_names_fills_no_memory() -> None:
    made = Tidings()
    for number in range(3 * MOST):
        made.hear(Gmcp(f"X.{number}", 1))
        made.hear(Msdp({f"V{number}": "1", f"HEALTH{number}": "1"}))
        made.hear(Gmcp("Char.Vitals", {f"v{number}": 1}))
    assert (len(made.gmcp), len(made.msdp), len(made.vitals)) == (MOST, MOST, MOST)


@pytest.mark.parametrize("name", ["HEALTH_MAX", "MaxHealth", "max_qi", "hpmax", "max-hp", "maxhp"])
def test_one_thing_has_one_name(name: str) -> None:
    assert canonical(name) == "maxhp"
