"""The painter: what is asked for can be seen, and the caption says so."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from mudbot.errors import LocalError
from mudbot.local.painter import Painting, paint
from mudbot.local.painter.captions import NAMES
from mudbot.local.painter.words import KEYWORDS

SMALL = (128, 128)

# Keyword class: a prompt without it, the same with it, and the name under which it is listed.
SEEN = {
    "mountain": ("大漠", "大漠 雪山", "mountains"),
    "lake": ("a hill", "a hill by the lake", "lake"),
    "river": ("a hill", "a hill by the river", "river"),
    "sea": ("a hill", "a hill by the sea", "sea"),
    "boat": ("a lake", "a boat on a lake", "boat"),
    "waterfall": ("a hill", "a hill with a waterfall", "waterfall"),
    "bridge": ("a river", "a bridge over a river", "bridge"),
    "pine": ("a desert", "a pine in the desert", "pines"),
    "bamboo": ("a hill", "bamboo on a hill", "bamboo"),
    "willow": ("a lake", "willows by a lake", "willow"),
    "maple": ("a hill", "maples on a hill", "maple"),
    "blossom": ("a hill", "peach blossoms on a hill", "blossom"),
    "bare": ("a hill", "withered growth on a hill", "bare tree"),
    "forest": ("a hill", "a forest on a hill", "trees"),
    "reeds": ("a lake", "reeds by a lake", "reeds"),
    "grass": ("a path", "a grassy path, meadows", "grass"),
    "temple": ("a hill", "a temple on a hill", "pagoda"),
    "palace": ("a hill", "a palace on a hill", "palace"),
    "inn": ("a hill", "an inn below a hill", "inn"),
    "village": ("a hill", "a village below a hill", "houses"),
    "stronghold": ("a hill", "a fortress on a hill", "stronghold"),
    "street": ("a village", "a village street", "street"),
    "stalls": ("a street", "a street with stalls", "stalls"),
    "room": ("a hill", "a room, a hill outside", "room"),
    "table": ("a room with a stove", "a room with a stove and tables", "tables"),
    "jars": ("a room", "a room with jars", "jars"),
    "stove": ("a room", "a room with a hearth", "stove"),
    "furnishing": ("a table by a lake", "a table on the floor, by a lake", "room"),
    "cave": ("a hill", "a cave in a hill", "cave"),
    "desert": ("a hill", "a desert", "dunes"),
    "smoke": ("a desert", "smoke over a desert", "smoke"),
    "camels": ("a desert", "camels in a desert", "camels"),
    "sun": ("a cloudy lake", "a cloudy lake, the sun", "sun"),
    "dawn": ("a lake", "a lake at dawn", "dawn"),
    "dusk": ("a lake", "a lake at dusk", "dusk"),
    "night": ("a lake", "a lake at midnight", "night"),
    "moon": ("a lake at dusk", "a lake at dusk, the moon", "moon"),
    "crescent": ("a lake, the moon", "a lake, a crescent moon", "crescent moon"),
    "stars": ("a lake at night", "a lake at night, stars", "stars"),
    "mist": ("a lake", "mist on a lake", "mist"),
    "clouds": ("a lake", "clouds over a lake", "clouds"),
    "rain": ("a lake", "rain on a lake", "rain"),
    "lightning": ("a lake in the rain", "a lake in the rain, lightning", "lightning"),
    "snow": ("a lake", "snow on a lake", "snow"),
    "cranes": ("a lake", "cranes over a lake", "cranes"),
    "birds": ("a lake", "geese over a lake", "birds"),
    "figure": ("a hill", "a monk on a hill", "figure"),
    "lantern": ("a hill", "a lantern on a hill", "lantern"),
    "fire": ("a hill", "a campfire on a hill", "fire"),
    "blood": ("a hill", "a hill of demons", "red sky"),
    "graves": ("a hill", "graves on a hill", "graves"),
    "path": ("a hill", "a path up a hill", "path"),
}


def small(prompt: str, seed: int | None = 7) -> Painting:
    return paint(prompt, size=SMALL, seed=seed)


def changed(first: Painting, second: Painting) -> float:
    """Mean difference of two pictures' pixels, 0 to 255."""
    return float(np.abs(np.asarray(first.image, np.float32) - np.asarray(second.image, np.float32)).mean())


def test_every_keyword_class_is_put_to_the_test() -> None:
    """A keyword class that nobody tests is a promise that nobody keeps."""
    assert set(SEEN) == KEYWORDS


@pytest.mark.parametrize("wish", sorted(SEEN))
def test_each_keyword_is_drawn_and_listed(wish: str) -> None:
    """Asking for a thing adds it to the picture and to the list; not asking adds it to neither."""
    without, with_it, name = SEEN[wish]
    plain, asked = small(without), small(with_it)
    assert name in asked.drawn
    assert name not in plain.drawn
    assert changed(plain, asked) > 0.04


def test_added_things_leave_the_rest_in_its_place() -> None:
    """Cranes over the same hills change the sky they fly in and nothing else."""
    plain, asked = (np.asarray(small(prompt).image, int) for prompt in ("a hill", "cranes over a hill"))
    differing = np.flatnonzero((plain != asked).any(axis=(1, 2)))
    assert differing.max() < SMALL[1] * 0.5


def test_same_prompt_and_seed_give_the_same_bytes() -> None:
    """Painting is deterministic, with a seed and without one."""
    for seed in (None, 0, 12345):
        assert small("松 雪 夜", seed).png() == small("松 雪 夜", seed).png()


def test_seed_and_prompt_both_matter() -> None:
    """Another seed, or without a seed another prompt, is another composition."""
    assert changed(small("a hill", 1), small("a hill", 2)) > 1
    assert changed(small("a hill", None), small("that hill", None)) > 1


@pytest.mark.parametrize("seed", [-1, 2**63, 2**64 + 5, -(2**80)])
def test_any_whole_number_is_a_seed(seed: int) -> None:
    """Negative and huge seeds work as well as others."""
    assert small("a hill", seed).drawn


@pytest.mark.parametrize("size", [(256, 256), (448, 256), (256, 448), (301, 203), (64, 320)])
@pytest.mark.parametrize("prompt", ["misty mountain temple by a lake", "a room with a table", "a street", "a cave"])
def test_pictures_have_the_size_asked_for(size: tuple[int, int], prompt: str) -> None:
    """Every scene is composed for the size, square or not."""
    painting = paint(prompt, size=size, seed=1)
    assert painting.image.size == size
    assert painting.image.mode == "RGB"


def test_a_wide_sun_is_still_round() -> None:
    """A wide picture is composed wide, not stretched: its sun is as wide as it is high."""
    pixels = np.asarray(paint("the sun over the sea, a clear day", size=(1024, 512), seed=3).image, np.int32)
    red = (pixels[..., 0] > pixels[..., 1] + 70) & (pixels[..., 0] > pixels[..., 2] + 70)
    red[300:] = False  # the mirror in the water, and the seal
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert abs(len(rows) - len(columns)) <= 3
    assert len(rows) > 20


@pytest.mark.parametrize("size", [(63, 512), (512, 2049), (0, 0), (-5, 512)])
def test_impossible_sizes_are_refused_with_the_remedy(size: tuple[int, int]) -> None:
    """A size that cannot be painted names the bounds."""
    with pytest.raises(LocalError, match="64 to 2048"):
        paint("a hill", size=size)


def test_png_opens_at_its_full_size() -> None:
    """The PNG is a real file of the size asked for, at least 512 pixels when that was asked."""
    data = paint("Drunken Crane Inn at night under the moon", size=(512, 512)).png()
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        assert (image.format, image.size, image.mode) == ("PNG", (512, 512), "RGB")


def test_jpeg_is_smaller_than_png() -> None:
    """The JPEG opens and saves space."""
    painting = paint("a hill", size=(256, 256))
    with Image.open(io.BytesIO(painting.jpeg())) as image:
        assert (image.format, image.size) == ("JPEG", (256, 256))
    assert len(painting.jpeg()) < len(painting.png()) / 2


HOSTILE = {
    "empty": "",
    "spaces": " \n\t ",
    "long": "mountain " * 1200,
    "one long word": "a" * 10_000,
    "control characters": "\x00\x1b[31m\x07\x7f\u202e\ufeff",
    "emoji": "🏔️🌕🐉",
    "lone surrogate": "\ud800 moon",
    "pattern": "(.*)+[a-z]{9999}\\",
    "markup": "<script>alert(1)</script>' OR 1=1 --",
    "unknown script": "ภูเขา Гора جبل",
}


@pytest.mark.parametrize("prompt", HOSTILE.values(), ids=HOSTILE.keys())
def test_any_text_is_painted(prompt: str) -> None:
    """Whatever the prompt is, there is a picture that is not blank, and a caption."""
    painting = small(prompt, None)
    assert np.asarray(painting.image).std() > 8
    assert painting.caption("en").startswith("Ink wash: ")


def test_a_prompt_without_keywords_gives_misty_mountains() -> None:
    """Nothing understood: the classic, and the caption admits it."""
    assert small("qwertyuiop").caption().startswith("Ink wash: misty mountains")


def test_everything_at_once_is_painted() -> None:
    """All keywords in one prompt do not collide; a room is the narrowest place, so it wins."""
    everything = ", ".join(with_it for _, with_it, _ in SEEN.values())
    assert "room" in small(everything).drawn
    outdoors = ", ".join(
        text
        for wish, (_, text, _) in SEEN.items()
        if wish not in {"room", "table", "jars", "stove", "furnishing", "cave"}
    )
    assert "street" in small(outdoors).drawn


def test_caption_lists_what_was_drawn_in_english() -> None:
    """The sentence names each thing drawn, and nothing else."""
    painting = Painting(Image.new("RGB", (1, 1)), ("mountains", "mist", "pagoda", "moon"))
    assert painting.caption("en") == "Ink wash: misty mountains, a pagoda, a full moon."
    assert painting.caption("fr") == painting.caption()


def test_caption_lists_what_was_drawn_in_chinese() -> None:
    """The same in Chinese, for every form of the language's name."""
    painting = Painting(Image.new("RGB", (1, 1)), ("mountains", "mist", "pagoda", "moon"))
    assert painting.caption("zh") == painting.caption("zh-CN") == "水墨：云雾中的群山、宝塔、圆月。"


def test_caption_does_not_promise_what_is_not_there() -> None:
    """A dragon is beyond the painter, and the caption does not claim one."""
    caption = small("a dragon over the lake").caption()
    assert "a lake" in caption
    assert "dragon" not in caption


def test_every_name_has_words_in_both_languages() -> None:
    """Whatever can be drawn can be captioned: English in ASCII, Chinese in Chinese."""
    for english, chinese in NAMES.values():
        assert english.isascii()
        assert not chinese.isascii()


def test_night_is_dark_and_snow_is_bright() -> None:
    """Light follows the hour: night is darker than day; snowy ground is brighter than the same ground without."""
    day, night = (np.asarray(small(p).image, float).mean() for p in ("a hill", "a hill at night"))
    assert night < day * 0.6
    ground = slice(int(SMALL[1] * 0.4), int(SMALL[1] * 0.7))
    grey, white = (
        np.asarray(small(p).image, float)[ground].mean() for p in ("a hill at night", "a snowy hill at night")
    )
    assert white > grey + 10


def test_lights_shine_at_night() -> None:
    """The inn's lanterns are the brightest warm spot of a night picture."""
    pixels = np.asarray(paint("an inn at night", size=(256, 256), seed=4).image, int)
    warm = pixels[..., 0] - pixels[..., 2]
    assert warm.max() > 100


def test_repr_of_a_canvas_tells_its_state() -> None:
    """What a log shows of a canvas: size, seed, what is on it."""
    from mudbot.local.painter.canvas import Canvas

    canvas = Canvas((64, 80), 5, frozenset())
    canvas.note("moon")
    canvas.note("moon")
    assert repr(canvas) == "<Canvas 64x80 seed=5 drawn=['moon']>"
