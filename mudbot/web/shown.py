"""What may be seen of a picture: the one place where that is decided.

Public pages and the feed are made from ``Shown`` alone, so that nothing else of a picture can get there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mudbot.store.pictures import Picture

SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
TITLE = 90
"""Characters of a title, which previews cut anyway."""
# Control characters but tab and line feed, marks of direction, halves of surrogates, and what XML has no place for.
_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff\ud800-\udfff]"
)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a page may show of a picture.  Texts are plain: whatever puts them into a page escapes them."""

    id: str
    link: str
    """Absolute, as it is said in the game."""
    file: str
    """The absolute address of the picture itself."""
    thumb: str
    """Absolute."""
    type: str
    at: float
    private: bool
    pinned: bool
    size: int
    width: int
    height: int
    parent: str = ""
    title: str = ""
    """Empty where it has none that may be told."""
    caption: str = ""
    prompt: str = ""
    """Empty where the caption says the same."""
    words: str = ""
    """What was asked for; empty where caption or prompt say the same."""
    speaker: str = ""
    place: str = ""
    session: str = ""
    style: str = ""

    @property
    def suffix(self) -> str:
        """Of the picture's own address."""
        return SUFFIXES[self.type]


def shown(picture: Picture, *, owner: bool = False) -> Shown:
    """What may be seen of *picture*: of one that was asked for in private the *owner* alone sees more than itself."""
    link, suffix = picture.link, SUFFIXES[picture.type]
    bare = Shown(
        picture.id, link, f"{link}{suffix}", f"{link}/thumb.webp", picture.type, picture.at, picture.private,
        picture.pinned, picture.size, picture.width, picture.height,
    )  # fmt: skip
    return _told(bare, picture) if owner or not picture.private else bare


def _told(bare: Shown, picture: Picture) -> Shown:
    from dataclasses import replace

    caption, prompt, words, place = map(plain, (picture.caption, picture.prompt, picture.words, picture.place))
    return replace(
        bare,
        parent=picture.parent,
        title=short(place or caption or words or prompt),
        caption=caption or prompt,
        prompt=prompt if prompt not in caption else "",
        words=words if words not in (prompt, caption) else "",
        speaker=short(plain(picture.speaker)),
        place=short(place, 120),
        session=plain(picture.session),
        style=short(plain(picture.style)),
    )


def plain(text: str) -> str:
    """*text* without what drives a terminal, turns a line round or is invisible."""
    return _UNSAFE.sub("", text).strip()


def short(text: str, most: int = TITLE) -> str:
    """*text* in one line of at most *most* characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
