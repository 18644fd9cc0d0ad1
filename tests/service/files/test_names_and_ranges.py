"""Names of files, and the range that a request asks for."""

import pytest
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.http import parse_options_header

from service.files.content import requested_range
from service.files.names import as_attachment, clean_name, name_from_header


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("diary.pdf", "diary.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\diary.pdf", "diary.pdf"),
        ("a\r\nSet-Cookie: x=1.txt", "a Set-Cookie_ x=1.txt"),
        ('be "calm".txt', "be _calm_.txt"),
        ("calm\u202efdp.exe", "calm fdp.exe"),
        ("  .hidden. ", "hidden"),
        ("静か 日記.pdf", "静か 日記.pdf"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("\ud800.txt", "txt"),
        ("x" * 300 + ".pdf", "x" * 196 + ".pdf"),
        ("é" * 300, "é" * 100),
        ("a." + "b" * 300, "a." + "b" * 198),
        ("", "file"),
        ("..", "file"),
        ("/", "file"),
    ],
)
def test_unsafe_parts_are_removed_from_a_name(name, clean):
    assert (clean_name(name), clean_name(clean)) == (clean, clean)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="diary.pdf"', "diary.pdf"),
        ("attachment; filename*=UTF-8''%E9%9D%99%E3%81%8B.pdf", "静か.pdf"),
        ("attachment; filename=\"quiet.pdf\"; filename*=UTF-8''%E9%9D%99%E3%81%8B.pdf", "静か.pdf"),
        ('attachment; filename="' + "静か.pdf".encode().decode("latin-1") + '"', "静か.pdf"),
        ('attachment; filename="\xe9.pdf"', "é.pdf"),
        ('attachment; filename="a\\"b.pdf"', "a_b.pdf"),
        ("attachment", "file"),
        ("", "file"),
        ('"";;;=', "file"),
    ],
)
def test_name_is_read_from_content_disposition(header, name):
    assert name_from_header(header) == name


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("diary.pdf", 'attachment; filename="diary.pdf"'),
        ("été 1.pdf", "attachment; filename=\"ete 1.pdf\"; filename*=UTF-8''%C3%A9t%C3%A9%201.pdf"),
        ("静か.pdf", "attachment; filename=\"pdf\"; filename*=UTF-8''%E9%9D%99%E3%81%8B.pdf"),
    ],
)
def test_download_name_is_encoded_for_old_and_new_clients(name, header):
    assert as_attachment(name) == header
    assert parse_options_header(header)[1]["filename"] in (name, "pdf", "ete 1.pdf")


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("", None),
        ("bytes=0-0", (0, 1)),
        ("bytes=0-", (0, 10)),
        ("bytes=5-", (5, 10)),
        ("bytes=-5", (5, 10)),
        ("bytes=-50", (0, 10)),
        ("bytes=2-4", (2, 5)),
        ("bytes=9-9", (9, 10)),
        ("bytes=2-400", (2, 10)),
        ("Bytes= 2-4 ", (2, 5)),
        ("bytes=4-2", None),
        ("bytes=-", None),
        ("bytes=a-b", None),
        ("bytes=0-1,3-4", None),
        ("items=0-1", None),
        ("bytes=٣-٤", None),
        ("bytes=" + "9" * 40 + "-", None),
    ],
)
def test_one_valid_range_is_a_part_and_anything_else_the_whole(header, part):
    assert requested_range(header, 10) == part


@pytest.mark.parametrize(
    "header", ["bytes=10-", "bytes=10-20", "bytes=-0", "bytes=999999999999999999-"]
)
def test_empty_range_is_not_satisfiable(header):
    with pytest.raises(RequestedRangeNotSatisfiable):
        requested_range(header, 10)
