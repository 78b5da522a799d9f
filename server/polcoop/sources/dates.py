"""EDTF dates (Extended Date/Time Format, ISO 8601-2:2019, levels 0 and 1) and the two instants that bound
them.

The bounds are those of the printed value: ``2003~`` (about 2003) and ``2003?`` are bounded like ``2003``,
never widened, because the doubt is the reader's to weigh.  Seasons without a hemisphere are meteorological
and of the year they are named with: ``2022-21`` spring March-May, ``-22`` summer June-August, ``-23`` autumn
September-November, ``-24`` winter December only (EDTF leaves open which year its January belongs to).  An
open (``..``) or unknown (empty) side of an interval has no bound.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from io import StringIO
from time import struct_time
from typing import Any, Final

from edtf import EDTFParseException, parse_edtf
from edtf.parser import parser_classes as forms
from pyoxigraph import Literal, NamedNode, Quad

from polcoop.iris import ONTOLOGY, PREFIXES

EDTF: Final = NamedNode(f"{ONTOLOGY}edtf")
EARLIEST: Final = NamedNode(f"{ONTOLOGY}earliest")
LATEST: Final = NamedNode(f"{ONTOLOGY}latest")
_CLAIM_PREDICATE: Final = NamedNode(f"{ONTOLOGY}claimPredicate")
_CLAIM_VALUE: Final = NamedNode(f"{ONTOLOGY}claimValue")
_DATETIME: Final = NamedNode(f"{PREFIXES['xsd']}dateTime")
_PLAIN = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
# Level 2 forms are subclasses of nothing here, so an exact match of the class keeps them out.
_SINGLE = {forms.Date, forms.UncertainOrApproximate, forms.Unspecified, forms.Season}
_INTERVALS = {forms.Interval, forms.Level1Interval, forms.UnspecifiedIntervalSection}


class NotADateError(ValueError):
    """A text is not an EDTF date of level 0 or 1, or its bounds are out of order or out of the years 1 to
    9999."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """First and last second (UTC, both inclusive) that a date may denote; ``None`` where a side is open."""

    earliest: datetime | None
    latest: datetime | None


@cache
def bounds(text: str) -> Bounds:
    """Return the bounds of an EDTF date: ``2016-05`` gives 2016-05-01T00:00:00Z and 2016-05-31T23:59:59Z.

    :raises NotADateError: ``text`` is not EDTF of level 0 or 1, or an interval ends before it begins.
    """
    if text != text.strip():
        raise NotADateError(f"'{text}' has white space around the date")
    if "T" in text and "/" not in text:
        return _instant(text)
    return _plain(text) or _parsed(text)


def _plain(text: str) -> Bounds | None:
    """The bounds of a year, month or day without marks, as nearly all dates are: the library, which has to
    try all that a date can be, takes milliseconds for each."""
    found = _PLAIN.fullmatch(text)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        first = datetime(year or 0, month or 1, day or 1, tzinfo=UTC)
        last = datetime(first.year, month or 12, day or monthrange(first.year, month or 12)[1], tzinfo=UTC)
        return Bounds(first, last + _DAY - _SECOND)
    except (ValueError, OverflowError):
        # A season, or no date: the library knows.
        return None


def _parsed(text: str) -> Bounds:
    try:
        # The library prints what it stumbles over, which must not end up in a command's output.
        with redirect_stdout(StringIO()):
            date = parse_edtf(text)
        found = _bounds(date)
    except (EDTFParseException, ValueError, OverflowError, TypeError, AttributeError) as error:
        raise NotADateError(f"'{text}' is not an EDTF date of level 0 or 1") from error
    if found is None:
        raise NotADateError(f"'{text}' is not an EDTF date of level 0 or 1")
    if found.earliest and found.latest and found.earliest > found.latest:
        raise NotADateError(f"'{text}' ends before it begins")
    return found


def _instant(text: str) -> Bounds:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise NotADateError(f"'{text}' is not an EDTF date and time") from error
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return Bounds(moment, moment)


def _bounds(date: Any) -> Bounds | None:
    if type(date) in _SINGLE:
        return Bounds(_first(date), _last(date))
    if type(date) in _INTERVALS:
        lower, upper = (side if type(side) in _SINGLE else None for side in (date.lower, date.upper))
        return Bounds(lower and _first(lower), upper and _last(upper))
    return None


def _first(date: Any) -> datetime:
    return _day(date.lower_strict())


def _last(date: Any) -> datetime:
    return _day(date.upper_strict()) + _DAY - _SECOND


def _day(moment: struct_time) -> datetime:
    return datetime(moment.tm_year, moment.tm_mon, moment.tm_mday, tzinfo=UTC)


def date_bounds(quads: Iterable[Quad], graph: NamedNode) -> Iterator[Quad]:
    """Yield ``polcoop:earliest`` and ``polcoop:latest`` in ``graph`` for every ``polcoop:edtf`` among
    ``quads``.

    :raises NotADateError: a value is no EDTF date.
    """
    for quad in quads:
        if quad.predicate == EDTF and isinstance(quad.object, Literal):
            found = bounds(quad.object.value)
            for predicate, moment in ((EARLIEST, found.earliest), (LATEST, found.latest)):
                if moment is not None:
                    text = moment.isoformat().replace("+00:00", "Z")
                    yield Quad(quad.subject, predicate, Literal(text, datatype=_DATETIME), graph)


def misdated(quads: Sequence[Quad]) -> Iterator[tuple[Quad, NotADateError]]:
    """Yield each of ``quads`` whose object should be a date and is none, with what is wrong with it.

    A claim may state a date of its subject, which becomes a date like the others.
    """
    dating = {quad.subject for quad in quads if quad.predicate == _CLAIM_PREDICATE and quad.object == EDTF}
    for quad in quads:
        if quad.predicate == EDTF or (quad.predicate == _CLAIM_VALUE and quad.subject in dating):
            try:
                bounds(str(getattr(quad.object, "value", "")))
            except NotADateError as error:
                yield quad, error
