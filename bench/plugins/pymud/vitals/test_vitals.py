import json
import time

import pytest


def hurt(game, **vitals):
    game.feed_gmcp("Char.Vitals", json.dumps(vitals))
    return game.sent


async def test_drinks_below_the_share_only(play):
    game = play("vitals")
    assert hurt(game, hp=100, maxhp=100) == []
    assert hurt(game, hp=30, maxhp=100) == []
    assert hurt(game, hp=29, maxhp=100) == ["drink potion"]


async def test_cooldown(play, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr("vitals.monotonic", lambda: now)
    game = play("vitals")
    hurt(game, hp=10, maxhp=100)
    now += 9
    assert hurt(game, hp=9, maxhp=100) == ["drink potion"]
    now += 2
    assert hurt(game, hp=8, maxhp=100) == ["drink potion"] * 2


async def test_settings(play):
    game = play("vitals", share=0.5, potion="quaff red")
    assert hurt(game, hp=49, maxhp=100) == ["quaff red"]


@pytest.mark.parametrize("vitals", [{"hp": 1}, {"hp": 0, "maxhp": 0}, {}])
async def test_no_maximum(play, vitals):
    assert hurt(play("vitals"), **vitals) == []
