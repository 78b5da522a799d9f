"""Works in the formats of reference managers: BibTeX, RIS (2011 specification) and CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from polcoop.citation.works import Name, Work

_SPECIAL: Final = str.maketrans(
    {
        **{c: f"\\{c}" for c in "&%$#_"},
        # \{ alone would unbalance the braces that hold the value.
        "{": r"\textbraceleft{}", "}": r"\textbraceright{}",
        "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}",
    }
)  # fmt: skip
_ENTRY: Final = {
    "article-journal": "article", "article-newspaper": "article", "book": "book", "periodical": "book",
    "chapter": "incollection", "report": "techreport",
}  # fmt: skip
_TYPE: Final = {
    "article-journal": "JOUR", "article-newspaper": "NEWS", "book": "BOOK", "periodical": "SER",
    "chapter": "CHAP", "report": "RPRT", "dataset": "DATA", "webpage": "ELEC", "legislation": "STAT",
    "motion_picture": "MPCT", "broadcast": "VIDEO",
}  # fmt: skip


def bibtex(works: Iterable[Work]) -> str:
    """Return BibTeX entries in UTF-8 text; characters that TeX would act upon are escaped, titles braced so
    that their capitals stay."""
    return "\n".join(map(_bibtex_entry, works))


def ris(works: Iterable[Work]) -> str:
    """Return RIS records, lines ending in CR LF as the format has it."""
    return "".join(f"{tag}  - {_one_line(value)}\r\n" for work in works for tag, value in _ris_fields(work))


def csl_json(works: Iterable[Work]) -> str:
    """Return a CSL-JSON array."""
    return json.dumps([work.csl() for work in works], ensure_ascii=False, indent=2) + "\n"


def _bibtex_entry(work: Work) -> str:
    kind = _ENTRY.get(work.kind, "misc")
    container = {"article": "journal", "incollection": "booktitle"}.get(kind, "howpublished")
    day = work.days[0] if work.days else []
    fields = {
        "author": _bibtex_names(work.authors, work.others),
        "editor": _bibtex_names(work.editors, others=False),
        "title": f"{{{_escaped(work.title)}}}",
        container: _escaped(work.container),
        "series": _escaped(work.series),
        "institution" if kind == "techreport" else "publisher": _escaped(work.publisher),
        "address": _escaped(work.place),
        "type": _escaped(work.genre) if kind == "techreport" else "",
        "volume": _escaped(work.volume),
        "number": _escaped(work.number),
        "pages": re.sub(r"(?<=\d)[-–](?=\d)", "--", _escaped(work.pages)),
        "year": str(day[0]) if day else "",
        "month": str(day[1]) if len(day) > 1 else "",
        "version": _escaped(work.version),
        # A URL is taken as it is, by the packages that set one; a brace in it would end the value.
        "url": work.url.replace("{", "%7B").replace("}", "%7D").replace("\\", "%5C"),
        "urldate": work.accessed,
        "language": _escaped(work.language),
        "note": _escaped("; ".join(filter(None, (work.translation, work.note)))),
    }
    lines = (f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{kind}{{{work.id},\n" + ",\n".join(lines) + "\n}\n"


def _bibtex_names(names: tuple[Name, ...], others: bool) -> str:
    # Braces keep a body, or a name with " and " in it, in one piece.
    written = [
        f"{_escaped(name.family)}, {_escaped(name.given)}" if name.given else f"{{{_escaped(name.family)}}}"
        for name in names
    ]
    return " and ".join([*written, *(["others"] if others and written else [])])


def _escaped(text: str) -> str:
    return " ".join(text.split()).translate(_SPECIAL)


def _ris_fields(work: Work) -> Iterator[tuple[str, str]]:
    yield "TY", _TYPE.get(work.kind, "GEN")
    yield "ID", work.id
    for tag, names in (("AU", work.authors), ("ED", work.editors)):
        for name in names:
            # A comma parts family from given name: a body's own would be taken for one.
            yield tag, f"{name.family}, {name.given}" if name.given else name.family.replace(",", " ")
    pages = work.pages.replace("–", "-")
    first, _, last = (pages, "", "") if "," in pages else pages.partition("-")
    single = {
        "TI": work.title,
        "TT": work.translation,
        "T2": work.container,
        "T3": work.series,
        "PB": work.publisher,
        "CY": work.place,
        "VL": work.volume,
        "IS" if work.kind == "article-journal" else "M1": work.number,
        "SP": first,
        "EP": last,
        "PY": str(work.days[0][0]) if work.days else "",
        "DA": _ris_date(work),
        "ET": work.version,
        "LA": work.language,
        "UR": work.url,
        "Y2": work.accessed.replace("-", "/"),
        "M3": work.genre,
        "N1": work.note,
    }
    yield from ((tag, value) for tag, value in single.items() if value)
    yield "ER", ""


def _ris_date(work: Work) -> str:
    """``YYYY/MM/DD/``, the parts that are not known empty."""
    if not work.days:
        return ""
    parts = [f"{part:02d}" for part in work.days[0]]
    return "/".join([*parts, *[""] * (4 - len(parts))])


def _one_line(value: str) -> str:
    return " ".join(value.split())
