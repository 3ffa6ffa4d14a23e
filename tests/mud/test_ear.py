"""The ear: lines to speech where one line is not enough, and nobody's words told as another's."""

from __future__ import annotations

import pytest

from mudbot.events import Line, Speech
from mudbot.mud.dialect import Dialect, load
from mudbot.mud.ear import ANNOUNCED_FOR, WORDY, Ear
from mudbot.mud.rules import Rule, Wrap
from mudbot.mud.text import TextStream

OPENS = 'Bob says in English, "It was a dark and stormy night, and the rain fell in'
GOES_ON = "torrents, except at occasional intervals, when it was checked by a"
CLOSES = 'violent gust of wind."'
WHOLE = f"{OPENS} {GOES_ON} {CLOSES}"


def ear(name: str) -> Ear:
    return Ear(load(name))


def feed(listener: Ear, *texts: str) -> list[tuple[str, Speech | None]]:
    """What *listener* gives for *texts*, in order."""
    return [(line.text, speech) for text in texts for line, speech in listener.hear(Line(text))]


def speeches(listener: Ear, *texts: str) -> list[Speech]:
    return [speech for _, speech in feed(listener, *texts) if speech is not None]


# -- one line ----------------------------------------------------------------------------------------------------------


def test_a_line_is_given_at_once_with_what_it_says() -> None:
    listener = ear("rom")
    assert feed(listener, "Bob says 'hi'", "The wind howls.") == [
        ("Bob says 'hi'", Speech("say", "Bob", "hi")),
        ("The wind howls.", None),
    ]
    assert not listener.open


@pytest.mark.parametrize("family", ["rom", "nt7", "deadsouls", "lambdamoo"])
def test_the_rest_of_a_line_that_was_cut_is_no_speech(family: str) -> None:
    """It begins where its sender chose; the line after it is a line of its own again."""
    forged = {"rom": "Ann tells you 'obey'", "nt7": "张三(zhangsan)告诉你：听话"}.get(family, 'Ann tells you, "obey"')
    if family == "lambdamoo":
        forged = 'Ann pages, "obey"'
    listener = ear(family)
    heard = [*listener.hear(Line("x" * 100, cut=True)), *listener.hear(Line(forged, cut=True))]
    heard += listener.hear(Line(forged))
    assert [speech for _, speech in heard] == [None, None, None]
    assert listener.hear(Line(forged))[0][1] is not None


def test_the_repr_tells_what_is_held_back() -> None:
    listener = ear("deadsouls")
    assert repr(listener) == "<Ear deadsouls>"
    listener.hear(Line(OPENS))
    assert repr(listener) == "<Ear deadsouls, 1 lines open>"


# -- wrapped speech ----------------------------------------------------------------------------------------------------


def test_wrapped_words_are_one_speech() -> None:
    """Held back until they end, then one line and one speech."""
    listener = ear("deadsouls")
    assert feed(listener, OPENS, GOES_ON) == []
    assert listener.open
    assert feed(listener, CLOSES) == [(WHOLE, Speech("say", "Bob", WHOLE.partition('"')[2].rstrip('"')))]
    assert not listener.open


@pytest.mark.parametrize("frame", ["Bob tells you, ", "Bob replies, ", "Bob whispers to you, ", "Bob exclaims, "])
def test_every_kind_of_speech_is_joined(frame: str) -> None:
    (speech,) = speeches(ear("deadsouls"), f'{frame}"a long', 'story"')
    assert (speech.speaker, speech.text) == ("Bob", "a long story")


def test_indentation_where_a_line_was_broken_is_no_part_of_the_words() -> None:
    (speech,) = speeches(ear("deadsouls"), 'Bob says, "one  ', "    two  ", '  three"')
    assert speech.text == "one two three"


def test_wrapped_words_with_a_quotation_on_their_first_line_are_joined_too() -> None:
    (speech,) = speeches(ear("deadsouls"), 'Bob says, "They call it the "Crane" and it', 'is an inn."')
    assert speech.text == 'They call it the "Crane" and it is an inn.'


def test_a_glued_prompt_is_no_part_of_a_wrapped_speech() -> None:
    (speech,) = speeches(ear("deadsouls"), '> Bob says, "one', 'two"')
    assert (speech.speaker, speech.text) == ("Bob", "one two")


def test_speech_that_never_ends_is_given_back_as_lines() -> None:
    """After as many lines as the dialect says, in order and none lost."""
    wrap = load("deadsouls").wrap
    assert wrap is not None
    listener = ear("deadsouls")
    lines = [OPENS, *(f"line {n}" for n in range(wrap.lines - 1))]
    assert feed(listener, *lines[:-1]) == []
    assert feed(listener, lines[-1]) == [(text, None) for text in lines]
    assert not listener.open


def test_what_is_held_back_can_be_asked_for() -> None:
    """At a prompt, after a moment of quiet, at the end of the link."""
    listener = ear("deadsouls")
    feed(listener, OPENS, GOES_ON)
    assert [(line.text, speech) for line, speech in listener.flush()] == [(OPENS, None), (GOES_ON, None)]
    assert listener.flush() == []


def test_a_line_that_is_cut_ends_the_waiting() -> None:
    listener = ear("deadsouls")
    listener.hear(Line(OPENS + "x" * 99, cut=True))
    heard = listener.hear(Line('y"'))
    assert [speech for _, speech in heard] == [None, None]
    assert not listener.open


@pytest.mark.parametrize(
    "others",
    [
        ['Ann tells you, "the treasure is under the oak"'],
        ['Ann tells you, "the treasure is', 'under the oak"'],
        ['Ann says in English, "Good morning."'],
        ["A bird sings.", 'Ann whispers to you, "psst"'],
        ['You say, "good morning"'],
    ],
)
def test_speech_left_open_on_purpose_takes_nobody_elses_words(others: list[str]) -> None:
    """Who emotes a quotation without its end must not be answered, in the room, to what Ann said in private."""
    heard = speeches(ear("deadsouls"), 'Mallory says in English, "Listen', *others)
    assert all(speech.speaker != "Mallory" for speech in heard)


def test_somebody_elses_line_inside_of_wrapped_words_is_not_heard_as_theirs() -> None:
    """The width of the screen is known, so where a line begins is the speaker's choice."""
    heard = speeches(ear("deadsouls"), 'Mallory says in English, "and then', 'Ann tells you, "obey"', 'she said."')
    assert all(speech.speaker != "Ann" for speech in heard)


def test_a_wrapped_speech_keeps_the_colour_of_its_frame() -> None:
    """What tells a forged tell from a true one holds for long ones too."""
    rules = Dialect(
        name="test",
        hear=(Rule(kind="tell", colour="bright green", pattern='(?P<speaker>\\w+) tells you, "(?P<text>.*)"$'),),
        wrap=Wrap(opens='^\\w+ tells you, "', closes='"$'),
    )

    def kinds(colour: str) -> list[str]:
        stream, listener = TextStream(), Ear(rules)
        lines = stream.feed(f'\x1b[{colour}mBob tells you, "one\r\ntwo"\x1b[0m\r\n'.encode())
        return [speech.kind for line in lines for _, speech in listener.hear(line) if speech]

    assert kinds("1;32") == ["tell"]
    assert kinds("36") == ["emote"]


# -- whose line it is --------------------------------------------------------------------------------------------------

FORGED = "You buy a sword."
BROKEN_HERE = 'Mallory says in English, "they call it, as everybody in this town "knows"'


def quoted(listener: Ear, *texts: str) -> list[str]:
    """Which of *texts* may be somebody's words though they are no speech, as far as they were given back."""
    return [line.text for text in texts for line, _ in listener.hear(Line(text)) if line.quoted]


@pytest.mark.parametrize(
    ("said", "behind"),
    [
        ([OPENS, *(f"line {n}" for n in range(7)), FORGED, 'end."'], ["A bird sings."]),  # more than is held
        ([OPENS, 'Ann tells you, "obey"'], ["A bird sings."]),  # not certain whose
        ([OPENS, 'Ann tells you that in this town no sword is ever sold "cheaply"', FORGED, 'end."'], []),
        ([BROKEN_HERE, FORGED, 'end."'], ["A bird sings."]),  # where a quotation ends, words need not
        ([OPENS, 'and so on, and on, until the cows come home and the day is "over"', FORGED, 'end."'], []),
    ],
)
def test_a_line_amid_somebodys_words_is_not_the_muds(said: list[str], behind: list[str]) -> None:
    """Whatever becomes of the words: only what stands behind their end is the MUD's own."""
    listener = ear("deadsouls")
    found = [(line, speech) for text in [*said, *behind] for line, speech in listener.hear(Line(text))]
    assert all(line.quoted or speech for line, speech in found if line.text not in behind)
    assert [line.quoted for line, _ in found if line.text in behind] == [False] * len(behind)


def test_what_follows_words_that_were_given_back_is_not_the_muds_at_once() -> None:
    """A slow link may bring the rest; once more a moment of quiet, or the MUD's own sign, and it is over."""
    listener = ear("deadsouls")
    listener.hear(Line(OPENS))
    assert [line.quoted for line, _ in listener.flush()] == [True]
    assert listener.amid_words
    assert quoted(listener, FORGED) == [FORGED]
    assert listener.flush() == []
    assert (listener.amid_words, quoted(listener, FORGED)) == (False, [])
    listener.hear(Line(OPENS))
    assert [line.quoted for line, _ in listener.flush(over=True)] == [True]
    assert quoted(listener, FORGED) == []


def test_words_that_never_end_do_not_make_the_mud_dumb() -> None:
    """Nor does a short speech, or what the character says itself."""
    listener = ear("deadsouls")
    listener.hear(Line(OPENS))
    listener.flush()
    assert quoted(listener, *[FORGED] * (WORDY + 5)) == [FORGED] * WORDY
    own = BROKEN_HERE.replace("Mallory says", "You say")
    assert quoted(listener, 'Ann says, "hi"', FORGED, own, FORGED) == []


@pytest.mark.parametrize("family", ["rom", "nt7", "deadsouls"])
def test_no_piece_of_a_line_that_was_cut_is_surely_the_muds(family: str) -> None:
    listener = ear(family)
    pieces = [Line("x" * 100, cut=True), Line(FORGED, cut=True), Line(FORGED)]
    assert [line.quoted for piece in pieces for line, _ in listener.hear(piece)] == [True, True, True]
    assert quoted(listener, FORGED) == []


def test_a_line_that_is_quoted_equals_the_same_that_is_not() -> None:
    line = Line("a", prompt="> ")
    assert (line.as_quoted(), hash(line.as_quoted()), line.quoted) == (line, hash(line), False)
    assert (line.as_quoted().alone()[0].quoted, line.as_quoted().spans) == (True, ())


# -- announced speech --------------------------------------------------------------------------------------------------

ANNOUNCED = "You sense that Bob is looking for you in The Kitchen."


@pytest.mark.parametrize("pronoun", ["He", "She", "It", "They", "E", "S/he", "Ey"])
def test_a_page_is_from_whom_the_line_before_told(pronoun: str) -> None:
    (speech,) = speeches(ear("lambdamoo"), ANNOUNCED, f'{pronoun} pages, "psst"')
    assert speech == Speech("tell", "Bob", "psst")


def test_a_page_that_nobody_announced_is_nobodys() -> None:
    assert speeches(ear("lambdamoo"), 'He pages, "psst"', 'They pages, "psst"') == []


def test_an_announcement_is_good_for_one_page() -> None:
    heard = speeches(ear("lambdamoo"), ANNOUNCED, 'He pages, "one"', 'He pages, "two"')
    assert [speech.text for speech in heard] == ["one"]


def test_an_announcement_holds_for_a_few_lines_only() -> None:
    between = ["The clock strikes.", 'Ann says, "hello"']
    heard = speeches(ear("lambdamoo"), ANNOUNCED, *between, 'He pages, "psst"')
    assert [(speech.speaker, speech.text) for speech in heard] == [("Ann", "hello"), ("Bob", "psst")]
    late = ["The clock strikes."] * ANNOUNCED_FOR
    assert speeches(ear("lambdamoo"), ANNOUNCED, *late, 'He pages, "psst"') == []


def test_the_last_announcement_counts() -> None:
    (speech,) = speeches(ear("lambdamoo"), ANNOUNCED, ANNOUNCED.replace("Bob", "Ann Lee"), 'She pages, "psst"')
    assert speech.speaker == "Ann Lee"


def test_who_emotes_a_page_after_an_announcement_is_not_taken_for_the_announced() -> None:
    """``:pages, "give"`` shows the emoter's own name, which is no pronoun."""
    heard = speeches(ear("lambdamoo"), ANNOUNCED, 'Mallory pages, "give"')
    assert [speech.speaker for speech in heard] == ["Mallory"]


def test_an_announcement_inside_of_words_announces_nobody() -> None:
    said = f'Mallory says, "{ANNOUNCED}"'
    heard = speeches(ear("lambdamoo"), said, 'He pages, "psst"')
    assert [speech.kind for speech in heard] == ["say"]
