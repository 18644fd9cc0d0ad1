"""Comparing pictures: what is rasterised differently passes, what a person sees does not."""

import io
from collections.abc import Callable

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.e2e.viewer.shots import FOLDER
from tests.support.pictures import compare, reduced

PANEL = (20, 590, 360, 900)
TOP = (0, 0, 1280, 947)
"""The first screen of a board, whose last row of tiles is cut."""

IsSame = Callable[[Image.Image], bool]


@pytest.fixture(scope="module")
def board() -> Image.Image:
    """The top of a committed picture of a board, in all colours."""
    return Image.open(FOLDER / "board-service-dark.png").convert("RGB").crop(TOP)


@pytest.fixture(scope="module")
def is_same(board: Image.Image) -> IsSame:
    """Return a function that compares a picture with the board, both as they are committed."""
    expected = reduced(png(board))
    return lambda changed: compare(expected, reduced(png(changed))) is None


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)  # the smallest file takes a second
    return buffer.getvalue()


def covered(
    board: Image.Image, box: tuple[int, int, int, int], place: tuple[int, int]
) -> Image.Image:
    """Return a copy on which a box has the colour of a place."""
    x, y = place
    changed = board.copy()
    changed.paste(board.crop((x, y, x + 1, y + 1)).resize((box[2] - box[0], box[3] - box[1])), box)
    return changed


def test_same_picture_is_alike(board: Image.Image, is_same: IsSame) -> None:
    assert is_same(board)


def test_other_edges_of_letters_are_alike(board: Image.Image, is_same: IsSame) -> None:
    """A quarter of a pixel to the side, as other font hinting draws."""
    beside = ImageChops.offset(board, 1, 0)
    assert is_same(Image.blend(board, beside, 0.25))


def test_slightly_other_colours_are_alike(board: Image.Image, is_same: IsSame) -> None:
    assert is_same(board.point(lambda value: min(255, value + 3)))


@pytest.mark.parametrize("pixels", [2, 8, 40])
def test_moved_panel_is_another(board: Image.Image, is_same: IsSame, pixels: int) -> None:
    changed = board.copy()
    changed.paste(board.crop(PANEL), (PANEL[0], PANEL[1] + pixels))
    assert not is_same(changed)


def test_missing_panel_is_another(board: Image.Image, is_same: IsSame) -> None:
    assert not is_same(covered(board, PANEL, (4, 400)))


def test_clipped_line_of_text_is_another(board: Image.Image, is_same: IsSame) -> None:
    second_half_of_a_title = (70, 618, 140, 640)
    assert not is_same(covered(board, second_half_of_a_title, (200, 628)))


def test_blurred_picture_is_another(board: Image.Image, is_same: IsSame) -> None:
    assert not is_same(board.filter(ImageFilter.GaussianBlur(3)))


def test_line_of_another_colour_is_another(board: Image.Image, is_same: IsSame) -> None:
    changed = board.copy()
    ImageDraw.Draw(changed).line((60, 700, 340, 760), fill="yellow", width=2)
    assert not is_same(changed)


def test_longer_page_is_another(board: Image.Image) -> None:
    longer = Image.new("RGB", (board.width, board.height + 20))
    longer.paste(board)
    difference = compare(board, longer)
    assert difference is not None
    assert {box[1] // 16 for box in difference.boxes} <= {board.height // 16, longer.height // 16}
    assert str(difference).endswith(
        f"within (0, {board.height // 16 * 16}, 1280, {difference.boxes[-1][3]})"
    )
