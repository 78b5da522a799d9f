"""The four styles in which a bibliography is written."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from polcoop.citation import references
from polcoop.citation.apa import APA
from polcoop.citation.apa import references as rendered
from polcoop.citation.bibliography import Bibliography
from polcoop.errors import UsageError


class Style(StrEnum):
    """How a citation is written; the value is what ``--style`` and ``format=`` take."""

    APA = "apa"
    BIBTEX = "bibtex"
    RIS = "ris"
    CSL_JSON = "csl-json"

    @classmethod
    def named(cls, name: str) -> Style:
        """Return the style of this name.

        :raises UsageError: there is none.
        """
        try:
            return cls(name)
        except ValueError:
            raise UsageError(f"there is no style '{name}'", hint=f"styles: {' '.join(cls)}") from None


def cite(bibliography: Bibliography, style: Style | str, *, lang: str = "en", csl: Path = APA) -> str:
    """Return dataset, note and sources in ``style``, ending in a line end.

    :param lang: ``en`` or ``fr``, the words between the data in APA.
    :param csl: a CSL style file to use instead of ours for ``apa``.
    :raises UsageError: there is no such style.
    :raises SourceError: ``csl`` cannot be used.
    """
    works = bibliography.works
    match Style.named(style):
        case Style.APA:
            return "".join(f"{line}\n" for line in rendered(works, style=csl, lang=lang))
        case Style.BIBTEX:
            return references.bibtex(works)
        case Style.RIS:
            return references.ris(works)
        case Style.CSL_JSON:
            return references.csl_json(works)
