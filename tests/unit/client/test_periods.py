"""EDTF dates as pandas has them."""

from __future__ import annotations

import pandas as pd
import pytest

from polcoop.client.periods import period
from polcoop.errors import UsageError


def interval(first: str, last: str) -> pd.Interval:
    return pd.Interval(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"), closed="both")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2016-05-02", pd.Period("2016-05-02", "D")),
        ("2016-02-29?", pd.Period("2016-02-29", "D")),
        ("2016-05", pd.Period("2016-05", "M")),
        ("2016-12", pd.Period("2016-12", "M")),
        ("2003~", pd.Period("2003", "Y")),
        ("2016-05-XX", pd.Period("2016-05", "M")),
        ("2016-01-01/2016-12-31", pd.Period("2016", "Y")),
        ("2016-05-02/2016-05-13", interval("2016-05-02", "2016-05-13T23:59:59")),
        ("2016-04-15/2016-05-14", interval("2016-04-15", "2016-05-14T23:59:59")),
        ("2016-04-15/2016-04-30", interval("2016-04-15", "2016-04-30T23:59:59")),
        ("201X", interval("2010-01-01", "2019-12-31T23:59:59")),
        ("2022-21", interval("2022-03-01", "2022-05-31T23:59:59")),
        ("0850", pd.Period(year=850, freq="Y")),
        ("2016-05-02T10:00:00Z", interval("2016-05-02T10:00:00", "2016-05-02T10:00:00")),
    ],
)
def test_the_precision_is_the_printed_one(text: str, expected: object) -> None:
    assert period(text) == expected


@pytest.mark.parametrize("missing", [None, pd.NA, pd.NaT, float("nan")])
def test_missing_stays_missing(missing: object) -> None:
    assert period(missing) is pd.NaT


@pytest.mark.parametrize("text", ["../2017", "2017/", "about 2017", ""])
def test_what_is_open_or_no_date_is_told_or_left_out(text: str) -> None:
    with pytest.raises(UsageError):
        period(text)
    assert period(text, errors="coerce") is pd.NaT


def test_a_column_of_dates() -> None:
    found = pd.Series(["2016", None, "2016-05"]).map(period)
    assert list(found) == [pd.Period("2016", "Y"), pd.NaT, pd.Period("2016-05", "M")]
    with pytest.raises(UsageError, match="errors"):
        period("2016", errors="ignore")
