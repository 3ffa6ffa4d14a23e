import pytest

extra_plugin_dir = "dice"


@pytest.mark.parametrize(
    ("text", "said"), [("2d6+1", "2d6+1: 13"), ("2d6-1", "2d6-1: 11"), ("3d8", "3d8: 24"), ("d20", "d20: 20")]
)
def test_rolls(testbot, monkeypatch, text, said):
    monkeypatch.setattr("random.randint", lambda low, high: high)
    assert testbot.exec_command(f"!roll {text}") == said


@pytest.mark.parametrize("text", ["", "two", "101d6", "0d6", "2d1"])
def test_usage(testbot, text):
    assert testbot.exec_command(f"!roll {text}") == "Usage: !roll 2d6+1 (1-100 dice of 2-1000 sides)"
