import pytest

from mudbot.testing import Bot


@pytest.mark.parametrize(
    ("dice", "answer"), [("2d6+1", "2d6+1: 13"), ("2d6-1", "2d6-1: 11"), ("3d8", "3d8: 24"), ("d20", "d20: 20")]
)
async def test_rolls(bot: Bot, monkeypatch: pytest.MonkeyPatch, dice: str, answer: str) -> None:
    monkeypatch.setattr("random.randint", lambda _low, high: high)
    await bot.load("dice")
    await bot.say(f"!roll {dice}")
    assert bot.said == [answer]


@pytest.mark.parametrize("dice", ["", "two", "101d6", "0d6", "2d1"])
async def test_usage(bot: Bot, dice: str) -> None:
    await bot.load("dice")
    await bot.say(f"!roll {dice}")
    assert bot.said[0].startswith("Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)")
