"""EDTF bounds: the printed value, never more; ISO 8601-2:2019 levels 0 and 1."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polcoop.sources.dates import NotADateError, bounds


def _pair(text: str) -> tuple[str | None, str | None]:
    found = bounds(text)
    return tuple(m and m.strftime("%Y-%m-%dT%H:%M:%SZ") for m in (found.earliest, found.latest))


@pytest.mark.parametrize(
    ("text", "earliest", "latest"),
    [
        ("2016", "2016-01-01T00:00:00Z", "2016-12-31T23:59:59Z"),
        ("2016-05", "2016-05-01T00:00:00Z", "2016-05-31T23:59:59Z"),
        ("2016-02", "2016-02-01T00:00:00Z", "2016-02-29T23:59:59Z"),
        ("2004-01-10", "2004-01-10T00:00:00Z", "2004-01-10T23:59:59Z"),
        ("2016-05-02/2016-05-13", "2016-05-02T00:00:00Z", "2016-05-13T23:59:59Z"),
        ("2001/2020", "2001-01-01T00:00:00Z", "2020-12-31T23:59:59Z"),
        ("../2017", None, "2017-12-31T23:59:59Z"),
        ("2017/..", "2017-01-01T00:00:00Z", None),
        ("2017/", "2017-01-01T00:00:00Z", None),
        ("2003~", "2003-01-01T00:00:00Z", "2003-12-31T23:59:59Z"),
        ("2003?", "2003-01-01T00:00:00Z", "2003-12-31T23:59:59Z"),
        ("2003%", "2003-01-01T00:00:00Z", "2003-12-31T23:59:59Z"),
        ("2003-05~/..", "2003-05-01T00:00:00Z", None),
        ("200X", "2000-01-01T00:00:00Z", "2009-12-31T23:59:59Z"),
        ("2022-21", "2022-03-01T00:00:00Z", "2022-05-31T23:59:59Z"),
        ("2022-22", "2022-06-01T00:00:00Z", "2022-08-31T23:59:59Z"),
        ("2022-23", "2022-09-01T00:00:00Z", "2022-11-30T23:59:59Z"),
        ("2022-24", "2022-12-01T00:00:00Z", "2022-12-31T23:59:59Z"),
        ("2016-05-02T10:00:00+08:00", "2016-05-02T02:00:00Z", "2016-05-02T02:00:00Z"),
    ],
)
def test_bounds(text: str, earliest: str | None, latest: str | None) -> None:
    assert _pair(text) == (earliest, latest)


@pytest.mark.parametrize(
    "text",
    ["", "..", "mai 2016", "05/2016", "2016-13", "2016-02-30", "2016-5", "2017/2016", " 2016", "2004-06-~11",
     "[2016,2017]", "2016-32", "2016-05-02T25:00:00Z"],
)  # fmt: skip
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(NotADateError):
        bounds(text)


_DAYS = st.dates(min_value=date(1000, 1, 1), max_value=date(2999, 12, 31))
_PRECISION = st.sampled_from(["%Y", "%Y-%m", "%Y-%m-%d"])
_DOUBT = st.sampled_from(["", "~", "?", "%"])


@given(_DAYS, _PRECISION, _DOUBT)
def test_a_date_lies_within_its_own_bounds(day: date, precision: str, doubt: str) -> None:
    found = bounds(day.strftime(precision) + doubt)
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest <= noon <= found.latest


@given(_DAYS, _DAYS, _PRECISION, _PRECISION)
def test_an_interval_contains_both_its_ends(one: date, other: date, first: str, second: str) -> None:
    start, end = sorted((one, other))
    lower, upper = bounds(start.strftime(first)), bounds(end.strftime(second))
    text = f"{start.strftime(first)}/{end.strftime(second)}"
    assert bounds(text).earliest == lower.earliest
    assert bounds(text).latest == upper.latest


@given(_DAYS, _DAYS)
def test_an_interval_that_ends_before_it_begins_is_refused(one: date, other: date) -> None:
    start, end = sorted((one, other))
    with pytest.raises(NotADateError):
        bounds(f"{end + timedelta(days=1)}/{start}")
