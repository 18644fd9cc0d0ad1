"""Pictures of pages: reduced to what a person sees, compared, and what differs is drawn.

Text may be rasterised a little differently on another machine, so single pixels at the edges of
letters do not count. What counts is a tile in which many pixels differ clearly: something moved,
is missing, is cut off or has another colour.
"""

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Box = tuple[int, int, int, int]

_COLOURS: Final = 64
_BLUR_PIXELS: Final = 1.5
# Of 255: above the error of the palette, below that of a line that is not there.
_CLEARLY: Final = 26
_TILE_PIXELS: Final = 16
# Of a tile's pixels.
_MOST_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two pictures differ.

    Args:
        boxes: Tiles, as left, top, right and bottom in pixels.
        picture: The actual picture, pale, with what differs in red.
    """

    boxes: tuple[Box, ...]
    picture: Image.Image

    def __str__(self) -> str:
        """Return the number of tiles and the box around them."""
        lefts, tops, rights, bottoms = zip(*self.boxes, strict=True)
        around = (min(lefts), min(tops), max(rights), max(bottoms))
        return f"{len(self.boxes)} tiles differ, within {around}"


def reduced(png: bytes) -> Image.Image:
    """Return a screenshot with the few colours that are committed."""
    shown = Image.open(io.BytesIO(png)).convert("RGB")
    return shown.quantize(_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)


def save(picture: Image.Image, file: Path) -> None:
    """Write a picture as a small PNG."""
    picture.save(file, optimize=True)


def compare(expected: Image.Image, actual: Image.Image) -> Difference | None:
    """Return where two pictures differ; None where they are alike.

    The part that only the larger one has differs as a whole.
    """
    size = (max(expected.width, actual.width), max(expected.height, actual.height))
    distance = _distance(_on_canvas(expected, size), _on_canvas(actual, size))
    if expected.size != actual.size:
        _mark_outside(distance, expected, actual)
    clearly = distance.point(lambda value: 255 if value > _CLEARLY else 0)
    boxes = _tiles(clearly)
    if not boxes:
        return None
    pale = Image.blend(_on_canvas(actual, size), Image.new("RGB", size, "white"), 0.7)
    pale.paste((220, 0, 0), mask=clearly)
    outline = ImageDraw.Draw(pale)
    for box in boxes:
        outline.rectangle(box, outline=(220, 0, 0))
    return Difference(boxes, pale)


def _on_canvas(picture: Image.Image, size: tuple[int, int]) -> Image.Image:
    canvas = Image.new("RGB", size)
    canvas.paste(picture.convert("RGB"))
    return canvas


def _distance(expected: Image.Image, actual: Image.Image) -> Image.Image:
    """Return the largest difference of a pixel's colours, of the blurred pictures."""
    blur = ImageFilter.BoxBlur(_BLUR_PIXELS)
    channels = ImageChops.difference(expected.filter(blur), actual.filter(blur)).split()
    return ImageChops.lighter(ImageChops.lighter(channels[0], channels[1]), channels[2])


def _mark_outside(distance: Image.Image, expected: Image.Image, actual: Image.Image) -> None:
    width = min(expected.width, actual.width)
    height = min(expected.height, actual.height)
    distance.paste(255, (width, 0, distance.width, distance.height))
    distance.paste(255, (0, height, distance.width, distance.height))


def _tiles(clearly: Image.Image) -> tuple[Box, ...]:
    """Return the tiles of which a large share differs."""
    side = _TILE_PIXELS
    columns, rows = -(-clearly.width // side), -(-clearly.height // side)
    whole = Image.new("L", (columns * side, rows * side))
    whole.paste(clearly)
    shares = whole.resize((columns, rows), Image.Resampling.BOX)
    return tuple(
        (column * side, row * side, (column + 1) * side, (row + 1) * side)
        for row in range(rows)
        for column in range(columns)
        if int(shares.getpixel((column, row)) or 0) > 255 * _MOST_SHARE  # type: ignore[arg-type]
    )
