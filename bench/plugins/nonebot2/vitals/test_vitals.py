import time

import pytest


@pytest.fixture(autouse=True)
def ready(monkeypatch, app):
    monkeypatch.setattr("vitals.again", 0)


async def test_drinks_below_the_share_only(hear):
    await hear("HP: 100/100")
    await hear("HP: 30/100")
    await hear("HP: 29/100", "drink potion")


async def test_cooldown(hear, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr("vitals.monotonic", lambda: now)
    await hear("HP: 10/100", "drink potion")
    now += 9
    await hear("HP: 9/100")
    now += 2
    await hear("HP: 8/100", "drink potion")


async def test_settings(hear, monkeypatch):
    monkeypatch.setattr("vitals.config.share", 0.5)
    monkeypatch.setattr("vitals.config.potion", "quaff red")
    await hear("HP: 49/100", "quaff red")


async def test_no_maximum(hear):
    await hear("HP: 0/0")
