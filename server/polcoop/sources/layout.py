"""What stands where on a page of the note: paragraphs and sentences of the body, and the footnotes below it.

The page furniture (publisher's address, running title, lists of links) belongs to neither.  All spans are
offsets into the page's text as :mod:`polcoop.sources.note` defines it: code points, 0-based, end exclusive.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import sentencex

from polcoop.sources.note import Note

_FURNITURE = re.compile(
    r"^(?:https?://|C:\\|www\.irsem\.fr|1, place Joffre|75700 PARIS|Note de recherche no 135$|Mai 2023 \d+$)"
)
_GAP = re.compile(r"\n\s*\n")
# "5)" opens an item; the segmenter takes its lone bracket for an open parenthesis and runs on to the
# paragraph's end.
_ITEM = re.compile(r"\b(\d)\)(?= )")
_WORD = re.compile(r"[^\W\d_]{2,}|\d")


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a page's text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class PageLayout:
    """The sentences of a page's body, and its footnotes by number with the sentences of each."""

    page: int
    sentences: tuple[Span, ...]
    footnotes: dict[int, tuple[Span, ...]]


def layouts(note: Note) -> Iterator[PageLayout]:
    """Yield the layout of each page in order.

    Footnotes are told from numbered lists by their sequence, which runs through the whole note, so pages are
    read in order and from the first.
    """
    expected = 1
    for page in sorted(note.pages):
        text = note.pages[page]
        starts: dict[int, int] = {}
        for begin, line in _lines(text):
            if line.startswith(f"{expected}."):
                starts[expected] = begin
                expected += 1
        yield _layout(page, text, starts)


def _layout(page: int, text: str, starts: dict[int, int]) -> PageLayout:
    stop = min(
        (begin for begin, line in _lines(text) if _FURNITURE.match(line) and begin > 200), default=len(text)
    )
    bounds = [*starts.values(), max(stop, *starts.values(), 0) if starts else stop]
    body_end = bounds[0] if starts else len(text)
    footnotes = {
        number: tuple(_sentences(text, begin + len(f"{number}."), end))
        for (number, begin), end in zip(starts.items(), bounds[1:], strict=True)
    }
    return PageLayout(page, tuple(_sentences(text, 0, body_end)), footnotes)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    begin = 0
    for line in text.splitlines(keepends=True):
        yield begin, line.rstrip("\n")
        begin += len(line)


def _sentences(text: str, start: int, end: int) -> Iterator[Span]:
    # Furniture is blanked, not cut, so that offsets stay.
    kept = "".join(
        " " * len(line) if _FURNITURE.match(line) else line
        for line in text[start:end].splitlines(keepends=True)
    )
    begin = 0
    for gap in [*_GAP.finditer(kept), None]:
        paragraph = kept[begin : gap.start() if gap else len(kept)]
        # Line breaks inside a paragraph are typesetting, not sentence ends.
        for piece in sentencex.get_sentence_boundaries("fr", _ITEM.sub(r"\1 ", paragraph).replace("\n", " ")):
            words = paragraph[piece["start_index"] : piece["end_index"]]
            if _WORD.search(words):
                lead = len(words) - len(words.lstrip())
                first = start + begin + piece["start_index"] + lead
                yield Span(first, first + len(words.strip()))
        begin = gap.end() if gap else begin
