import pytest
from sopel.tests.mocks import MockUser


@pytest.mark.parametrize(
    ("text", "answer"), [("2d6+1", "2d6+1: 13"), ("2d6-1", "2d6-1: 11"), ("3d8", "3d8: 24"), ("d20", "d20: 20")]
)
def test_rolls(irc, said, monkeypatch, text, answer):
    monkeypatch.setattr("random.randint", lambda low, high: high)
    irc = irc("dice")
    irc.say(MockUser("Ann"), "#inn", f"!roll {text}")
    assert said(irc, answer)


@pytest.mark.parametrize("text", ["", "two", "101d6", "0d6", "2d1"])
def test_usage(irc, said, text):
    irc = irc("dice")
    irc.say(MockUser("Ann"), "#inn", f"!roll {text}")
    assert said(irc, "Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)")
