import pytest


@pytest.mark.parametrize(
    ("text", "answer"), [("2d6+1", "2d6+1: 13"), ("2d6-1", "2d6-1: 11"), ("3d8", "3d8: 24"), ("d20", "d20: 20")]
)
async def test_rolls(hear, monkeypatch, text, answer):
    monkeypatch.setattr("random.randint", lambda low, high: high)
    await hear(f"!roll {text}", answer)


@pytest.mark.parametrize("text", ["", "two", "101d6", "0d6", "2d1"])
async def test_usage(hear, text):
    await hear(f"!roll {text}", "Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)")
