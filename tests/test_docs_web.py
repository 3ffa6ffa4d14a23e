"""docs/web.md and the READMEs show pages as they are: every picture is there, small, and used; what they set, loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from PIL import Image

from mudbot.config import load
from mudbot.web import keys

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "web.md").read_text(encoding="utf-8")
BLOCKS = [block for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL) if block.startswith("web:")]
IMAGES = sorted((ROOT / "docs" / "images").glob("*.webp"))


@pytest.mark.parametrize("image", IMAGES, ids=lambda path: path.stem)
def test_a_picture_is_small_and_shown_somewhere(image: Path) -> None:
    """150 kB at most: a README is read over slow lines too."""
    assert image.stat().st_size <= 150_000
    with Image.open(image) as opened:
        assert opened.format == "WEBP"
    pages = [ROOT / "README.md", ROOT / "README.zh.md", ROOT / "docs" / "web.md"]
    assert any(f"images/{image.name}" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize("page", ["README.md", "README.zh.md", "docs/web.md"])
def test_every_picture_that_is_shown_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    shown = re.findall(r"!\[[^\]]*\]\(([^)]+)\)|<img src=\"([^\"]+)\"", text)
    assert len(shown) >= 3
    for each in map("".join, shown):
        assert (ROOT / page).parent.joinpath(each).is_file(), each


@pytest.mark.parametrize("block", BLOCKS)
def test_its_configuration_loads(block: str, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump({"sessions": [{"host": "tavern"}]} | yaml.safe_load(block)), encoding="utf-8")
    load(path, environ={"MUDBOT_TOKEN": "a-long-token"})


def test_its_figures_are_those_of_the_code() -> None:
    assert (keys.LASTS, keys.TRIES, keys.ALL_TRIES, keys.WINDOW) == (14 * 86_400, 5, 50, 300)
    for told in ("fourteen days", "Five wrong tokens", "within five minutes", "fifty from all"):
        assert told in PAGE
