import nonebot
import pytest
from nonebot.adapters.onebot.v11 import Adapter, Bot, GroupMessageEvent, Message
from nonebug import NONEBOT_INIT_KWARGS


def pytest_configure(config):
    config.stash[NONEBOT_INIT_KWARGS] = {"command_start": {"!"}, "localstore_use_cwd": True}


@pytest.fixture(scope="session", autouse=True)
def after_nonebot_init(after_nonebot_init, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("data"))
        nonebot.get_driver().register_adapter(Adapter)
        for name in ("greeter", "dice", "vitals", "trivia", "weather"):
            nonebot.load_plugin(name)
        yield


def said(text: str, nickname: str = "Ann") -> GroupMessageEvent:
    return GroupMessageEvent(
        time=0,
        self_id=1,
        post_type="message",
        sub_type="normal",
        user_id=10,
        message_type="group",
        group_id=2,
        message_id=1,
        message=Message(text),
        raw_message=text,
        font=0,
        sender={"nickname": nickname},
    )


@pytest.fixture
def hear(app):
    async def hear(text: str, *answers: str):
        async with app.test_matcher() as ctx:
            bot, event = ctx.create_bot(base=Bot, self_id="1"), said(text)
            ctx.receive_event(bot, event)
            for answer in answers:
                ctx.should_call_send(event, answer)

    return hear
