"""Token estimates: close enough for a limit, in English and Chinese."""

from __future__ import annotations

import pytest

from mudbot.api.tokens import PER_PICTURE, chat_tokens, prompt_tokens, reply_tokens, text_tokens


@pytest.mark.parametrize(
    ("model", "each"),
    [("gpt-4o-mini", 0.68), ("gpt-4", 0.97), ("text-davinci-003", 2.2), ("qwen2.5", 0.97), (None, 0.97)],
)
def test_a_chinese_character_costs_what_its_model_charges(model: str | None, each: float) -> None:
    assert text_tokens("客栈里很安静" * 10, model) == pytest.approx(60 * each)


def test_other_text_costs_a_token_each_3_6_characters() -> None:
    assert text_tokens("a" * 36) == pytest.approx(10)
    assert text_tokens("a" * 36 + "好" * 10) == pytest.approx(19.7)


def test_a_message_costs_its_text_and_a_little_more() -> None:
    assert chat_tokens([{"role": "user", "content": "a" * 36}], {}) == pytest.approx(17)


def test_a_picture_in_a_message_is_not_counted_as_its_base64() -> None:
    part = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
    assert chat_tokens([{"role": "user", "content": [part]}], {}) == pytest.approx(PER_PICTURE + 7)


def test_tools_count_as_prompt() -> None:
    assert chat_tokens([], {"tools": [{"type": "function", "function": {"name": "look"}}]}) > chat_tokens([], {})


def test_prompts_are_texts_token_numbers_or_lists_of_them() -> None:
    assert prompt_tokens([1, 2, 3]) == 3
    assert prompt_tokens([[1, 2], [3]]) == 3
    assert prompt_tokens(["a" * 36, "a" * 36]) == pytest.approx(20)
    assert prompt_tokens(None) == 0


@pytest.mark.parametrize(
    ("params", "tokens"),
    [
        ({}, 16),
        ({"max_tokens": 50}, 50),
        ({"max_tokens": 50, "n": 3}, 150),
        ({"max_completion_tokens": 9, "max_tokens": 50}, 9),
        ({"max_tokens": "x"}, 16),
    ],
)
def test_the_reply_is_counted_at_its_longest(params: dict[str, object], tokens: float) -> None:
    assert reply_tokens(params, 16) == tokens
