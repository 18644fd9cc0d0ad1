"""Detection of a file's type from its content, on files as programs write them."""

import random
import zipfile

import pytest

from bench.file_types.accepted import accepted
from bench.file_types.programs import DOCX, XLSX, document, noise, picture, repacked
from bench.file_types.refused import refused
from service.files.accepted_uploads import ACCEPTED_MEDIA_TYPES
from service.files.formats import archives
from service.files.formats.content import BytesContent
from service.files.type_detection import ENCODING, HEAD_BYTES, UNKNOWN, TypeDetection
from service.files.type_detection import REFUSED as REFUSED_TYPE

ACCEPTED, REFUSED = accepted(), refused()


class Counting(BytesContent):
    """A file that counts what is read of it."""

    count = calls = 0

    def read_at(self, begin, size):
        found = self.data[begin : begin + size]
        Counting.count, Counting.calls = Counting.count + len(found), Counting.calls + 1
        return found


def detected(content: bytes, piece_bytes: int = 64 * 1024, kind=BytesContent) -> tuple[str, str]:
    """Return the type and charset of a file that arrives in pieces."""
    detection = TypeDetection(content[:HEAD_BYTES])
    if not detection.may_be(ACCEPTED_MEDIA_TYPES):
        return UNKNOWN, ""
    for begin in range(0, len(content), piece_bytes):
        detection.feed(content[begin : begin + piece_bytes])
    return detection.finish(kind(content)), detection.charset


@pytest.mark.parametrize(("content", "media_type"), ACCEPTED.values(), ids=ACCEPTED)
def test_files_of_common_programs_are_detected(content, media_type):
    assert detected(content)[0] == media_type
    assert detected(content, piece_bytes=777)[0] == media_type


def test_every_accepted_type_has_files_of_programs():
    assert {media_type for _, media_type in ACCEPTED.values()} == set(ACCEPTED_MEDIA_TYPES)


@pytest.mark.parametrize("content", REFUSED.values(), ids=REFUSED)
def test_disguised_and_broken_files_are_of_no_accepted_type(content):
    assert detected(content)[0] not in ACCEPTED_MEDIA_TYPES


def test_beginnings_that_no_accepted_file_has_are_refused_before_the_rest_arrives():
    early = [
        name
        for name in REFUSED
        if not TypeDetection(REFUSED[name][:HEAD_BYTES]).may_be(ACCEPTED_MEDIA_TYPES)
    ]
    assert {"exe", "elf", "html", "svg in UTF-16", "bitmap", "any bytes", "gzip"} <= set(early)
    assert TypeDetection(ACCEPTED["xlsx of 2,000 rows"][0][:HEAD_BYTES]).may_be([XLSX])
    assert not TypeDetection(ACCEPTED["png"][0]).may_be([XLSX, "text/plain"])


@pytest.mark.parametrize(
    ("label", "reason"),
    [
        ("Latin-1", ENCODING),
        ("Latin-1 after much ASCII", ENCODING),
        ("UTF-16 of an odd length", ENCODING),
        ("UTF-8 that ends too early", ENCODING),
        ("text that ends with NUL", REFUSED_TYPE),
        ("html", REFUSED_TYPE),
        ("exe", REFUSED_TYPE),
        ("docx, cut", REFUSED_TYPE),
        ("UTF-16 without a mark", REFUSED_TYPE),
    ],
)
def test_a_text_in_another_encoding_is_refused_with_that_reason(label, reason):
    content = REFUSED[label]
    detection = TypeDetection(content[:HEAD_BYTES])
    detection.feed(content)
    detection.finish(BytesContent(content))
    assert detection.reason == reason


def test_detection_of_hostile_files_is_bounded():
    box = b"\0\0\0\x18ftypisom\0\0\0\0isommp42"
    hostile = {
        "boxes": box + b"\0\0\0\x08free" * 500_000,
        "parents": box + (8_000_000).to_bytes(4) + b"moov" + b"\0\0\0\x08trak" * 500_000,
        "nested": box + b"".join((8 * n).to_bytes(4) + b"trak" for n in range(500_000, 0, -1)),
        "digits": b"%PDF-1.4" + b"1" * 5_000_000 + b"%%EOF",
        "ends": b"PK\x03\x04" + b"PK\x05\x06" * 1_000_000,
        "syncs": b"ID3\3\0\0\0\0\0\0" + b"\xff\xfb\x90\x64" * 1_000_000,
        "pages": b"OggS\0\2" + bytes(21) + b"OggS\0\2" * 1_000_000,
        "spaces": b" " * 5_000_000 + b"<html>",
    }
    for label, content in hostile.items():
        Counting.count = Counting.calls = 0
        detected(content, kind=Counting)
        assert (label, Counting.count < 300_000, Counting.calls < 5000) == (label, True, True)


@pytest.mark.parametrize(
    ("label", "charset"),
    [
        ("text", "utf-8"),
        ("text with a mark", "utf-8"),
        ("text in UTF-16", "utf-16"),
        ("text in UTF-16, big-endian", "utf-16"),
        ("png", ""),
        ("pdf after LF", ""),
        ("text about pdf", "utf-8"),
    ],
)
def test_a_text_has_its_charset(label, charset):
    assert detected(ACCEPTED[label][0])[1] == charset


def test_any_piece_size_detects_the_same_text():
    words = "\ufeffmüde \U0001f642 静か" * 300
    for encoding, charset in (("utf-8", "utf-8"), ("utf-16", "utf-16")):
        for piece_bytes in (1, 2, 3, 5, 8191):
            found = detected(words.encode(encoding), piece_bytes)
            assert found == ("text/plain", charset)


def test_arbitrary_bytes_have_a_media_type():
    chosen = random.Random(4)
    for content, _ in ACCEPTED.values():
        for _ in range(6):
            broken = bytearray(content[: chosen.randrange(1, len(content) + 1)])
            broken[chosen.randrange(len(broken))] = chosen.randrange(256)
            assert "/" in detected(bytes(broken))[0]


def test_a_large_file_is_not_read_again():
    content = repacked(
        document(), first=(("word/media/a.png", noise(3_000_000)),), last="[Content_Types].xml"
    )
    Counting.count = 0
    assert detected(content, kind=Counting)[0] == DOCX
    assert Counting.count < 300_000
    Counting.count = 0
    assert detected(picture("PNG") + bytes(3_000_000), kind=Counting)[0] == "image/png"
    assert Counting.count < 100_000


def test_an_archive_with_too_many_entries_is_no_document():
    files = tuple((f"word/{number}.xml", b"") for number in range(archives.MOST_ENTRIES))
    assert detected(repacked(document(), first=files))[0] == UNKNOWN


def test_an_entry_that_unpacks_to_much_is_not_unpacked_whole(monkeypatch):
    huge = repacked(document(), replaced={"[Content_Types].xml": bytes(30_000_000)})
    read: list[int] = []
    original = zipfile.ZipExtFile.read

    def measured(self, size=-1):
        data = original(self, size)
        read.append(len(data))
        return data

    monkeypatch.setattr(zipfile.ZipExtFile, "read", measured)
    assert detected(huge)[0] == UNKNOWN
    assert sum(read) <= archives.MOST_TYPES_BYTES
