"""Reads pages as a browser would: elements, attributes, texts; and says what no page may have."""

from __future__ import annotations

import io
from html.parser import HTMLParser
from typing import Any

from PIL import Image

from mudbot.store.pictures import Picture
from tests.web.web_fakes import FakeBot

ZH: Any = {"Accept-Language": "zh-CN,zh;q=0.9"}


def speaking(language: str) -> Any:
    """The header of a browser that asks for pages in *language*."""
    return {"Accept-Language": language}


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</title></textarea><svg/onload=alert(1)>",
    "javascript:alert(1)",
    "{{ 7*7 }}{% raise %}${7*7}",
    "\x1b[31mred\x07\x00\x9b",
    "a\u202egnp.exe\u2066\u200bb",
    "]]><!--<b>&amp;&#60;",
    "\ud800\uffff".encode("utf-8", "replace").decode() + "\ufffe",
    "画" * 3000,
)


class Html(HTMLParser):
    """The elements of a page, and all of its text."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str]]:
        """The attributes of every *tag* that has these."""
        return [found for name, found in self.elements if name == tag and found.items() >= attributes.items()]

    def meta(self, name: str) -> str:
        """The content of the one ``meta`` of that name or property."""
        (found,) = [each for each in self.all("meta") if name in (each.get("name"), each.get("property"))]
        return found["content"]


def unsafe(page: str) -> list[str]:
    """What of *page* a script could run by, or a terminal obey."""
    html = Html(page)
    found = [
        f"<{tag}>" for tag, each in html.elements if tag == "script" and not each.get("src", "").startswith("/static/")
    ]
    found += [f"<{tag}>" for tag, _ in html.elements if tag in ("style", "iframe", "object", "embed", "svg", "base")]
    for tag, attributes in html.elements:
        found += [f"{tag} {name}" for name in attributes if name.startswith("on") or name == "style"]
        links = (attributes.get(name, "") for name in ("href", "src", "action", "formaction"))
        found += [f"{tag} {link}" for link in links if link.strip().lower().startswith(("javascript:", "data:"))]
    marks = {*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200B}
    found += [hex(ord(each)) for each in page if (ord(each) < 32 and each not in "\n\t") or 126 < ord(each) < 160]
    return found + [hex(ord(each)) for each in page if ord(each) in marks]


def png(colour: int = 0, size: tuple[int, int] = (60, 40), form: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (colour % 256, 90, 90)).save(file, form)
    return file.getvalue()


async def hang(bot: FakeBot, data: bytes | None = None, /, **more: Any) -> Picture:
    """A new picture in the gallery of *bot*."""
    about = {"session": "mud.example", "speaker": "Ann", "prompt": "a white crane, ink", "caption": "A white crane"}
    return await bot.pictures.add(data or png(), **({"private": False} | about | more))
