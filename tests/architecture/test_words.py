"""Names and texts use the standard terms in place of the words of ``tests.architecture.words``."""

import pytest

from tests.architecture import words
from tests.architecture.sources import ROOT
from tests.architecture.words import Occurrence, occurrences


@pytest.mark.slow
def test_replaced_words_do_not_occur():
    found = occurrences()
    assert [str(one) for one in found] == [], "run: python -m tests.architecture.words"


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("# Somebody calls.", "somebody"),
        ("TOLD_TWICE = 2", "told"),
        ("class RequestLooks: ...", "looks"),
        ("text = 'as the log says'", "says"),
        ('"""What there is."""', "what there is"),
        ("alone = True", "alone"),
        ("from elsewhere import Desk as Table", "Desk"),
        ("import package.aside", "aside"),
        ("from package.heads import http", "heads"),
        ("def surplus(): ...", "surplus"),
        ("call(instead=1)", "instead"),
        ("call(f'{self.fate}')", "fate"),
        ("def call(fate): ...", "fate"),
        ('"""See `Ticket.role`."""', "Ticket"),
        ('"""See ``Ticket``."""', "Ticket"),
    ],
)
def test_replaced_word_is_found(tmp_path, line, word):
    (tmp_path / "module.py").write_text(f"pass\n{line}\n")
    assert occurrences("module.py", root=tmp_path) == [Occurrence("module.py", 2, word)]


@pytest.mark.parametrize(
    "line",
    [
        "# One that is left alone: once seen, it is used instead.",
        "# A look-up by _id.",
        "size = file.tell()",
        "overlooked = lookup = essays = 1",
        "answer = note",
        "text = 'Answer'",
    ],
)
def test_other_word_is_not_found(tmp_path, line):
    (tmp_path / "module.py").write_text(f"{line}\n")
    assert occurrences("module.py", root=tmp_path) == []


def test_text_of_a_page_is_scanned_and_data_is_not(tmp_path):
    (tmp_path / "page.md").write_text("He told `Desk`, at his Desk.")
    (tmp_path / "posts.json").write_text('"told"')
    assert occurrences(".", root=tmp_path) == [
        Occurrence("page.md", 1, "Desk"),
        Occurrence("page.md", 1, "told"),
    ]


def test_every_exempt_file_exists():
    assert [file for file in words.EXEMPTIONS if not (ROOT / file).is_file()] == []
