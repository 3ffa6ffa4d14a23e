import time


async def test_greets_once_a_minute_each(play, monkeypatch):
    now = time.monotonic()
    monkeypatch.setattr("time.monotonic", lambda: now)
    game = play("greeter")
    game.line("Ann has arrived.")
    game.line("Bob has arrived.")
    now += 59
    game.line("Ann has arrived.")
    assert game.sent == ["say Welcome, Ann!", "say Welcome, Bob!"]
    now += 2
    game.line("Ann has arrived.")
    assert game.sent[2:] == ["say Welcome, Ann!"]


async def test_greeting_is_a_setting(play):
    game = play("greeter", greeting="Hail {name}")
    game.line("Ann has arrived.")
    assert game.sent == ["say Hail Ann"]
