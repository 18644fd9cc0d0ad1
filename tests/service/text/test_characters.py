"""Texts in the form in which they are compared, and cut without half a character."""

import pytest

from service.http.characters import cut, cut_to_bytes, search_key

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
SCOTLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "spellings",
    [
        ("sleep", "Sleep", "SLEEP", "ｓｌｅｅｐ", "ＳＬＥＥＰ", "s\xadleep", "\u200esleep"),
        ("straße", "STRASSE", "Straſse", "STRAẞE"),
        ("istanbul", "İstanbul", "I\u0307stanbul", "ISTANBUL", "ıstanbul"),
        ("σοφός", "ΣΟΦΌΣ", "σοφο\u0301ς"),
        ("café", "cafe\u0301", "CAFÉ", "CAFE\u0301"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("ハンカク", "ﾊﾝｶｸ"),
        ("がく", "か\u3099く"),
        ("می\u200cخواهم", "میخواهم"),
        ("ශ\u0dca\u200dරී", "ශ\u0dcaරී"),
        ("\u2764\ufe0f", "\u2764"),
        ("ﬁsh", "fish", "FISH"),
        ("a b", "A  B", "a\u3000b", "a\xa0b"),
        ("ǆ", "Ǆ", "ǅ"),
        ("①", "1"),
        ("Ⅳ", "iv"),
        ("ΐ", "\u0390", "ι\u0308\u0301"),
        ("ᲀ", "в"),
        ("Ꭰ", "ꭰ"),
        ("𐐀", "𐐨"),
        ("Å", "\u212b", "a\u030a"),
    ],
)
def test_spellings_of_one_word_are_found_by_each_other(spellings):
    assert len(set(map(search_key, spellings))) == 1
    assert search_key(search_key(spellings[0])) == search_key(spellings[0])


def test_other_words_stay_other_words():
    words = ["cafe", "café", "caffe", "сafe", "a b", "ab", "か", "が", "カ", "tea", "te a"]
    assert len(set(map(search_key, words))) == len(words)


@pytest.mark.parametrize(
    ("text", "most", "whole"),
    [
        ("abc", 3, "abc"),
        ("abcd", 3, "abc"),
        ("abe\u0301", 3, "ab"),
        (f"a{FAMILY}", 4, "a"),
        ("a\U0001f44b\U0001f3fd", 2, "a"),
        ("a\u2764\ufe0f", 2, "a"),
        ("\U0001f1ef\U0001f1f5\U0001f1e9\U0001f1ea", 3, "\U0001f1ef\U0001f1f5"),
        ("\U0001f1ef\U0001f1f5\U0001f1e9\U0001f1ea", 2, "\U0001f1ef\U0001f1f5"),
        (f"a{SCOTLAND}", 5, "a"),
        ("नरेंद्र", 2, "न"),
        ("\u0301\u0301\u0301", 2, "\u0301\u0301"),
        ("", 3, ""),
    ],
)
def test_a_text_is_cut_between_characters(text, most, whole):
    assert cut(text, most) == whole


def test_a_text_is_cut_to_bytes_between_characters():
    assert [cut_to_bytes("aéb", most) for most in range(5)] == ["", "a", "a", "aé", "aéb"]
