"""Works as a reader cites them: any CSL style, rendered by citeproc-py; ours is APA, 7th edition."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from polcoop.citation.works import Work
from polcoop.errors import SourceError

APA: Final = Path(__file__).with_name("apa.csl")
_LOCALES: Final = {"en": "en-US", "fr": "fr-FR"}


def references(works: Sequence[Work], *, style: Path = APA, lang: str = "en") -> list[str]:
    """Return the reference of each work, as plain text, in the order of ``works``.

    :param style: a CSL 1.0 style file with a bibliography.
    :param lang: ``en`` or ``fr``: the words between the data.
    :raises SourceError: ``style`` cannot be read or is no such style.
    """
    from citeproc import Citation, CitationItem, CitationStylesBibliography, CitationStylesStyle, formatter
    from citeproc.source.json import CiteProcJSON

    if not style.is_file():
        raise SourceError(f"there is no style file {style}")
    source = CiteProcJSON([_adapted(work).csl() for work in works])
    try:
        chosen = CitationStylesStyle(str(style), validate=False, locale=_LOCALES[lang])
        written = []
        for work in works:
            # One at a time: a bibliography sorts, and tells authors of one name apart.
            bibliography = CitationStylesBibliography(chosen, source, formatter.plain)
            bibliography.register(Citation([CitationItem(work.id)]))
            lines = bibliography.bibliography()
            if not lines:
                raise ValueError(f"it writes nothing for {work.id}")
            written.append(_mended(str(lines[0]), work))
    except (OSError, ValueError, SyntaxError, AttributeError, LookupError, TypeError) as error:
        raise SourceError(f"{style} is not a CSL style that can be used here: {error}") from error
    return written


def _adapted(work: Work) -> Work:
    """CSL has no translated title: APA puts it in square brackets after the title.  citeproc-py leaves out a
    date whose two ends have one year: the first stands for both."""
    title = f"{work.title} [{work.translation}]" if work.translation else work.title
    years = {day[0] for day in work.days}
    return replace(work, title=title, date=work.date.split("/")[0] if len(years) == 1 else work.date)


def _mended(text: str, work: Work) -> str:
    """Mend what citeproc-py writes twice (the stop after a title that ends in one of its own), and what CSL
    cannot say."""
    text = re.sub(r"([?!…])\.(?= |$)", r"\1", text)
    if any(not name.given for name in (*work.authors, *work.editors)[:1]):
        # A body whose name is a common noun: ministère de …; a person’s particle stays small.
        text = text[:1].upper() + text[1:]
    if work.others and work.authors:
        # CSL-JSON cannot say that the printed list of authors ends in "et al.".
        lead, stop, rest = text.partition(" (")
        text = f"{lead.removesuffix('.')}. et al.{stop}{rest}" if lead.endswith(".") else text
    return text
