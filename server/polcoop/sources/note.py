"""The text of the note by page, and the search for a passage in it.

Offsets are those of a W3C Web Annotation ``oa:TextPositionSelector`` (section 4.2.4): 0-based, end exclusive,
counted in Unicode code points of the page's text, which begins after the newline of its ``=== page N ===``
line and ends where the next such line (or the file) does.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from rapidfuzz import fuzz

from polcoop.errors import SourceError, UsageError

_PAGE_LINE = re.compile(r"^=== page (\d+) ===\n", re.MULTILINE)
_BREAK = r"\s*\n\s*"
# A word may be cut at the end of a line: a hyphen (or a soft one) and a line break that the search words
# lack.
_CUT = rf"(?:[-\u2010\u00ad]{_BREAK})?"
_ALIKE = {
    "'": "['’‘ʼ]",
    '"': '["“”«»]',
    # A real hyphen may be followed by a line break of its own: "a-t-⏎elle".
    "-": rf"[-‐‑–—](?:{_BREAK})?",
    "…": r"(?:…|\.\.\.)",
}
_ALIKE |= dict.fromkeys("’‘ʼ", _ALIKE["'"])
_ALIKE |= dict.fromkeys("“”", _ALIKE['"'])
_ALIKE |= dict.fromkeys("‐‑–—", _ALIKE["-"])
# French typography sets (narrow) no-break spaces here; whoever types the words may or may not.
_SPACED_BEFORE, _SPACED_AFTER = ";:!?»%", "«"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of one page: offsets (code points, end exclusive), the text itself, its first line in the
    file."""

    page: int
    start: int
    end: int
    text: str
    line: int


class Note:
    """The text of the note.

    :param path: a UTF-8 file with a line ``=== page N ===`` before each page.
    :raises SourceError: the file is missing, is not UTF-8, or has no page line.
    """

    def __init__(self, path: Path) -> None:
        try:
            raw = path.read_bytes()
            text = raw.decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(f"the text of the note cannot be read from {path}: {error}") from error
        self.path = path
        self.sha256 = hashlib.sha256(raw).hexdigest()
        self._first_line: dict[int, int] = {}
        self.pages: Mapping[int, str] = dict(self._split(text))
        if not self.pages:
            raise SourceError(f"{path} has no line '=== page N ===', so its pages cannot be told apart")

    def _split(self, text: str) -> Iterator[tuple[int, str]]:
        marks = list(_PAGE_LINE.finditer(text))
        for mark, following in zip_longest(marks, marks[1:]):
            end = following.start() if following else len(text)
            page = int(mark[1])
            self._first_line[page] = text.count("\n", 0, mark.end()) + 1
            yield page, text[mark.end() : end]

    def page(self, number: int) -> str:
        """Return the text of a page.

        :raises UsageError: there is no such page.
        """
        if number not in self.pages:
            raise UsageError(
                f"the note has no page {number}", hint=f"pages: {min(self.pages)} to {max(self.pages)}"
            )
        return self.pages[number]

    def cut(self, page: int, start: int, end: int) -> Passage:
        """Return the passage between two offsets of a page.

        :raises UsageError: there is no such page, or the offsets do not lie on it.
        """
        text = self.page(page)
        if not 0 <= start < end <= len(text):
            raise UsageError(f"page {page} has {len(text)} characters; {start} to {end} is no passage of it")
        line = self._first_line[page] + text.count("\n", 0, start)
        return Passage(page, start, end, text[start:end], line)

    def find(self, page: int, words: str, *, end: str | None = None, nth: int | None = None) -> Passage:
        """Return the passage of ``page`` that reads ``words``, or runs from ``words`` to the next ``end``
        after them.

        White space, line breaks, words cut at a line's end, and typographic quotes, apostrophes and dashes
        match tolerantly; capitals are told apart unless nothing matches otherwise.

        :param nth: which of several matches, counted from 1.
        :raises UsageError: no match, several without ``nth``, fewer than ``nth``, or no such page.
        """
        text = self.page(page)
        spans = list(_spans(text, words, end))
        if not spans:
            raise UsageError(self._missing(page, words, end))
        passages = [self.cut(page, *span) for span in spans]
        if nth is None and len(passages) > 1:
            listed = "; ".join(
                f"{i}) line {p.line}, {p.start}-{p.end}" for i, p in enumerate(passages[:10], start=1)
            )
            more = "; …" if len(passages) > 10 else ""
            raise UsageError(
                f"page {page} has '{words}' {len(passages)} times: {listed}{more}",
                hint="choose one with --nth, or give more words",
            )
        if nth is not None and not 1 <= nth <= len(passages):
            raise UsageError(
                f"page {page} has '{words}' {len(passages)} times, so there is no match number {nth}"
            )
        return passages[(nth or 1) - 1]

    def _missing(self, page: int, words: str, end: str | None) -> str:
        text = self.page(page)
        start = next(_matches(text, words), None)
        if start is not None and end is not None:
            return f"page {page} has '{words}', but not '{end}' after it{self._nearest(page, end, start[0])}"
        return f"page {page} has no '{words}'{self._nearest(page, words, 0)}"

    def _nearest(self, page: int, words: str, begin: int) -> str:
        flat = re.sub(r"\s", " ", self.page(page))[begin:]
        best = fuzz.partial_ratio_alignment(words, flat, score_cutoff=50)
        if best is None:
            return ""
        start = flat.rfind(" ", 0, best.dest_start + 1) + 1
        end = flat.find(" ", best.dest_end)
        near = self.cut(page, begin + start, begin + (end if end > 0 else best.dest_end))
        return f"; nearest (line {near.line}, {near.start}-{near.end}): '{' '.join(near.text.split())}'"


def _spans(text: str, words: str, end: str | None) -> Iterator[tuple[int, int]]:
    for start, stop in _matches(text, words):
        if end is None:
            yield start, stop
            continue
        closing = next(_matches(text, end, start), None)
        if closing is not None:
            yield start, max(stop, closing[1])


def _matches(text: str, words: str, begin: int = 0) -> Iterator[tuple[int, int]]:
    pattern = _pattern(words)
    exact = [match.span() for match in re.compile(pattern).finditer(text, begin)]
    yield from exact or (match.span() for match in re.compile(pattern, re.IGNORECASE).finditer(text, begin))


def _pattern(words: str) -> str:
    """Return a regular expression for ``words`` as the note may print them."""
    typed = " ".join(unicodedata.normalize("NFC", words).split())
    if not typed:
        raise UsageError("no words to look for")
    # A passage does not begin inside a word; it may end inside one, where a footnote call is glued to it.
    parts = [r"(?<!\w)"] if typed[0].isalnum() else []
    for before, char in zip(" " + typed, typed, strict=False):
        if char == " ":
            parts.append(r"\s+")
            continue
        if char in _SPACED_BEFORE and before != " ":
            parts.append(r"\s*")
        elif before.isalnum() and char.isalnum():
            parts.append(_CUT)
        parts.append(_ALIKE.get(char, re.escape(char)))
        if char in _SPACED_AFTER:
            parts.append(r"\s*")
    return _loosen("".join(parts))


def _loosen(pattern: str) -> str:
    """Let spaces that the words have around guillemets and high punctuation be missing in the text, and the
    reverse."""
    for sign in _SPACED_BEFORE:
        pattern = pattern.replace(r"\s+" + re.escape(sign), r"\s*" + re.escape(sign))
    return pattern.replace(r"«\s*\s+", r"«\s*")
