"""Values of Wikibase statements, and how an EDTF date becomes one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

YEAR, MONTH, DAY = 9, 10, 11
"""Precisions of a point in time (Wikibase data model)."""
# Months only: 21 to 24 in their place are seasons, which have no precision here.
_DATE: Final = re.compile(r"(\d{4})(?:-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Item:
    """An item, by its identifier (``Q148``)."""

    id: str


@dataclass(frozen=True, slots=True)
class Time:
    """A date in the Gregorian calendar: ISO 8601 with zeros for what is not known, and the precision."""

    iso: str
    precision: int


@dataclass(frozen=True, slots=True)
class Text:
    """A string, or a URL."""

    text: str


@dataclass(frozen=True, slots=True)
class Monolingual:
    """A text in one language."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Snak:
    """A property with a value: a qualifier, or part of a reference."""

    property: str
    value: Item | Time | Text | Monolingual


def time(edtf: str) -> Time | None:
    """Return the date that ``edtf`` gives, as precise as it is; None for an interval, and for what is
    approximate or uncertain, since that would be lost."""
    match = _DATE.fullmatch(edtf)
    if match is None:
        return None
    year, month, day = match[1], match[2], match[3]
    precision = DAY if day else MONTH if month else YEAR
    return Time(f"+{year}-{month or '00'}-{day or '00'}T00:00:00Z", precision)


def interval(edtf: str) -> tuple[Time | None, Time | None]:
    """Return start and end of ``edtf``, equal for a single date; None for an end that is open or not known
    for certain."""
    start, slash, end = edtf.partition("/")
    return time(start), time(end if slash else start)
