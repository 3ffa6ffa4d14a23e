import pytest


@pytest.mark.parametrize(
    ("text", "said"), [("2d6+1", "2d6+1: 13"), ("2d6-1", "2d6-1: 11"), ("3d8", "3d8: 24"), ("d20", "d20: 20")]
)
async def test_rolls(play, monkeypatch, text, said):
    monkeypatch.setattr("random.randint", lambda low, high: high)
    game = play("dice")
    game.line(f"Ann says: !roll {text}")
    assert game.sent == [f"say {said}"]


@pytest.mark.parametrize("text", ["", "two", "101d6", "0d6", "2d1", "2d6;quit"])
async def test_usage(play, text):
    game = play("dice")
    game.line(f"Ann says: !roll {text}")
    assert game.sent == ["say Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)"]
