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


def covered(
    board: Image.Image, box: tuple[int, int, int, int], place: tuple[int, int]
) -> Image.Image:
    """Return a copy on which a box has the colour of a place."""
    x, y = place
    changed = board.copy()
    changed.paste(board.crop((x, y, x + 1, y + 1)).resize((box[2] - box[0], box[3] - box[1])), box)
    return changed


def test_same_picture_is_alike(board: Image.Image) -> None:
    assert is_same(board, board)


def test_other_edges_of_letters_are_alike(board: Image.Image) -> None:
    """A quarter of a pixel to the side, as other font hinting draws."""
    beside = ImageChops.offset(board, 1, 0)
    assert is_same(board, Image.blend(board, beside, 0.25))


def test_slightly_other_colours_are_alike(board: Image.Image) -> None:
    assert is_same(board, board.point(lambda value: min(255, value + 3)))


@pytest.mark.parametrize("pixels", [2, 8, 40])
def test_moved_panel_is_another(board: Image.Image, pixels: int) -> None:
    changed = board.copy()
    changed.paste(board.crop(PANEL), (PANEL[0], PANEL[1] + pixels))
    assert not is_same(board, changed)


def test_missing_panel_is_another(board: Image.Image) -> None:
    assert not is_same(board, covered(board, PANEL, (4, 400)))


def test_clipped_line_of_text_is_another(board: Image.Image) -> None:
    second_half_of_a_title = (70, 618, 140, 640)
    assert not is_same(board, covered(board, second_half_of_a_title, (200, 628)))


def test_blurred_picture_is_another(board: Image.Image) -> None:
    assert not is_same(board, board.filter(ImageFilter.GaussianBlur(3)))


def test_line_of_another_colour_is_another(board: Image.Image) -> None:
    changed = board.copy()
    ImageDraw.Draw(changed).line((60, 700, 340, 760), fill="yellow", width=2)
    assert not is_same(board, changed)


def test_longer_page_is_another(board: Image.Image) -> None:
    longer = Image.new("RGB", (board.width, board.height + 20))
    longer.paste(board)
    difference = compare(board, longer)
    assert difference is not None
    assert {box[1] // 16 for box in difference.boxes} <= {board.height // 16, longer.height // 16}
    assert str(difference).endswith(
        f"within (0, {board.height // 16 * 16}, 1280, {difference.boxes[-1][3]})"
    )
