"""EDTF dates as pandas periods and intervals."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from polcoop.errors import MissingExtra, UsageError
from polcoop.sources.dates import Bounds, NotADateError, bounds

if TYPE_CHECKING:
    import pandas

_DAY: Final = timedelta(days=1)
_SECOND: Final = timedelta(seconds=1)


def period(edtf: object, *, errors: str = "raise") -> pandas.Period | pandas.Interval | Any:
    """Return an EDTF date (levels 0 and 1) as pandas has it, with the precision that is printed.

    What is exactly a day, a month or a year (``2016-05``, also ``2003~`` and ``2016-05-XX``: a doubt narrows
    nothing and widens nothing) is a Period; any other stretch (``2016-05-02/2016-05-13``, ``201X``, a season)
    an Interval of Timestamps in UTC, closed on both sides, from its first second to its last.  A missing
    value gives NaT, so that ``frame["edtf"].map(polcoop.period)`` works.

    :param errors: ``raise``, or ``coerce`` to get NaT for what is no date, or is open on a side
        (``../2017``).
    :raises UsageError: it is no such date, or an open one.
    :raises MissingExtra: pandas is not installed.
    """
    if errors not in {"raise", "coerce"}:
        raise UsageError(f"errors is 'raise' or 'coerce', not {errors!r}")
    try:
        import pandas as pd  # noqa: PLC0415 - heavy, and optional
    except ModuleNotFoundError as error:
        raise MissingExtra("a period", "notebooks") from error
    if not isinstance(edtf, str) and pd.isna(edtf):
        return pd.NaT
    try:
        return _stretch(pd, str(edtf), _bounds(str(edtf)))
    except UsageError:
        if errors == "coerce":
            return pd.NaT
        raise


def _bounds(text: str) -> Bounds:
    try:
        return bounds(text)
    except NotADateError as error:
        raise UsageError(str(error)) from error


def _stretch(pd: Any, text: str, found: Bounds) -> Any:
    first, last = found.earliest, found.latest
    if first is None or last is None:
        raise UsageError(f"'{text}' is open on a side, which no period is", hint="use its earliest or latest")
    frequency = _frequency(first, last)
    if frequency:
        return pd.Period(year=first.year, month=first.month, day=first.day, freq=frequency)
    return pd.Interval(pd.Timestamp(first), pd.Timestamp(last), closed="both")


def _frequency(first: datetime, last: datetime) -> str:
    """D, M or Y when the stretch is exactly one of them."""
    begins, after = first.date(), (last + _SECOND).date()
    if (first.hour, first.minute, first.second) != (0, 0, 0) or (last.hour, last.minute, last.second) != (
        23,
        59,
        59,
    ):
        return ""
    if after - begins == _DAY:
        return "D"
    if begins.day == 1 and after == _next_month(begins):
        return "M"
    if (begins.month, begins.day) == (1, 1) and after == begins.replace(year=begins.year + 1):
        return "Y"
    return ""


def _next_month(day: date) -> date:
    return (day.replace(day=28) + 4 * _DAY).replace(day=1)
