"""Pictures that clients send: opened within bounds, painted over under a mask, and looked at for their colours.

Blocks; run it in the painter's thread.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mudbot.local.server.problems import RequestError

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_PIXELS = 16_000_000
FORMATS = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True, slots=True)
class Source:
    """A picture that was sent."""

    content: bytes = field(repr=False)
    size: tuple[int, int]
    image: Image | None = field(repr=False)


def opened(content: bytes, name: str = "image") -> Source:
    """*content* as a picture.  Raises RequestError for what is none, or has more than 16 megapixels."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # our own bound is the stricter one
            image: Image.Image = Image.open(io.BytesIO(content), formats=FORMATS)
            if image.width * image.height > MOST_PIXELS:
                raise RequestError(
                    f"'{name}': {image.width} x {image.height} pixels; at most {MOST_PIXELS:,} are taken", param=name
                )
            image.load()
            image = _deep(ImageOps.exif_transpose(image))
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError) as error:
        raise RequestError(
            f"'{name}': must be a whole PNG, JPEG or WebP picture", param=name, code="invalid_image_format"
        ) from error
    return Source(content, image.size, image)


def _deep(image: Image) -> Image:
    """*image* with eight bits a colour: sixteen of grey would be cut off at 255 by what comes after, not scaled."""
    if not image.mode.startswith("I;16"):
        return image
    return image.convert("I").point(lambda value: value * (1 / 257)).convert("L")


def paintable(size: tuple[int, int]) -> tuple[int, int]:
    """What the painter can paint that is nearest to *size*, in its proportions as far as they go."""
    from mudbot.local.painter.painting import MAX_SIDE, MIN_SIDE

    scale = min(1.0, MAX_SIDE / max(size))
    width, height = (max(MIN_SIDE, min(MAX_SIDE, round(side * scale))) for side in size)
    return width, height


def retouched(source: Source, mask: bytes | None, painted: bytes, size: tuple[int, int] | None) -> bytes:
    """*source* with *painted*, brought to its size, where the mask is transparent; scaled to *size* in the end.

    Without a *mask* the picture's own transparency says where.  Everything else stays, pixel for pixel.  Raises
    RequestError for a mask of another size, and where nothing is transparent.
    """
    from PIL import Image

    assert source.image is not None
    where = source.image if mask is None else _mask(mask, source.size)
    if "A" not in where.getbands() and "transparency" not in where.info:
        told = "the image has no transparent area, and no mask was sent" if mask is None else "the mask is opaque"
        raise RequestError(f"'mask': {told}: make transparent what is to be painted", param="mask")
    alpha = where.convert("RGBA").getchannel("A")
    if alpha.getextrema()[0] == 255:
        raise RequestError("'mask': nothing in it is transparent, so nothing would be painted", param="mask")
    # A pixel that is only half transparent is half painted: the edge is as soft as the mask's.
    over = Image.open(io.BytesIO(painted)).convert("RGB")
    if over.size != source.size:
        over = over.resize(source.size, Image.Resampling.LANCZOS)
    result = Image.composite(source.image.convert("RGB"), over, alpha)
    if size is not None and size != result.size:
        result = result.resize(size, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    result.save(out, "PNG")
    return out.getvalue()


def _mask(content: bytes, size: tuple[int, int]) -> Image:
    mask = opened(content, "mask")
    if mask.size != size:
        raise RequestError(
            f"'mask': {mask.size[0]} x {mask.size[1]} pixels, but the image has {size[0]} x {size[1]}", param="mask"
        )
    assert mask.image is not None
    return mask.image


def scene_of(source: Source) -> str:
    """A scene for the painter after the colours of a picture that it did not paint: its light, its main colour."""
    from PIL.Image import Resampling

    if source.image is None:
        return "mountains and water"
    red, green, blue = source.image.convert("RGB").resize((1, 1), Resampling.BOX).getpixel((0, 0))  # type: ignore[misc]
    light = (red + green + blue) / 3
    time = "at night under the moon" if light < 70 else "at dusk" if light < 120 else "in the morning"
    if max(red, green, blue) - min(red, green, blue) < 12:
        subject = "snow on the mountains" if light > 190 else "misty mountains"
    elif blue >= max(red, green):
        subject = "a lake with a boat"
    elif green >= red:
        subject = "a pine forest in spring"
    else:
        subject = "autumn trees by an inn"
    return f"{subject} {time}"
