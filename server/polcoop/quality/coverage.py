"""How much of the note the claims cover, page by page.

A reviewer's four questions: which sentence lies in no claim's passage; which number or proper name lies in
none; which footnote call no claim carries; which claim's facts state a figure that its passages do not.
Everything is computed from the note's text and the claims; nothing here knows what the note says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from polcoop.quality.figures import numbers
from polcoop.sources.encoded import EncodedClaim, Exemption
from polcoop.sources.layout import PageLayout, Span, layouts
from polcoop.sources.note import Note

_WORD = re.compile(r"\w+(?:[’'-]\w+)*")
_FIGURE = re.compile(r"\d+(?:[ \u00a0\u202f]\d{3})*(?:[.,]\d+)?")
# Short capitalised words open sentences ("Le", "Elle"); names are longer.
_NAME = re.compile(r"[A-ZÀ-Þ][\w’'-]{4,}|[A-Z]{2,}")
# A claim that leaves three words or fewer of a sentence outside its passage has not left out an assertion.
_STRETCH = 4


@dataclass(slots=True)
class PageCoverage:
    """What is missing on one page; all lists empty means that nothing is."""

    page: int
    sentences: int = 0
    claims: int = 0
    uncovered: list[str] = field(default_factory=list)
    partly: list[str] = field(default_factory=list)
    loose: list[str] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    @property
    def complete(self) -> bool:
        """True when nothing is missing on this page."""
        return not (self.uncovered or self.partly or self.loose or self.calls or self.figures)


def coverage(
    note: Note, claims: Sequence[EncodedClaim], exemptions: Sequence[Exemption], bibliographic: frozenset[int]
) -> list[PageCoverage]:
    """Compare the claims with the note's text.

    :param bibliographic: numbers of the footnotes that only give references; the works they cite encode them.
    :returns: one entry per page, in order.
    """
    carried = frozenset(number for claim in claims for number in claim.footnotes)
    unfounded = _unfounded(note, claims)
    return [
        _page(note.pages[layout.page], layout, claims, exemptions, bibliographic, carried, unfounded)
        for layout in layouts(note)
    ]


def _page(  # noqa: PLR0913, PLR0917 - one page seen from all sides
    text: str,
    layout: PageLayout,
    claims: Sequence[EncodedClaim],
    exemptions: Sequence[Exemption],
    bibliographic: frozenset[int],
    carried: frozenset[int],
    unfounded: dict[str, list[str]],
) -> PageCoverage:
    page = layout.page
    own = [claim for claim in claims if claim.page == page]
    spans = [passage.span for claim in claims for passage in claim.passages if passage.page == page]
    covered = _mask(len(text), [*spans, *(item.span for item in exemptions if item.page == page)])
    read = [*layout.sentences]
    for number, sentences in layout.footnotes.items():
        if number not in bibliographic:
            read.extend(sentences)
    report = PageCoverage(page, sentences=len(read), claims=len(own))
    for sentence in read:
        _judge(text, sentence, covered, report)
    report.calls = sorted(set(layout.footnotes) - carried)
    report.figures = [finding for claim in own for finding in unfounded.get(claim.name, [])]
    return report


def _judge(text: str, sentence: Span, covered: bytearray, report: PageCoverage) -> None:
    words = list(_WORD.finditer(text, sentence.start, sentence.end))
    outside = [word for word in words if not covered[word.start()]]
    where = f"{sentence.start}-{sentence.end}: {_shown(text[sentence.start : sentence.end])}"
    if not outside:
        return
    if len(outside) == len(words):
        report.uncovered.append(where)
        return
    for run in _runs(words, covered):
        stretch = text[run[0].start() : run[-1].end()]
        if len(run) >= _STRETCH:
            report.partly.append(f"{run[0].start()}-{run[-1].end()}: {_shown(stretch)}")
        elif loose := [match[0] for match in (*_FIGURE.finditer(stretch), *_NAME.finditer(stretch))]:
            report.loose.append(f"{run[0].start()}-{run[-1].end()}: {', '.join(loose)}")


def _runs(words: Sequence[re.Match[str]], covered: bytearray) -> Iterator[list[re.Match[str]]]:
    run: list[re.Match[str]] = []
    for word in words:
        if not covered[word.start()]:
            run.append(word)
        elif run:
            yield run
            run = []
    if run:
        yield run


def _mask(length: int, spans: Iterable[Span]) -> bytearray:
    mask = bytearray(length)
    for span in spans:
        mask[span.start : span.end] = b"\x01" * (min(span.end, length) - span.start)
    return mask


def _shown(text: str, limit: int = 100) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def _unfounded(note: Note, claims: Sequence[EncodedClaim]) -> dict[str, list[str]]:
    """Return, by claim, the figures that no passage of any claim about the same fact states.

    A fact may be told over several sentences; it is enough that one of its claims points at the number.
    """
    calls = {layout.page: tuple(layout.footnotes) for layout in layouts(note)}
    stated: dict[str, set[Decimal]] = {}
    for claim in claims:
        found = set[Decimal]()
        for passage in claim.passages:
            cut = note.pages[passage.page][passage.span.start : passage.span.end]
            found |= numbers(cut, calls[passage.page])
        for figure in claim.figures:
            stated.setdefault(figure.fact, set()).update(found)
    findings: dict[str, list[str]] = {}
    for claim in claims:
        for figure in claim.figures:
            if figure.number not in stated[figure.fact]:
                findings.setdefault(claim.name, []).append(f"{claim.name}: {figure.fact} {figure.written}")
    return findings
