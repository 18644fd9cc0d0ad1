"""Comparing pictures: what is rasterised differently passes, what a person sees does not."""

import io

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from tests.e2e.viewer.shots import FOLDER
from tests.support.pictures import compare, reduced

PANEL = (20, 590, 360, 900)


@pytest.fixture(scope="module")
def board() -> Image.Image:
    """A committed picture of a board, in all colours."""
    return Image.open(FOLDER / "board-service-dark.png").convert("RGB")


def png(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def is_same(board: Image.Image, changed: Image.Image) -> bool:
    return compare(reduced(png(board)), reduced(png(changed))) is None


def test_same_picture_is_alike(board):
    assert is_same(board, board)


def test_other_edges_of_letters_are_alike(board):
    """A quarter of a pixel to the side, as other font hinting draws."""
    beside = ImageChops.offset(board, 1, 0)
    assert is_same(board, Image.blend(board, beside, 0.25))


def test_slightly_other_colours_are_alike(board):
    assert is_same(board, board.point(lambda value: min(255, value + 3)))


@pytest.mark.parametrize("pixels", [2, 8, 40])
def test_moved_panel_is_another(board, pixels):
    changed = board.copy()
    changed.paste(board.crop(PANEL), (PANEL[0], PANEL[1] + pixels))
    assert not is_same(board, changed)


def test_missing_panel_is_another(board):
    changed = board.copy()
    changed.paste(board.getpixel((4, 400)), PANEL)
    assert not is_same(board, changed)


def test_clipped_line_of_text_is_another(board):
    changed = board.copy()
    # The second half of a panel's title.
    changed.paste(board.getpixel((200, 628)), (70, 618, 140, 640))
    assert not is_same(board, changed)


def test_blurred_picture_is_another(board):
    assert not is_same(board, board.filter(ImageFilter.GaussianBlur(3)))


def test_line_of_another_colour_is_another(board):
    changed = board.copy()
    ImageDraw.Draw(changed).line((60, 700, 340, 760), fill="yellow", width=2)
    assert not is_same(board, changed)


def test_longer_page_is_another(board):
    longer = Image.new("RGB", (board.width, board.height + 20))
    longer.paste(board)
    difference = compare(board, longer)
    assert difference is not None
    assert {box[1] // 16 for box in difference.boxes} <= {board.height // 16, longer.height // 16}
    assert str(difference).endswith(
        f"within (0, {board.height // 16 * 16}, 1280, {difference.boxes[-1][3]})"
    )
