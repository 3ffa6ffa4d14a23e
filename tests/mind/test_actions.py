"""A model may do what is listed, with arguments that fit, and nothing else, whatever it writes."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from mudbot.errors import PluginError
from mudbot.events import Speech
from mudbot.mind.actions import MAX_TEXT, Action, Actions, Argument, Deed, Offer
from mudbot.testing import FakeClock

PEOPLE = ("Ann", "老王")
ANN = Speech("say", "Ann", "hello")


def offer(clock: FakeClock | None = None, speech: Speech = ANN, **actions: dict[str, Any]) -> Offer:
    made = {name: Action.model_validate({"cooldown": 0, **each}) for name, each in actions.items()}
    return Actions(made, clock or FakeClock()).for_(speech)


def inn(speech: Speech = ANN) -> Offer:
    return offer(
        speech=speech,
        bow={"emote": "bows."},
        pour={"command": "pour {what}", "arguments": {"what": ["rice wine", "tea"]}},
        give={"command": "give {n} coin to {who}", "arguments": {"n": {"type": "int", "max": 5}, "who": "person"}},
        write={"command": "write {text} on slate", "arguments": {"text": "text"}},
        room={"command": "open door {door}", "arguments": {"door": {"pattern": r"[A-D]\d.*"}}},
    )


@pytest.mark.parametrize(
    ("written", "words", "deeds"),
    [
        ("Welcome. [bow]", "Welcome.", ["bows."]),
        ("[bow] Welcome.", "Welcome.", ["bows."]),
        ("【bow】 Welcome.", "Welcome.", ["bows."]),
        ("Here. [pour tea]", "Here.", ["pour tea"]),
        ('Here. [pour what="Rice Wine"]', "Here.", ["pour rice wine"]),
        ("Here. [pour what=rice wine]", "Here.", ["pour rice wine"]),
        ("Here. [give n=3 who=ann]", "Here.", ["give 3 coin to Ann"]),
        ("Here. [give who=老王, n=1]", "Here.", ["give 1 coin to 老王"]),
        ("Done. [write text=two beds]", "Done.", ["write two beds on slate"]),
        ("Go. [room door=A4]", "Go.", ["open door A4"]),
        ("No marks here.", "No marks here.", []),
    ],
)
def test_a_mark_that_fits_is_done(written: str, words: str, deeds: list[str]) -> None:
    said, done = inn().split(written, PEOPLE)
    assert (said.strip(), [deed.text for deed in done]) == (words, deeds)


@pytest.mark.parametrize(
    ("written", "marks"),
    [("[bow] Sit.", "[bow]"), (" [bow][pour tea] Sit. [bow]", " [bow][pour tea]"), ("Sit. [bow]", ""), ("", "")],
)
def test_marks_at_the_beginning_are_of_what_stands_before(written: str, marks: str) -> None:
    assert inn().leading(written) == (marks, written.removeprefix(marks))


@pytest.mark.parametrize(
    "mark",
    [
        "[quit]",
        "[command quit]",
        "[bow quit]",
        "[bow x=1]",
        "[pour]",
        "[pour what=poison]",
        "[pour what=tea; quit]",
        "[pour tea; quit]",
        "[give n=6 who=Ann]",
        "[give n=-1 who=Ann]",
        "[give n=1e9 who=Ann]",
        "[give n=True who=Ann]",
        "[give n=1 who=Zhao]",
        "[give n=1 who=all]",
        "[write text=all]",
        "[write text=all.coin]",
        "[write text=x; drop all]",
        "[write text=x | quit]",
        "[write text=x & quit]",
        "[write text=$(quit)]",
        "[write text=x\tquit`]",
        "[write text=；quit]",
        "[write text=" + "a" * (MAX_TEXT + 1) + "]",
        "[room door=A4;quit]",
        "[room door=A4；quit]",
        "[room door=A4 #5 quit]",
        "[room door=Z9]",
    ],
)
def test_a_mark_that_does_not_fit_does_nothing_and_is_not_said(mark: str) -> None:
    words, deeds = inn().split(f"Welcome, friend. {mark}", PEOPLE)
    assert (words.strip(), deeds) == ("Welcome, friend.", [])


@given(st.text(max_size=80))
def test_no_argument_brings_a_second_command(text: str) -> None:
    """Whatever a model writes there is one plain line, or nothing."""
    for name, key in (("write", "text"), ("room", "door")):
        deed = inn().read(name, {key: text}, PEOPLE)
        if deed is not None:
            assert re.fullmatch(r"(?:write [^;|&$`\n\r]{1,40} on slate|open door [A-D]\d[^;|&$`\n\r]{0,38})", deed.text)
            assert deed.text.isprintable()


def test_in_private_nothing_takes_free_words_into_the_room() -> None:
    """What somebody whispers must not be written on the slate; what is chosen from a list may be done."""
    for kind, names in (("say", {"write", "pour"}), ("tell", {"pour"}), ("whisper", {"pour"})):
        offer = inn(Speech(kind, "Ann", "Write down where my gold is."))  # type: ignore[arg-type]
        for name in ("write", "pour"):
            given = {"text": "under the oak"} if name == "write" else {"what": "tea"}
            assert (offer.read(name, given, PEOPLE) is not None) == (name in names)


@pytest.mark.parametrize("given_", [None, 1.5, ["tea"], {"a": 1}, True, ""])
def test_tools_arguments_of_other_kinds_do_nothing(given_: Any) -> None:
    assert inn().read("pour", {"what": given_}, PEOPLE) is None
    assert inn().read("write", {"text": given_}, PEOPLE) is None


def test_what_is_missing_or_too_much_does_nothing() -> None:
    assert inn().read("pour", {}, PEOPLE) is None
    assert inn().read("pour", {"what": "tea", "then": "quit"}, PEOPLE) is None
    assert inn().read("quit", {}, PEOPLE) is None


def test_one_answer_does_two_things_at_most() -> None:
    assert len(inn().split("[bow] [pour tea] [write text=hi]", PEOPLE)[1]) == 2


async def test_each_has_its_own_cooldown() -> None:
    clock = FakeClock()
    actions = Actions({"bow": Action(emote="bows.", cooldown=10), "nod": Action(emote="nods.", cooldown=1)}, clock)

    def done(name: str) -> bool:
        return actions.for_(ANN).read(name, {}, PEOPLE) is not None

    assert (done("bow"), done("nod"), done("bow")) == (True, True, False)
    await clock.advance(1)
    assert (done("bow"), done("nod")) == (False, True)
    await clock.advance(9)
    assert done("bow")


def test_each_is_for_whom_the_owner_says() -> None:
    """Others are not even offered it."""
    actions = Actions(
        {"bow": Action(emote="bows."), "open": Action(command="unlock door", role="owner")},
        FakeClock(),
        role_of=lambda speech: "owner" if speech.kind == "tell" else "anyone",
    )
    public = actions.for_(ANN)
    assert public.read("open", {}, PEOPLE) is None
    assert "open" not in public.words("en") + public.grammar() + str(public.tools())
    assert actions.for_(Speech("tell", "Ann", "x")).read("open", {}, PEOPLE) == Deed("command", "unlock door", "open")


@pytest.mark.parametrize(
    "written",
    [
        {},
        {"emote": "bows.", "command": "bow"},
        {"command": "{what}", "arguments": {"what": ["x"]}},
        {"command": "do{what} it", "arguments": {"what": ["x"]}, "role": "nobody"},
        {"command": "give {what}"},
        {"command": "give", "arguments": {"what": "text"}},
        {"command": "give\nquit"},
        {"command": "give {what}", "arguments": {"what": {"pattern": "("}}},
        {"command": "give {what}", "arguments": {"what": {"enum": ["a\nquit"]}}},
        {"command": "give {what}", "arguments": {"what": "float"}},
    ],
)
def test_a_list_that_is_none_is_refused(written: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Action.model_validate(written)


def test_a_name_that_no_model_could_write_is_refused() -> None:
    with pytest.raises(PluginError, match="pour tea"):
        Actions({"pour tea": Action(emote="pours.")}, FakeClock())


def test_tools_and_grammar_say_the_same() -> None:
    tools = {each["function"]["name"]: each["function"]["parameters"] for each in inn().tools()}
    assert tools["pour"]["properties"] == {"what": {"type": "string", "enum": ["rice wine", "tea"]}}
    assert tools["give"]["properties"]["n"] == {"type": "integer", "minimum": 0, "maximum": 5}
    assert tools["give"]["required"] == ["n", "who"]
    assert '"pour" " what=" ("rice wine" | "tea")' in inn().grammar()
    assert "[pour what=rice wine|tea]" in inn().words("zh")


def test_short_forms_of_an_argument() -> None:
    assert Argument.model_validate([1, 2]).enum == ("1", "2")
    assert Argument.model_validate("person").type == "person"
