"""Finding passages: tolerant of layout, exact in offsets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.errors import SourceError, UsageError
from polcoop.sources.note import Note

TEXT = """=== page 3 ===
 Une coopé-
ration « policière » entre l’Italie et la Chine. A-t-
elle signé en 20123 ? La Chine affirme\u00a0: « oui ».
=== page 4 ===
Le Vice-Ministre et la Chine.
"""


@pytest.fixture
def note(tmp_path: Path) -> Note:
    path = tmp_path / "note.txt"
    path.write_text(TEXT, encoding="utf-8")
    return Note(path)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("Une coopération", "Une coopé-\nration"),
        ("coopération «policière»", "coopé-\nration « policière »"),
        ("l'Italie", "l’Italie"),
        ("Italie et   la Chine", "Italie et la Chine"),
        ("A-t-elle signé", "A-t-\nelle signé"),
        ("affirme : «oui»", "affirme\u00a0: « oui »"),
        ("affirme: « oui ».", "affirme\u00a0: « oui »."),
        ("en 2012", "en 2012"),
        ("une COOPÉRATION", "Une coopé-\nration"),
        ("Chine. A", "Chine. A"),
    ],
)
def test_words_are_found_as_they_are_printed(note: Note, words: str, found: str) -> None:
    passage = note.find(3, words)
    assert passage.text == found
    assert note.pages[3][passage.start : passage.end] == found


def test_offsets_count_from_the_line_after_the_page_line(note: Note) -> None:
    assert note.pages[4] == "Le Vice-Ministre et la Chine.\n"
    passage = note.find(4, "Vice-Ministre")
    assert (passage.start, passage.end, passage.line) == (3, 16, 6)


def test_closing_words_are_looked_for_after_the_first_ones(note: Note) -> None:
    assert note.find(3, "La Chine affirme", end="«oui»").text == "La Chine affirme\u00a0: « oui »"
    assert note.find(3, "Une", end="la Chine").text.endswith("Italie et la Chine")


def test_several_matches_are_listed_and_chosen_from(note: Note) -> None:
    with pytest.raises(UsageError, match=r"2 times: 1\) line 3, .*; 2\) line 4"):
        note.find(3, "Chine")
    assert note.find(3, "Chine", nth=2).line == 4
    with pytest.raises(UsageError, match="no match number 3"):
        note.find(3, "Chine", nth=3)


def test_a_passage_does_not_begin_inside_a_word(note: Note) -> None:
    with pytest.raises(UsageError, match="has no 'hine'"):
        note.find(3, "hine")


def test_what_is_missing_is_answered_with_what_is_near(note: Note) -> None:
    with pytest.raises(UsageError, match=r"nearest .*'Une coopé- ration « policière »"):
        note.find(3, "Une coopération polisière entre")
    with pytest.raises(UsageError, match="but not 'Espagne' after it"):
        note.find(3, "Une", end="Espagne")


@pytest.mark.parametrize("words", ["", "  "])
def test_no_words(note: Note, words: str) -> None:
    with pytest.raises(UsageError, match="no words"):
        note.find(3, words)


def test_no_such_page_or_place(note: Note) -> None:
    with pytest.raises(UsageError, match="no page 9"):
        note.find(9, "x")
    with pytest.raises(UsageError, match="no passage"):
        note.cut(4, 10, 1000)


def test_a_file_that_is_no_note(tmp_path: Path) -> None:
    path = tmp_path / "other.txt"
    with pytest.raises(SourceError, match="cannot be read"):
        Note(path)
    path.write_text("no pages here", encoding="utf-8")
    with pytest.raises(SourceError, match="has no line"):
        Note(path)


_WORD = st.text(st.sampled_from("abcéèœABC019"), min_size=2, max_size=8)
_BREAKS = st.sampled_from([" ", "\n", "\u00a0", " \n ", "\n\n"])


@given(st.lists(_WORD, min_size=1, max_size=6), st.data())
def test_words_are_found_however_they_are_broken(words: list[str], data: st.DataObject) -> None:
    printed = ""
    for word in words:
        cut = data.draw(st.integers(0, len(word) - 1))
        printed += (data.draw(_BREAKS) if printed else "") + (f"{word[:cut]}-\n{word[cut:]}" if cut else word)
    note = Note.__new__(Note)
    note.pages = {1: f"¶ {printed} ¶"}
    note._first_line = {1: 1}
    assert note.find(1, " ".join(words), nth=1).text == printed
