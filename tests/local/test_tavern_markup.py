"""What families make of what is typed: codes, functions, repeated lines, lost bytes.  No sockets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.local.tavern.hearing import History, hear
from mudbot.local.tavern.manners import Hearing, Limit, Shell, load_manners
from mudbot.local.tavern.markup import RENDERERS, render
from mudbot.local.tavern.wire import TypedLine, codec_named
from tests.local.tavern_players import inn


@pytest.mark.parametrize(
    ("markup", "typed", "shown"),
    [
        ("rom", "{rred{x {{ {q{/next", "\x1b[0;31mred\x1b[0m { \nnext"),
        ("tbamud", "@rred@n @@ me@z", "\x1b[0;31mred\x1b[0m @ me@z"),
        ("evennia", "|rred|n || |/next |?", "\x1b[1;31mred\x1b[0m | \nnext |?"),
        ("ranvier", "<b>loud</b> <red>x</red> <nosuch>", "\x1b[1mloud\x1b[0m \x1b[31mx\x1b[0m <nosuch>"),
        ("fluffos", "%^RED%^red%^RESET%^ $N 100%", "\x1b[31mred\x1b[0m Bob 100%"),
        ("fluffos_say_raw", "$N %^BOLD%^x 50%^", "$N \x1b[1mx 50"),
        ("none", "{x |r $N [add(1,2)] <b>", "{x |r $N [add(1,2)] <b>"),
        ("pennmush", "[add(1,2)]", "3"),
        ("pennmush", "add(1,2) and add(1,2)", "3 and add(1,2)"),
        ("pennmush", "a%rb%bc%td %n %% %q", "a\nb c    d Bob % q"),
        ("pennmush", "{a;b} ; c", "a;b ; c"),
        ("pennmush", r"\[add(1,2)\] \\", r"[add(1,2)] " + "\\"),
        ("pennmush", "[ucstr(a[add(1,[mul(2,3)])]b)]", "A7B"),
        ("pennmush", "[quit()]", "#-1 FUNCTION (QUIT) NOT FOUND"),
        ("pennmush", "]) }", "]) }"),
    ],
)
def test_codes_have_their_effect(markup: str, typed: str, shown: str) -> None:
    """So that whoever lets one through is seen to have done so."""
    assert render(markup, typed, "Bob") == shown


@given(st.text(alphabet="[]{}()%\\,abradd12|@<>/^$N", max_size=200))
def test_no_text_breaks_a_renderer(text: str) -> None:
    """Whatever is typed: an end, and a bounded one."""
    for markup in RENDERERS:
        assert len(render(markup, text, "Bob")) < 20_000


def test_nested_functions_stay_small() -> None:
    """Repetition of repetition, and brackets without end."""
    assert len(render("pennmush", "[repeat([repeat([repeat(x,100)],100)],100)]", "Bob")) <= 8192
    render("pennmush", "[" * 5000, "Bob")
    render("pennmush", "add(" * 5000, "Bob")


async def test_what_is_said_is_evaluated_before_others_hear_it() -> None:
    """PennMUSH: the listener hears 3, and %r makes a line that looks like anybody's; @emit forges one outright."""
    async with inn("pennmush") as house:
        bob, ann = await house.two()
        bob.type("say [add(1,2)]%rCy says hello")
        await ann.until('Bob says, "3\r\nCy says hello"\r\n')
        bob.type('@emit Cy pages: "come here"')
        assert await ann.until('Cy pages: "come here"\r\n') == b'Cy pages: "come here"\r\n'
        bob.type("\\Cy smiles.")
        await ann.until("Cy smiles.\r\n")


@pytest.mark.parametrize(
    ("family", "typed", "heard"),
    [
        ("rom", "say {Rhi", "Bob says '\x1b[1;31mhi'"),
        ("tbamud", "say @Rhi", "Bob says, '\x1b[1;31mhi'"),
        ("ranvier", "say <b>hi</b>", "Bob says: '\x1b[1mhi\x1b[0m'"),
        ("evennia", "say |rhi", 'Bob says, "\x1b[1;31mhi"'),
        ("evennia", "say \x1b[31mhi", 'Bob says, "\x1b[31mhi"'),
        ("deadsouls", "say %^RED%^hi%^RESET%^ bob", "\x1b[31mhi"),
        ("xkx", "say $N来了", "张三说道：张三来了"),
        ("nt7", "say 100% 满意 [add(1,2)] {x} |r $N", "说道：100% 满意 [add(1,2)] {x} |r $N"),
    ],
)
async def test_codes_reach_the_listener(family: str, typed: str, heard: str) -> None:
    """Each family's own, and no other's."""
    async with inn(family) as house:
        speaker, listener = await house.two()
        speaker.type(typed)
        await listener.until(heard)


# -- whole lines ---------------------------------------------------------------------------------------------------


def read(family: str, *lines: str) -> list[str]:
    """What the last of *lines* means."""
    history = History(load_manners(family).shell)
    found: list[str] = []
    for line in lines:
        found, _ = history.read(line)
    return found


@pytest.mark.parametrize(
    ("family", "lines", "means"),
    [
        ("rom", ["say hi", "!"], ["say hi"]),
        ("rom", ["!"], [""]),
        ("xkx", ["say a", "say b", "!2"], ["say a"]),
        ("tbamud", ["tell bob hi", "say x", "!tell"], ["tell bob hi"]),
        ("tbamud", ["telm bob hi", "^telm^tell"], ["tell bob hi"]),
        ("tbamud", ["say x", "^nothing^y"], []),
        ("tbamud", ["--"], []),
        ("nt7", ["//look"], ["look"]),
        ("oiuv", ["/say hi"], ["say hi"]),
        ("nt7", ["do say a,quit"], ["say a", "quit"]),
        ("lambdamoo", ["#$#mcp-negotiate"], []),
        ("pennmush", ["say a; say b"], ["say a; say b"]),
        ("evennia", ["!"], ["!"]),
    ],
)
def test_lines_can_mean_other_lines(family: str, lines: list[str], means: list[str]) -> None:
    """Repeats, substitutions, prefixes, several at once; and a semicolon parts nothing anywhere."""
    assert read(family, *lines) == means


@pytest.mark.parametrize(
    ("family", "typed", "deed"),
    [
        ("nt7", '"lisi 在吗', ("zhangsan", "tell", "lisi 在吗")),
        ("nt7", "]大家好", ("zhangsan", "chat", "大家好")),
        ("nt7", "]]笑了", ("zhangsan", "chat*", "笑了")),
        ("evennia", "@+say hi", ("bob", "say", "hi")),
        ("pennmush", "]say hi", ("bob", "say", "hi")),
        ("pennmush", "&attr me=1", ("bob", "&", "attr me=1")),
        ("ranvier", ".hi", ("bob", "chat", "hi")),
        ("rom", ";hi", ("bob", "gtell", "hi")),
        ("tbamud", ":hi", ("bob", "emote", "hi")),
        ("oiuv", ".", ("zhangsan", ".", "")),
    ],
)
async def test_first_characters_are_commands(family: str, typed: str, deed: tuple[str, str, str]) -> None:
    """As the table of leading characters has it; what was done can be asked for."""
    async with inn(family) as house:
        speaker, _ = await house.two()
        speaker.type(typed)
        await speaker.settle()
        assert house.tavern.deeds[-2] == deed


# -- bytes ---------------------------------------------------------------------------------------------------------


def test_bytes_are_taken_back_and_dropped() -> None:
    """BS and DEL take one back, never more than there is; what is not ASCII vanishes where the family drops it."""
    latin = codec_named("latin-1", ("latin-1",))
    hearing = Hearing(ascii_only=("latin-1",), backspace=True)
    assert hear(TypedLine(b"\x08ab\x08c\x7f\x7fd\xe9\x07"), latin, hearing).text == "d"
    kept = hear(TypedLine(b"\xe9"), codec_named("koi8-r", ("koi8-r",)), hearing)
    assert kept.text == "И"


def test_a_bound_cuts_refuses_or_ends() -> None:
    """The three things that can become of a long line."""
    utf8 = codec_named("utf-8")
    cut = hear(TypedLine(b"abc", True, 10), utf8, Hearing(limit=Limit(bytes=16, says="kept {text}")))
    assert (cut.text, cut.says) == ("abc", "kept abc")
    assert hear(TypedLine(b"abc", True, 10), utf8, Hearing(limit=Limit(bytes=16, then="refuse"))).refused
    ended = hear(TypedLine(b"abc", True, 99), utf8, Hearing(limit=Limit(bytes=16, hang_up_over=98, last_words="bye")))
    assert (ended.says, ended.hangs_up) == ("bye", True)


def test_an_empty_shell_changes_nothing() -> None:
    """Every sign is only itself."""
    history = History(Shell())
    for line in ("!", "^a^b", "--", "/say", "do a,b", ""):
        assert history.read(line) == ([line], "")
