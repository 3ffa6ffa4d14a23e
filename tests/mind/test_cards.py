"""Card files: read from whatever carries them, damage told, sizes bounded, and written whole again."""

from __future__ import annotations

import base64
import io
import json
import unicodedata
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mudbot.errors import ConfigError
from mudbot.mind import cards, png
from mudbot.mind.cards import Card, dump, load_card, parse, read_card, to_png

V2: dict[str, Any] = {
    "spec": "chara_card_v2",
    "spec_version": "2.0",
    "data": {"name": "Chen", "description": "An innkeeper. 掌柜。", "extensions": {"x/y": [1, 2.5, None]}},
}
V3: dict[str, Any] = {"spec": "chara_card_v3", "spec_version": "3.0", "data": {"name": "New Chen", "assets": []}}
V1 = {"name": "Old", "description": "d", "personality": "", "scenario": "", "first_mes": "", "mes_example": ""}


def chunk(kind: bytes, data: bytes, *, sound: bool = True) -> bytes:
    crc = zlib.crc32(kind + data) ^ (0 if sound else 1)
    return len(data).to_bytes(4, "big") + kind + data + crc.to_bytes(4, "big")


IHDR = chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\x08\0\0\0\0")
IDAT = chunk(b"IDAT", zlib.compress(b"\0\0"))


def picture(*middle: bytes) -> bytes:
    return b"".join([png.SIGNATURE, IHDR, *middle, IDAT, chunk(b"IEND", b"")])


def packed(value: Any) -> bytes:
    return base64.b64encode(json.dumps(value).encode())


def text(keyword: str, data: bytes, *, sound: bool = True) -> bytes:
    return chunk(b"tEXt", keyword.encode() + b"\0" + data, sound=sound)


def refused(data: bytes) -> str:
    with pytest.raises(ConfigError) as caught:
        read_card(data, "card.png")
    return str(caught.value)


# -- pictures ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("carrier", "source"),
    [
        (text("chara", packed(V2)), "PNG (tEXt chara)"),
        (text("Chara", packed(V2)), "PNG (tEXt Chara)"),
        (chunk(b"zTXt", b"chara\0\0" + zlib.compress(packed(V2))), "PNG (zTXt chara)"),
        (chunk(b"iTXt", b"chara\0\0\0zh\0\xe5\x8d\xa1\0" + packed(V2)), "PNG (iTXt chara)"),
        (chunk(b"iTXt", b"chara\0\1\0\0\0" + zlib.compress(packed(V2))), "PNG (iTXt chara)"),
        (text("chara", packed(V2).rstrip(b"=")), "PNG (tEXt chara)"),
        (text("chara", packed(V2)[:50] + b"\r\n" + packed(V2)[50:]), "PNG (tEXt chara)"),
        (text("chara", base64.urlsafe_b64encode(json.dumps(V2).encode())), "PNG (tEXt chara)"),
        (text("chara", json.dumps(V2).encode()), "PNG (tEXt chara)"),
    ],
)
def test_a_card_is_found_however_it_was_put_into_the_picture(carrier: bytes, source: str) -> None:
    assert read_card(picture(carrier), "card.png") == Card(V2, source)


def test_a_card_may_stand_behind_the_pixels() -> None:
    data = b"".join([png.SIGNATURE, IHDR, IDAT, text("Software", b"x"), text("chara", packed(V2)), chunk(b"IEND", b"")])
    assert read_card(data, "card.png").value == V2


def test_v3_is_preferred_and_the_other_is_told() -> None:
    found = read_card(picture(text("chara", packed(V2)), text("ccv3", packed(V3))), "card.png")
    assert (found.value, found.version) == (V3, "V3")
    assert found.notes == ("the picture has another card in chara: ccv3 is used",)


def test_a_wrong_checksum_is_told_and_the_card_is_read_if_it_can_be() -> None:
    found = read_card(picture(text("chara", packed(V2), sound=False)), "card.png")
    assert found.value == V2
    assert found.notes[0].startswith("tEXt chara: its checksum is wrong: it was damaged")
    said = refused(picture(text("chara", b"!" + packed(V2)[1:], sound=False)))
    assert said.startswith("card.png: tEXt chara: its checksum is wrong: ")
    assert "what it holds is not base64: get the file again" in said


def test_the_other_card_is_used_where_one_is_damaged() -> None:
    found = read_card(picture(text("ccv3", packed(V3)[:-9]), text("chara", packed(V2))), "card.png")
    assert found.value == V2
    assert found.notes[0].startswith("tEXt ccv3: ")
    assert found.notes[0].endswith("another chunk is used instead")


def test_a_picture_that_is_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = picture(text("chara", packed(V2)))
    found = read_card(whole[:-20], "card.png")
    assert found.value == V2
    assert "the picture is damaged: after" in found.notes[0]
    assert "has no card in it (the picture is damaged: after" in refused(whole[:80])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (picture(), "has no card in it: a picture loses it when it is converted"),
        (picture(chunk(b"zTXt", b"chara\0\0" + zlib.compress(packed(V2))[:-8])), "its compression is damaged"),
        (picture(chunk(b"zTXt", b"chara\0\7xxxx")), "compressed in a manner that PNG does not have"),
        (picture(chunk(b"iTXt", b"chara\0\0\0zh")), "it is not whole"),
        (picture(text("chara", packed([1]))), "is JSON, but no card"),
        (b"\xff\xd8\xff\xe0" + b"x" * 99, "is a JPEG picture: a card is a PNG picture, a JSON file"),
        (b"GIF89a", "is a GIF picture"),
        (b"", "is no JSON (line 1): it is damaged, or no card"),
        (b"{", "is no JSON (line 1)"),
        (b"\xff\xfe{", "is not UTF-8"),
        (b"[]", "is JSON, but no card: a card is an object with a name"),
        (b"{}", "there is no name in it"),
        (b'{"name": NaN}', "is no JSON"),
        (b'{"name": "x", "n": 1e999}', "is no JSON"),
        (b'{"name": ' + b"[" * 5000 + b"]" * 5000 + b"}", "nested deeper than 100 levels"),
        (b'{"entries": {}}', "is a lorebook, not a card"),
        (b'{"spec": "lorebook_v3", "data": {"entries": []}}', "is a lorebook, not a card"),
    ],
)
def test_what_holds_no_card_is_told_with_its_reason(data: bytes, said: str) -> None:
    assert said in refused(data)


def test_what_would_swell_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed text of a kilobyte may be a gigabyte."""
    monkeypatch.setattr(png, "MAX_TEXT", 10_000)
    bomb = zlib.compress(b"A" * 1_000_000)
    assert "it is longer than 10,000 bytes" in refused(picture(chunk(b"zTXt", b"chara\0\0" + bomb)))
    assert "it is longer than 10,000 bytes" in refused(picture(text("chara", b"A" * 10_001)))
    monkeypatch.setattr(cards, "MAX_FILE", 1000)
    assert "is longer than 1,000 bytes" in refused(b" " * 1001)


def test_damage_anywhere_is_no_traceback() -> None:
    """Every byte of a file, one at a time, turned into others: a card or an error that names the file."""
    whole = picture(text("ccv3", packed(V3)), chunk(b"iTXt", b"chara\0\1\0\0\0" + zlib.compress(packed(V2))))
    for place in range(len(whole)):
        for other in (0, 0xFF, whole[place] ^ 1):
            try:
                assert isinstance(read_card(whole[:place] + bytes([other]) + whole[place + 1 :], "x"), Card)
            except ConfigError as exc:
                assert str(exc).startswith("x: ")  # noqa: PT017  # both are fine


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_card_or_an_error(data: bytes, as_picture: bool) -> None:
    try:
        read_card(png.SIGNATURE + data if as_picture else data, "x")
    except ConfigError as exc:
        assert str(exc).startswith("x: ")  # noqa: PT017  # both are fine


# -- archives and JSON ---------------------------------------------------------------------------------------------


def archive(name: str, data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(name, data)
        zipped.writestr("assets/icon/images/main.png", b"x")
    return file.getvalue()


def test_charx_is_an_archive_with_the_card_in_it() -> None:
    found = read_card(archive("card.json", json.dumps(V3).encode()), "card.charx")
    assert (found.value, found.source) == (V3, "CHARX")
    assert "is an archive without a card.json in it" in refused(archive("other.json", b"{}"))
    assert "damaged or locked" in refused(archive("card.json", json.dumps(V3).encode()).replace(b"PK\1\2", b"PKxx"))


def test_a_file_of_json_is_read_with_and_without_a_mark(tmp_path: Path) -> None:
    path = tmp_path / "card.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(V2, ensure_ascii=False).encode())
    assert load_card(path) == Card(V2, "JSON")
    with pytest.raises(ConfigError, match="check the path"):
        load_card(tmp_path / "none.json")
    with pytest.raises(ConfigError, match="check the path"):
        load_card(tmp_path)


@pytest.mark.parametrize(("value", "version"), [(V1, "V1"), (V2, "V2"), (V3, "V3"), ({"char_name": "x"}, "V1")])
def test_versions_are_told_apart(value: dict[str, Any], version: str) -> None:
    assert Card(value, "").version == version
    assert Card(value | {"extra": 1}, "").data == (value["data"] if version in ("V2", "V3") else value | {"extra": 1})


# -- writing -------------------------------------------------------------------------------------------------------


def test_a_card_goes_into_a_picture_and_its_other_cards_go() -> None:
    """All else of the picture stays byte for byte."""
    made = to_png(V3, picture(text("chara", packed(V2)), text("Software", b"x")), "p.png")
    assert read_card(made, "x") == Card(V3, "PNG (tEXt ccv3)")
    assert made.replace(text("ccv3", packed(V3)), b"") == picture(text("Software", b"x"))
    assert read_card(to_png(V2, made, "p.png"), "x") == Card(V2, "PNG (tEXt chara)")
    with pytest.raises(ConfigError, match=r"p\.jpg: is no PNG file: name a PNG picture"):
        to_png(V2, b"\xff\xd8", "p.jpg")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
CARDS = st.dictionaries(st.text(max_size=8), VALUES, max_size=5).map(lambda value: {**value, "name": "x"})


@given(CARDS)
def test_any_card_comes_out_of_its_text_and_its_picture_as_it_went_in(value: dict[str, Any]) -> None:
    written = dump(value)
    assert parse(written) == value
    assert not {unicodedata.category(c) for c in written.replace("\n", "")} & {"Cc", "Cs", "Zl", "Zp"}
    if "entries" not in value and "data" not in value and "spec" not in value:
        assert read_card(to_png(value, picture(), "p"), "x").value == value
