"""In which manner a picture is drawn: a small catalogue, by names in English and Chinese, or an owner's words.  Pure.

What a style says to a painter names no thing: a painter that draws what is named would draw the brush as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from mudbot.mind.shape import Language

LONGEST = 200
"""Characters of a style in an owner's own words."""


@dataclass(frozen=True, slots=True)
class Style:
    """One manner of drawing."""

    name: str
    """In English, or in the owner's own words."""
    zh: str
    prompts: tuple[str, str]
    """What a painter is told, in English and in Chinese."""
    aliases: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """The style that *text* names, in either language and any case; else the words themselves are one."""
        wanted = _plain(text)
        for each in CATALOGUE:
            if wanted in map(_plain, (each.name, each.zh, *each.aliases)):
                return cls(each.name, each.zh, each.prompts, each.aliases)
        words = " ".join(text.split())[:LONGEST]
        return cls(words, words, (words, words))

    def prompt(self, language: Language) -> str:
        """What a painter is told in *language*."""
        return self.prompts[language == "zh"]


def _plain(text: str) -> str:
    return "".join(text.replace("-", " ").replace("_", " ").split()).casefold()


CATALOGUE: tuple[Style, ...] = (
    Style(
        "ink wash",
        "水墨",
        ("Chinese ink wash painting, loose strokes and much left empty", "中国水墨画，笔意疏放，大片留白"),
        ("ink", "sumi-e", "shuimo", "水墨画", "国画", "写意"),
    ),
    Style(
        "gongbi",
        "工笔",
        ("Chinese gongbi painting, fine outlines and mineral colours", "中国工笔画，线条细密，设色典雅"),
        ("fine brush", "工笔画"),
    ),
    Style(
        "watercolour",
        "水彩",
        ("watercolour painting, soft washes, white paper showing through", "水彩画，晕染轻柔，透出纸白"),
        ("watercolor", "水彩画"),
    ),
    Style(
        "oil",
        "油画",
        ("oil painting, thick visible strokes, deep warm colours", "油画，笔触厚重，色调深沉温暖"),
        ("oil painting", "oils", "油彩"),
    ),
    Style(
        "pixel art",
        "像素",
        (
            "pixel art, background of a 16-bit game, few colours, crisp edges",
            "像素画，十六位游戏背景，色彩简约，边缘清晰",
        ),
        ("pixel", "pixels", "8-bit", "16-bit", "像素画", "像素风"),
    ),
    Style(
        "woodcut",
        "木刻",
        ("woodcut print, bold black lines on cream paper", "木刻版画，黑线粗犷，米色纸底"),
        ("woodblock", "wood engraving", "木刻版画", "版画"),
    ),
    Style(
        "ukiyo-e",
        "浮世绘",
        ("ukiyo-e print, flat colours, flowing outlines", "浮世绘，平涂色块，线条流畅"),
        ("ukiyoe", "japanese print"),
    ),
    Style(
        "pencil",
        "铅笔",
        ("pencil drawing, fine hatching on rough paper, no colour", "铅笔素描，细密排线，粗纹纸，无色"),
        ("sketch", "pencil drawing", "graphite", "铅笔画", "素描"),
    ),
    Style(
        "pastel",
        "粉彩",
        ("soft pastel drawing, chalky blended colours", "粉彩画，色粉柔和，过渡朦胧"),
        ("chalk", "色粉", "粉彩画"),
    ),
    Style(
        "comic",
        "漫画",
        ("comic book panel, clear ink lines, flat bright colours", "漫画，线条明快，平涂亮色"),
        ("comics", "cartoon", "manga", "连环画"),
    ),
    Style(
        "storybook",
        "绘本",
        ("storybook illustration, gentle colours, fine detail", "绘本插画，色彩温柔，细节丰富"),
        ("illustration", "插画", "童话"),
    ),
    Style(
        "fantasy",
        "奇幻",
        (
            "fantasy concept art, dramatic light, wide view, painterly detail",
            "奇幻概念设定图，光影戏剧，视野开阔，细节考究",
        ),
        ("concept art", "奇幻画", "概念图"),
    ),
    Style(
        "photo",
        "写实",
        ("realistic photograph, natural light, wide angle", "写实摄影，自然光，广角"),
        ("photograph", "realistic", "photorealistic", "照片", "摄影"),
    ),
)

DEFAULT = CATALOGUE[0]
"""What the embedded painter does anyway."""
