"""Coverage on a made-up note of two pages, where each kind of gap is known."""

from decimal import Decimal
from pathlib import Path

import pytest

from polcoop.quality.coverage import PageCoverage, coverage
from polcoop.sources.encoded import EncodedClaim, Exemption, Figure, Passage
from polcoop.sources.layout import Span, layouts
from polcoop.sources.note import Note

TEXT = """=== page 1 ===
 UN TITRE

La ville a ouvert trois bureaux en 20121. Le maire Dupont les dirige.
Elle prévoit d’en fermer un.

1. Jean Martin, Les bureaux, Lyon, 2013.
2. Ce point est contesté par la région. Voir aussi le rapport de 2014.
https://example.org/
=== page 2 ===
Un nouveau bureau suivra.
"""


@pytest.fixture
def note(tmp_path: Path) -> Note:
    path = tmp_path / "note.txt"
    path.write_text(TEXT, encoding="utf-8")
    return Note(path)


def _passage(note: Note, page: int, words: str, end: str | None = None) -> Passage:
    found = note.find(page, words, end=end)
    return Passage(page, Span(found.start, found.end))


def _claim(name: str, *passages: Passage, footnotes: tuple[int, ...] = (), **figures: str) -> EncodedClaim:
    numbers = tuple(Figure(fact, Decimal(value), value) for fact, value in figures.items())
    return EncodedClaim(name, passages[0].page, passages, frozenset(footnotes), numbers)


def _measure(note: Note, *claims: EncodedClaim, exempt: tuple[Exemption, ...] = ()) -> PageCoverage:
    return coverage(note, claims, exempt, frozenset({1}))[0]


def test_layout(note: Note) -> None:
    first, second = layouts(note)
    cut = [note.pages[1][span.start : span.end] for span in first.sentences]
    assert cut == [
        "UN TITRE",
        "La ville a ouvert trois bureaux en 20121.",
        "Le maire Dupont les dirige.",
        "Elle prévoit d’en fermer un.",
    ]
    assert {number: len(spans) for number, spans in first.footnotes.items()} == {1: 1, 2: 2}
    note_two = [note.pages[1][span.start : span.end] for span in first.footnotes[2]]
    assert note_two == ["Ce point est contesté par la région.", "Voir aussi le rapport de 2014."]
    assert len(second.sentences) == 1
    assert not second.footnotes


def test_nothing_encoded(note: Note) -> None:
    found = _measure(note)
    # The bibliographic footnote 1 needs no claim, the comment in footnote 2 does.
    assert len(found.uncovered) == found.sentences == 6
    assert found.calls == [1, 2]
    assert not found.complete


def test_everything_encoded(note: Note) -> None:
    claims = (
        _claim("p01-01", _passage(note, 1, "La ville", "20121."), footnotes=(1,), offices="3", opened="2012"),
        _claim("p01-02", _passage(note, 1, "Le maire", "fermer un.")),
        _claim("p01-03", _passage(note, 1, "Ce point", "2014."), footnotes=(2,)),
    )
    heading = note.find(1, "UN TITRE")
    found = _measure(note, *claims, exempt=(Exemption(1, Span(heading.start, heading.end), "heading"),))
    assert found.complete, found
    assert found.claims == 3


def test_part_of_a_sentence(note: Note) -> None:
    found = _measure(note, _claim("p01-01", _passage(note, 1, "La ville")))
    assert [line.split(": ")[1] for line in found.partly] == ["a ouvert trois bureaux en 20121"]


def test_a_loose_number_or_name(note: Note) -> None:
    found = _measure(
        note,
        _claim("p01-01", _passage(note, 1, "La ville a ouvert trois bureaux en")),
        _claim("p01-02", _passage(note, 1, "les dirige")),
    )
    assert [line.split(": ")[1] for line in found.loose] == ["20121", "Dupont"]


def test_a_figure_that_no_passage_states(note: Note) -> None:
    claims = (
        _claim("p01-01", _passage(note, 1, "La ville", "20121."), offices="4"),
        _claim("p01-02", _passage(note, 1, "Le maire", "dirige."), leaders="2012"),
    )
    assert _measure(note, *claims).figures == ["p01-01: offices 4", "p01-02: leaders 2012"]


def test_a_figure_stated_by_another_claim_of_the_same_fact(note: Note) -> None:
    claims = (
        _claim("p01-01", _passage(note, 1, "La ville", "20121."), offices="3"),
        _claim("p01-02", _passage(note, 1, "Le maire", "dirige."), offices="3"),
    )
    assert not _measure(note, *claims).figures
