from types import SimpleNamespace

import pytest
from nonebot.adapters.onebot.v11 import Bot, GroupIncreaseNoticeEvent, Message


@pytest.fixture
def arrive(app):
    async def arrive(user: int, *answers: str):
        event = GroupIncreaseNoticeEvent(
            time=0,
            self_id=1,
            post_type="notice",
            notice_type="group_increase",
            sub_type="approve",
            group_id=2,
            user_id=user,
            operator_id=3,
        )
        async with app.test_matcher() as ctx:
            ctx.receive_event(ctx.create_bot(base=Bot, self_id="1"), event)
            for answer in answers:
                ctx.should_call_send(event, Message(answer))

    return arrive


async def test_greets_once_a_minute_each(arrive, monkeypatch):
    later = []
    loop = SimpleNamespace(call_later=lambda *call: later.append(call))
    monkeypatch.setattr("nonebot.adapters.onebot.v11.helpers.get_running_loop", lambda: loop)
    await arrive(10, "Welcome, [CQ:at,qq=10]!")
    await arrive(11, "Welcome, [CQ:at,qq=11]!")
    await arrive(10)
    seconds, over = later[0]
    assert seconds == 60
    over()
    await arrive(10, "Welcome, [CQ:at,qq=10]!")


async def test_greeting_is_a_setting(arrive, monkeypatch):
    monkeypatch.setattr("greeter.config.greeting", "Hail {name}")
    await arrive(12, "Hail [CQ:at,qq=12]")


async def test_not_itself(arrive):
    await arrive(1)
